"""Requests at the desk: cancelled, late, resent, waited for; and the loads beside them."""

import threading

import pytest
from antiphon.bridge.protocol.osc import Message
from antiphon.bridge.request import Take
from antiphon.bridge.session.answer import PROGRESS_SECONDS
from antiphon.bridge.session.desk import MAX_RUNNING, MAX_WAITING, REQUEST_SECONDS
from antiphon.models.errors import RequestError
from fake_bridge import FAIL, Talk, request, rule


def send_last_take(job):
    """Do what an engine does last but one: on_done is on its way."""
    asked = job.request
    job.listener.on_take(Take(0, rule(asked, 0), asked.end_beat, asked.seed, 1.5))


class TestCancelAndTimeout:
    def test_cancel_stops_the_engine_and_the_replies(self, held):
        held.say("generate", "x")
        ((_, name, code, _),) = held.say("cancel", "x")
        assert (name, code) == ("x", "cancelled")
        job, before = held.engine.jobs[0], len(held.said)
        assert job.cancelled
        job.play()
        assert len(held.said) == before
        assert held.say("cancel", "x")[0][2] == "bad_args"

    def test_a_newer_request_of_the_same_id_replaces(self, held):
        held.say("generate", "x", "bars", 2)
        first, second = held.say("generate", "x", "bars", 3)
        assert first[:3] == (FAIL, "x", "cancelled")
        assert second == ("/antiphon/ack", "x", 0)
        held.engine.jobs[1].play()
        assert held.said[-1][0] == "/antiphon/done"

    def test_a_replacement_needs_no_place_of_its_own(self):
        talk = Talk(manual=True, limit=1)
        talk.say("generate", "x", "bars", 2)
        assert [s[0] for s in talk.say("generate", "x", "bars", 3)] == [FAIL, "/antiphon/ack"]

    def test_one_that_is_refused_replaces_nothing(self):
        talk = Talk(manual=True, limit=2)
        for name in "xyz":
            talk.engine.limit += name == "z"
            talk.say("generate", name, "beats", 2)
        talk.engine.limit = 2  # as where clients have come, whose shares are smaller
        [(address, name, code, _)] = talk.say("generate", "x", "beats", 3)
        assert (address, name, code) == (FAIL, "x", "busy")
        talk.engine.jobs[0].play()
        assert talk.said[-1][:4] == ("/antiphon/done", "x", 0, 4)

    def test_the_same_request_again_is_acknowledged_and_not_restarted(self, held):
        held.say("generate", "x", "bars", 2)
        assert held.say("generate", "x", "bars", 2) == [("/antiphon/ack", "x", 0)]
        assert len(held.engine.jobs) == 1

    def test_the_same_request_after_its_fail_is_asked_anew(self, held, monkeypatch):
        """A client may ask again as soon as it hears the fail, which is before the fail's sender goes on."""
        asked = Message("/antiphon/generate", ("x", "bars", 2))
        again = threading.Thread(target=lambda: held.session.handle(asked))

        def send(message, port):
            held.said.append((message.address, *message.args))
            if message.address == FAIL:
                again.start()
                again.join(0.05)

        monkeypatch.setattr(held.session._desk, "_send", send)
        held.session.handle(asked)
        held.engine.jobs[0].listener.on_fail("model_error", "broken")
        again.join()
        assert [s[0] for s in held.said] == ["/antiphon/ack", FAIL, "/antiphon/ack"]
        assert len(held.engine.jobs) == 2
        held.engine.jobs[1].play()
        assert held.said[-1][0] == "/antiphon/done"

    def test_nothing_fails_after_its_last_take(self, held):
        for name in ("cancelled", "late", "let go"):
            held.say("generate", name, "bars", 1, "seed", 1)
            send_last_take(held.engine.jobs[-1])
        assert held.say("cancel", "cancelled")[0][2] == "bad_args"
        held.clock.advance(REQUEST_SECONDS)
        held.session.tick()
        held.say("generate", "let go", "bars", 1, "seed", 2)
        send_last_take(held.engine.jobs[-1])
        held.session.close()
        assert [s[1:3] for s in held.said if s[0] == FAIL] == [("cancelled", "bad_args")]

    def test_a_late_request_is_given_up(self, held):
        held.clock.advance(REQUEST_SECONDS)  # how long the bridge has run does not count
        held.say("generate", "x")
        held.clock.advance(REQUEST_SECONDS - 1)
        held.session.tick()
        assert held.said[-1][0] == "/antiphon/ack"
        held.clock.advance(1)
        held.session.tick()
        assert held.said[-1][:3] == (FAIL, "x", "timeout")
        assert held.engine.jobs[0].cancelled

    def test_progress_now_and_then(self, held):
        held.say("generate", "x")
        listener, before = held.engine.jobs[0].listener, len(held.said)
        for i in range(100):
            listener.on_progress(i / 100)
            held.clock.advance(PROGRESS_SECONDS / 10)
        told = held.said[before:]
        assert {s[:2] for s in told} == {("/antiphon/progress", "x")}
        assert 8 <= len(told) <= 10

    def test_last_ms_is_the_last_request_s(self, held):
        held.say("generate", "x")
        held.clock.advance(0.125)
        held.engine.jobs[0].play()
        assert held.say("status")[0][5] == pytest.approx(125)


class TestResend:
    def test_some_and_all(self, talk):
        said = talk.say("generate", "x", "beats", 50, "takes", 2)
        first, second, third, done = [s for s in said if s[1:3] == ("x", 1)]
        assert talk.say("resend", "x", 1, 1) == [second]
        assert talk.say("resend", "x", 1, 2, 0, 2) == [third, first]
        assert talk.say("resend", "x", 1) == [first, second, third, done]
        [(_, _, code, why)] = talk.say("resend", "x", 1, 3)
        assert code == "bad_args" and "0..2" in why

    def test_single_notes(self, talk):
        said = talk.say("generate", "x", "beats", 2, "mode", "single")
        assert talk.say("resend", "x", 0, 3) == [said[4]]

    def test_what_cannot_be(self, held):
        assert held.say("resend", "x", 0)[0][2] == "bad_args"
        held.say("generate", "x", "bars", 1)
        assert held.say("resend", "x", 0, 0) == [("/antiphon/progress", "x", 0.0)]
        held.engine.jobs[0].play()
        assert "0..0" in held.say("resend", "x", 0, 1)[0][3]
        assert held.say("resend", "x", 1)[0][2] == "bad_args"

    def test_of_a_take_without_notes_no_note_can_be_had(self, held):
        held.say("generate", "x", "beats", 2, "mode", "single")
        held.engine.jobs[0].listener.on_take(Take(0, (), 2.0, 1, 0.0))
        assert held.say("resend", "x", 0, 0)[0][2:] == ("bad_args", "seq 0: the take has no notes")
        assert [s[0] for s in held.say("resend", "x", 0)] == ["/antiphon/done"]

    def test_a_refused_request_leaves_the_answer_before_it(self):
        talk = Talk(manual=True)
        talk.say("generate", "x", "beats", 2)
        talk.engine.jobs.pop().play()
        talk.engine.limit = 0
        assert talk.say("generate", "x", "beats", 4)[-1][:3] == (FAIL, "x", "busy")
        assert [s[0] for s in talk.say("resend", "x", 0)] == ["/antiphon/notes", "/antiphon/done"]

    def test_what_is_kept_weighs_what_was_sent(self, talk):
        before = talk.session.weight
        said = talk.say("generate", "x", "beats", 30, "takes", 3)
        notes = sum(message[3] for message in said if message[0] == "/antiphon/done")
        assert notes > 60
        assert notes < talk.session.weight - before <= 2 * notes

    def test_what_is_kept_is_bounded(self, talk):
        for i in range(50):
            talk.say("generate", i, "beats", 1000)
        assert talk.session.weight < 20_000
        assert talk.say("resend", 49, 0, 0)[0][0] == "/antiphon/notes"
        assert talk.say("resend", 0, 0, 0)[0][2] == "bad_args"

    def test_what_runs_is_not_forgotten_for_what_is_asked_after_it(self, held):
        for name in range(MAX_RUNNING):
            held.say("generate", name, "bars", 1, "takes", 2)
        first, *others = held.engine.jobs
        send_last_take(first)  # the first of two
        assert held.say("resend", 0, 1) == [("/antiphon/progress", 0, 0.0)]
        assert held.say("resend", 0, 0)[-1][:3] == ("/antiphon/done", 0, 0)
        for job in (*others, first):
            job.play()
        assert held.say("resend", 0, 1)[-1][:3] == ("/antiphon/done", 0, 1)
        assert held.say("resend", 1, 0)[0][2] == "bad_args"  # it was the first to end

    def test_what_runs_weighs_what_was_sent(self, held):
        held.say("generate", "x", "bars", 1, "takes", 2)
        before = held.session.weight
        send_last_take(held.engine.jobs[0])
        assert held.session.weight - before >= len(rule(request(held), 0))


class TestSyncAndNotify:
    def test_sync_waits_for_what_runs(self, held):
        assert held.say("sync", 1) == [("/antiphon/synced", 1)]
        held.say("generate", "a")
        held.say("generate", "b")
        assert held.say("sync", 2) == []
        held.engine.jobs[1].play()
        assert held.said[-1][0] == "/antiphon/done"
        held.say("cancel", "a")
        assert held.said[-1] == ("/antiphon/synced", 2)

    def test_a_sync_is_answered_once_whatever_ends_later(self, held):
        for name in "xy":
            held.say("generate", name, "beats", 1)
            held.say("sync", 7)
            held.engine.jobs[-1].play()
            assert held.said.count(("/antiphon/synced", 7)) == 1 + (name == "y")
        held.say("generate", "z", "beats", 1)
        held.engine.jobs[-1].play()
        assert held.said.count(("/antiphon/synced", 7)) == 2

    def test_sync_waits_for_a_load(self, talk, monkeypatch):
        works = []
        talk.background = works.append
        talk.say("load", "drums")
        monkeypatch.setattr(talk.shelf, "load", lambda name: 1 / 0 if name == "folk" else None)
        talk.say("load", "folk")
        assert talk.say("sync", 1) == []
        works[0]()
        assert talk.said == [("/antiphon/loaded", "drums")]
        works[1]()
        failed, synced = talk.said[1:]
        assert failed[1:3] == ("/antiphon/load", "model_error")
        assert synced == ("/antiphon/synced", 1)

    def test_a_load_holds_for_what_is_sent_next_and_a_later_model_for_what_comes_then(
        self, talk, monkeypatch
    ):
        """However long the load takes."""
        works = []
        talk.background = works.append
        talk.say("load", "chorale")
        assert talk.say("status")[0][2] == "chorale"
        talk.say("set", "model", "drums")
        works.pop()()
        assert talk.say("status")[0][2] == "drums"
        monkeypatch.setattr(talk.shelf, "load", lambda name: 1 / 0)
        talk.say("load", "folk")
        works.pop()()
        assert talk.say("status")[0][2] == "drums", "what could not be loaded is not kept"

    def test_a_load_that_fails_brings_back_no_model_of_the_program_before(self, talk, monkeypatch):
        works = []
        talk.background = works.append
        talk.say("hello", 0, "max", 1)
        talk.say("set", "model", "drums")
        talk.say("load", "chorale")
        talk.say("hello", 0, "reaper", 1)
        talk.say("load", "chorale")
        monkeypatch.setattr(talk.shelf, "load", lambda name: 1 / 0)
        for work in works:
            work()
        assert talk.say("status")[0][2] == talk.shelf.default

    def test_a_load_whose_turn_comes_after_the_client_has_gone_is_refused(self, talk):
        works = []
        talk.background = works.append
        talk.say("load", "drums")
        talk.session.close()
        works.pop()()
        assert [said[:3] for said in talk.said] == [("/antiphon/fail", "/antiphon/load", "cancelled")]
        assert not talk.shelf.is_loaded("drums")

    def test_a_load_that_fails_while_another_is_asked_for_is_told(self, talk, monkeypatch):
        """They are on two threads."""
        asking = threading.Thread(target=talk.say, args=("load", "folk"))

        class Looked(str):
            """A model's name; to compare it takes long enough for a message to come."""

            __hash__ = str.__hash__

            def __eq__(self, other):
                if not asking.ident:
                    asking.start()
                    asking.join(0.2)  # it may have to wait for us
                return str.__eq__(self, other)

        works = []
        talk.background = works.append
        monkeypatch.setattr(talk.shelf, "load", lambda name: 1 / 0)
        talk.say("load", "chorale")
        talk.say("load", "drums")
        talk.session.settings["model"] = Looked("drums")
        works[1]()
        asking.join()
        assert [said[:3] for said in talk.said] == [("/antiphon/fail", "/antiphon/load", "model_error")]
        assert talk.session.settings["model"] == "folk" and len(works) == 3

    def test_a_load_that_is_refused_keeps_no_sync_waiting(self, talk):
        def full(work):
            raise RequestError("busy", "64 loads wait already")

        talk.background = full
        assert talk.say("load", "drums")[0][1:3] == ("/antiphon/load", "busy")
        assert talk.say("status")[0][2] == "folk"
        assert talk.say("sync", 1) == [("/antiphon/synced", 1)]

    def test_syncs_are_bounded(self, held):
        held.say("generate", "a")
        assert all(held.say("sync", i) == [] for i in range(MAX_WAITING))
        assert held.say("sync", 99)[0][1:3] == ("/antiphon/sync", "busy")

    def test_notify(self, talk):
        talk.session.tell("/antiphon/shutdown")
        assert talk.said == []
        assert talk.say("notify", 1) == [("/antiphon/notify/reply", 1), ("/antiphon/startup", "0.1.0")]
        talk.session.tell("/antiphon/model/added", "jazz")
        assert talk.said[-1] == ("/antiphon/model/added", "jazz")
        assert talk.say("notify", 0) == [("/antiphon/notify/reply", 0)]
