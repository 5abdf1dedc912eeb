from dataclasses import replace

import pytest
from antiphon.bridge.protocol.options import OPTIONS
from antiphon.bridge.protocol.osc import Message
from antiphon.bridge.request import Take
from antiphon.bridge.session.caller import MAX_STRAYS, PAUSE_SECONDS
from antiphon.bridge.session.contexts import MAX_CONTEXTS
from antiphon.bridge.session.desk import MAX_RUNNING
from antiphon.bridge.session.session import MAX_ECHO
from antiphon.models.errors import RequestError
from antiphon.models.file.manifest import Defaults
from antiphon.models.metre import Metre
from antiphon.models.note import Note
from fake_bridge import FAIL, FOUR, FakeJob, Talk, context, flat, manifest, request, rule


def test_hello_and_ping(talk):
    (reply,) = talk.say("hello", 9101.0, "test", 1)
    assert reply[:5] == ("/antiphon/hello/reply", "antiphon", "0.1.0", 1, 9101)
    assert "continue" in reply[5].split(",")
    assert talk.say("ping", 1, 2.5, "x") == [("/antiphon/pong", 1, 2.5, "x")]
    assert talk.ports[-1] == 9101
    assert not talk.session.is_blank


def test_an_echo_is_bounded(talk):
    ((address, what, code, _),) = talk.say("ping", *[1] * (MAX_ECHO + 1))
    assert (address, what, code) == (FAIL, "/antiphon/ping", "too_large")


def test_status_is_of_the_request_whose_answer_has_just_come():
    """Though the engine has yet to say that it is done."""
    talk = Talk(manual=True)
    talk.say("generate", "x", "bars", 1)
    talk.clock.advance(0.25)
    (answer,) = talk.session._desk._running.values()
    answer.on_take(Take(0, (), 4.0, 1, 0.0))
    assert talk.say("status")[-1][5] == pytest.approx(250.0)


def test_status_models_and_load(talk):
    assert talk.say("status") == [("/antiphon/status/reply", 1, "folk", 0, 0, 0.0)]
    lines = talk.say("models")
    assert lines[0] == (
        "/antiphon/model",
        "chorale",
        "Chorale tunes",
        "generate,continue",
        "soprano,alto,tenor,bass",
        4.0,
    )
    assert lines[-1] == ("/antiphon/models/done", 3)
    assert talk.say("load", "chorale") == [("/antiphon/loaded", "chorale")]
    assert talk.say("status")[0][2:4] == ("chorale", 1)
    ((_, what, code, text),) = talk.say("load", "jazz")
    assert (what, code) == ("/antiphon/load", "unknown_model") and "folk" in text


@pytest.mark.parametrize(
    ("broken", "order", "kept"),
    [
        ("chorale drums", [0, 1], "folk"),
        ("chorale drums", [1, 0], "folk"),
        ("drums", [0, 1], "chorale"),
        ("drums", [1, 0], "chorale"),
        ("chorale", [0, 1], "drums"),
        ("chorale", [1, 0], "drums"),
        ("folk chorale drums", [0, 1], "folk"),  # it was set, and is not loaded here
    ],
)
def test_of_several_loads_the_last_that_can_be_loaded_holds(talk, monkeypatch, broken, order, kept):
    def load(name):
        if name in broken.split():
            raise RequestError("model_error", f"{name} is damaged")

    works = []
    talk.background = works.append
    monkeypatch.setattr(talk.shelf, "load", load)
    talk.say("set", "model", "folk")
    talk.say("load", "chorale")
    talk.say("load", "drums")
    for place in order:
        works[place]()
    assert talk.session.model == kept
    assert [line[0] for line in talk.said[-2:]].count("/antiphon/fail") == len(
        {"chorale", "drums"} & {*broken.split()}
    )


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("load drums, full drums", "drums"),
        ("load broken, load broken", "folk"),
        ("load broken, full drums", "folk"),
        ("load broken, full folk", "folk"),
        ("load broken, set chorale, load broken", "chorale"),
        ("load broken, load chorale, load broken", "chorale"),
        ("load drums, full broken, load broken", "drums"),
    ],
)
def test_a_load_that_cannot_be_leaves_the_model_that_was_played_before_it(talk, monkeypatch, said, kept):
    """Nor does one that finds no room take anything from the same one that waits."""

    def load(name):
        if name == "broken":
            raise RequestError("model_error", "it is damaged")

    def full(work):
        raise RequestError("busy", "64 loads wait already")

    works = []
    monkeypatch.setattr(talk.shelf, "load", load)
    talk.shelf.cards["broken"] = manifest("broken")
    talk.say("set", "model", "folk")
    for verb, model in map(str.split, said.split(", ")):
        talk.background = full if verb == "full" else works.append
        talk.say(*(("set", "model", model) if verb == "set" else ("load", model)))
    for work in works:
        work()
    assert talk.session.model == kept


def test_params_are_the_table(talk):
    lines = talk.say("params")
    assert [line[1] for line in lines[:-1]] == [option.key for option in OPTIONS]
    assert all([type(v) for v in line[1:]] == [str, str, float, float, float, str] for line in lines[:-1])
    assert lines[-1] == ("/antiphon/params/done", len(OPTIONS))


def test_settings_hold_and_are_taken_back(held):
    assert held.say("set", "bars", 2, "metre", "6/8") == [
        ("/antiphon/get/reply", "bars", 2.0), ("/antiphon/get/reply", "metre", "6/8")]  # fmt: skip
    held.say("generate", "a")
    assert request(held).metre == Metre(6, 8) and request(held).end_beat == 6.0
    held.say("generate", "b", "bars", 1)
    assert request(held).end_beat == 3.0
    assert held.say("set", "metre", "auto") == [("/antiphon/get/reply", "metre", "auto")]
    assert held.say("get", "metre") == [("/antiphon/get/reply", "metre", "auto")]
    held.say("generate", "c", "beats", 5)
    assert request(held).metre == Metre(4, 4) and request(held).end_beat == 5.0


def test_of_bars_and_beats_the_one_that_was_set_last_holds(held):
    held.say("set", "beats", 5)
    held.say("set", "bars", 2)
    assert held.say("get", "beats")[0][2] == "auto"
    held.say("generate", "a")
    assert request(held).end_beat == 8.0
    held.say("set", "bars", 1)
    held.say("set", "beats", 3)
    held.say("generate", "b")
    assert request(held).end_beat == 3.0


@pytest.mark.parametrize("pairs", [("bars", "auto", "beats", 6), ("beats", 6, "bars", "auto")])
def test_bars_auto_leaves_the_beats(held, pairs):
    held.say("generate", "a", *pairs, "metre", "4/4")
    assert request(held).end_beat == 6.0
    held.say("set", "bars", 2)
    held.say("set", *pairs)
    held.say("generate", "b", "metre", "4/4")
    assert request(held).end_beat == 6.0
    held.say("generate", "c", "bars", "auto", "metre", "4/4")
    assert request(held).end_beat == 6.0
    held.say("generate", "d", "bars", 3, "metre", "4/4")
    assert request(held).end_beat == 12.0


def test_reply_port_0_is_the_port_that_sent_the_request(talk):
    talk.say("hello", 9101)
    for port, heard in ((0, 0), ("auto", 9101), ("9102", 9102), (9103.0, 9103)):
        talk.ports.clear()
        talk.say("generate", "x", "bars", 1, "reply_port", port)
        talk.say("generate", "x", "reply_port", port, "brs", 1)
        assert talk.said[-1][2] == "bad_args"
        assert set(talk.ports) == {heard}
    talk.say("generate", "x", "reply_port", 70000)
    assert talk.ports[-1] == 9101


def test_an_id_may_be_called_like_an_option(talk):
    talk.say("hello", 9101)
    for verb, *rest in (("resend", 9), ("context", 0, 1, 1), ("continue", "bars", 2), ("cancel",)):
        talk.ports.clear()
        assert talk.say(verb, "reply_port", *rest)[-1][0] == "/antiphon/fail"
        assert set(talk.ports) == {9101}


def test_a_misspelt_address_is_told_where_its_request_names(talk):
    assert talk.say("genrate", "x", "reply_port", 9105)[0][:2] == ("/antiphon/fail", "/antiphon/genrate")
    assert talk.ports[-1] == 9105


@pytest.mark.parametrize(("key", "limit"), [("top_p", 1.0), ("temperature", 4.0), ("beats", 1024.0)])
def test_a_limit_has_the_type_of_its_option(talk, key, limit):
    ((*_, value),) = talk.say("set", key, limit)
    assert (type(value), value) == (float, limit)


def test_settings_that_cannot_be_change_nothing(held):
    ((_, what, code, _),) = held.say("set", "bars", 2, "takes", 99)
    assert (what, code) == ("/antiphon/set", "bad_args")
    assert held.say("get", "bars") == [("/antiphon/get/reply", "bars", 4.0)]
    assert held.say("set", "model", "jazz")[0][2] == "unknown_model"
    assert held.say("set")[0][2] == "bad_args"


def test_a_reply_port_can_be_set(talk):
    talk.say("set", "reply_port", 9000)
    assert talk.ports[-1] == 9000
    talk.say("set", "reply_port", "auto")
    assert talk.ports[-1] == 0


def test_an_automatic_reply_port_is_the_one_told_in_hello(talk):
    talk.say("hello", 9101)
    talk.say("set", "reply_port", 9000)
    assert talk.ports[-1] == 9000
    assert talk.say("set", "reply_port", "auto") == [("/antiphon/get/reply", "reply_port", 9101)]
    assert talk.ports[-1] == 9101


def test_a_program_of_another_name_begins_anew(talk):
    talk.say("hello", 9101, "max", 1)
    talk.say("set", "bars", 2)
    talk.say("notify", 1)
    context(talk)
    for same in (("hello", 9101, "max", 1), ("hello", 9101), ("hello",), ("hello", 70000, "reaper")):
        talk.say(*same)
        assert talk.say("get", "bars") == [("/antiphon/get/reply", "bars", 2.0)], same
        assert talk.ports[-1] == 9101 and talk.session.contexts and talk.session.notified
    assert talk.say("hello", 0, "reaper", 1)[0][4] == 0
    assert talk.say("get", "bars") == [("/antiphon/get/reply", "bars", 4.0)]
    assert talk.ports[-1] == 0 and not talk.session.contexts and not talk.session.notified
    assert talk.session.is_blank


def test_a_program_of_another_name_stops_no_request(held):
    held.say("hello", 0, "max", 1)
    held.say("generate", "x", "bars", 1)
    held.say("hello", 0, "pd", 1)
    held.engine.jobs[-1].play()
    assert held.said[-1][:2] == ("/antiphon/done", "x")


def test_what_ended_before_a_take_was_complete_has_nothing_to_resend(held):
    held.say("generate", "x", "bars", 64)
    held.say("cancel", "x")
    (said,) = held.say("resend", "x", 0)
    assert said[:3] == ("/antiphon/fail", "x", "bad_args")
    assert said[3] == "request 'x' has no take 0; it ended before one was complete"


def test_the_highest_number_that_is_told_is_taken(talk):
    highest = next(line[4] for line in talk.say("params") if line[1] == "seed")
    assert talk.say("set", "seed", highest) == [("/antiphon/get/reply", "seed", int(highest))]


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("continu", "did you mean /antiphon/continue?"),
        ("harmonise", "after /antiphon/ comes hello, ping,"),
    ],
)
def test_an_unknown_address_is_told_the_known_ones(talk, address, advice):
    ((_, _, code, text),) = talk.say(address)
    assert code == "unknown_address" and advice in text


def test_continue_says_ack_notes_done(talk):
    context(talk)
    ack, notes, done = talk.say("continue", "x", "bars", 1, "seed", 5)
    wanted = rule_notes(4.0, 8.0, 5)
    assert ack == ("/antiphon/ack", "x", 0)
    assert notes == ("/antiphon/notes", "x", 0, 0, 1, 8, *flat(*wanted))
    assert done == ("/antiphon/done", "x", 0, 8, 8.0, 5, 1.5)


def rule_notes(start, end, seed, take=0):
    from types import SimpleNamespace

    return rule(SimpleNamespace(start_beat=start, end_beat=end, seed=seed), take)


def test_ids_come_back_as_they_are(talk):
    assert talk.say("generate", 7.0, "bars", 1)[0] == ("/antiphon/ack", 7, 0)


def test_many_notes_come_48_a_message(talk):
    replies = talk.say("generate", "x", "beats", 50, "takes", 2)
    chunks = [r for r in replies if r[0] == "/antiphon/notes"]
    assert [r[2:6] for r in chunks] == [(t, s, 3, n) for t in (0, 1) for s, n in ((0, 48), (1, 48), (2, 4))]
    assert [r[2:4] for r in replies if r[0] == "/antiphon/done"] == [(0, 100), (1, 100)]


def test_single_mode_sends_each_note_at_once(held):
    held.say("generate", "x", "beats", 2, "mode", "single")
    job, before = held.engine.jobs[0], len(held.said)
    job.listener.on_note(0, 0, Note(60, 0.0, 0.5, 90, 0))
    assert held.said[before:] == [("/antiphon/note", "x", 0, 0, 60, 0.0, 0.5, 90, 0)]
    job.play()
    assert [s[0] for s in held.said[before:]] == ["/antiphon/note"] * 5 + ["/antiphon/done"]


def test_a_seed_is_chosen_and_told(talk):
    assert talk.say("generate", "x", "bars", 1)[-1][5] == 4242


def test_reply_port_of_one_request(talk):
    talk.say("generate", "x", "bars", 1, "reply_port", 9101)
    assert set(talk.ports) == {9101}
    talk.say("ping")
    assert talk.ports[-1] == 0


class TestWhereTheAnswerStarts:
    @pytest.mark.parametrize(
        ("end", "metre", "start"),
        [
            (4.0, "4/4", 4.0),
            (3.0, "4/4", 4.0),
            (4.5, "4/4", 8.0),
            (4.01, "4/4", 4.0),
            (5.0, "6/8", 6.0),
            (6.0000002, "6/8", 6.0),
        ],
    )
    def test_at_the_first_barline_after_the_context(self, held, end, metre, start):
        context(held, notes=(Note(60, 0.0, end),))
        held.say("continue", "x", "metre", metre, "bars", 2)
        asked = request(held)
        assert asked.start_beat == start
        assert asked.end_beat == start + 2 * Metre.parse(metre).beats

    def test_before_beat_0_for_a_context_there(self, held):
        context(held, notes=(Note(60, -9.0, 1.0),))
        held.say("continue", "x")
        assert request(held).start_beat == -8.0

    def test_where_told_which_is_a_barline_of_the_context_too(self, held):
        context(held, notes=(Note(60, 0.0, 1.0), Note(62, 1.0, 4.0)))
        held.say("continue", "x", "start", 5)
        asked = request(held)
        assert asked.start_beat == 5.0
        assert asked.context_metres.bar_at(0.5).start == -3.0  # a pick-up of one beat

    def test_notes_from_the_start_on_are_not_context(self, held):
        context(held)
        held.say("continue", "x", "start", 2)
        assert [n.start for n in request(held).context] == [0.0, 1.0]
        assert held.say("continue", "y-none", "start", 2)[0][2] == "no_context"
        assert held.say("continue", "x", "start", -4)[0][2] == "no_context"

    def test_the_set_metre_is_the_contexts(self, held):
        held.say("set", "metre", "3/4")
        context(held)
        held.say("continue", "x", "metre", "6/8", "bars", 1)
        asked = request(held)
        assert asked.context_metres.changes == ((0.0, Metre(3, 4)),)
        assert (asked.start_beat, asked.metre) == (6.0, Metre(6, 8))

    def test_generate_starts_at_0(self, held):
        held.say("generate", "x")
        assert request(held).start_beat == 0.0
        assert request(held).piece_ends


def test_a_context_is_primed_as_it_will_be_asked_for(held):
    context(held, seq=1, of=2, notes=FOUR[2:])
    assert not held.engine.primed
    context(held, seq=0, of=2, notes=FOUR[:2])
    held.say("continue", "x")
    ((key, primed),) = held.engine.primed
    job = held.engine.jobs[0]
    assert key == job.key
    assert primed.context == FOUR
    assert replace(primed, seed=job.request.seed) == job.request


def test_a_context_forgotten_meanwhile_is_not_read(talk):
    for name in range(MAX_CONTEXTS + 5):
        talk.session.handle(Message("/antiphon/context", (name, 0, 1, 1, 60, 0.0, 1.0, 80, 0)))
    while talk.lull:
        talk.lull.work()
    assert [key[1] for key, _ in talk.engine.primed] == list(range(5, MAX_CONTEXTS + 5))


def test_what_a_request_has_read_is_not_read_ahead_of_it(talk):
    talk.session.handle(Message("/antiphon/context", ("x", 0, 1, 1, 60, 0.0, 1.0, 80, 0)))
    assert talk.lull
    talk.session.handle(Message("/antiphon/continue", ("x", "metre", "3/4")))
    assert not talk.lull
    assert not talk.engine.primed


def test_a_refused_request_leaves_its_context_to_be_read_ahead(talk):
    talk.session.handle(Message("/antiphon/context", ("x", 0, 1, 1, 60, 0.0, 1.0, 80, 0)))
    assert talk.say("continue", "x", "start", -100)[-1][0] == FAIL
    assert len(talk.engine.primed) == 1


def test_a_context_is_acknowledged_message_by_message(talk):
    assert context(talk, seq=1, of=2) == [("/antiphon/ack", "x", 1)]
    ((_, name, code, text),) = talk.say("continue", "x")
    assert (name, code) == ("x", "no_context") and "seq 0" in text
    assert context(talk, seq=0, of=2) == [("/antiphon/ack", "x", 0)]


class TestMasks:
    def test_scale_range_and_parts_reach_the_engine(self, held):
        held.say("generate", "x", "model", "chorale", "scale", "G", "low", 50, "high", 70, "parts", "alto 3")
        asked = request(held)
        assert (asked.scale, asked.low, asked.high) == ({7, 9, 11, 0, 2, 4, 6}, 50, 70)
        assert (asked.model, asked.parts) == ("chorale", {1, 3})

    @pytest.mark.parametrize(
        ("options", "code", "hint"),
        [
            (("low", 70, "high", 60), "bad_args", "above high"),
            (("model", "chorale", "parts", "oboe"), "bad_args", "0 soprano"),
            (("model", "chorale", "parts", 4), "bad_args", "no part '4'"),
            (("parts", ","), "bad_args", "empty"),
            (("model", "drums", "scale", "C"), "bad_args", "drums have no scale"),
            (("scale", "0", "low", 61, "high", 63), "bad_args", "no pitch"),
            (("model", "jazz"), "unknown_model", "jazz"),
            (("bars", 256, "metre", "64/4"), "too_large", "4096"),
            (("tempature", 1), "bad_args", "'temperature'"),
        ],
    )
    def test_what_cannot_be_is_told(self, held, options, code, hint):
        ((address, name, found, text),) = held.say("generate", "x", *options)
        assert (address, name, found) == (FAIL, "x", code)
        assert hint in text
        assert not held.engine.jobs


class TestFailures:
    def test_an_unknown_address_names_the_nearest(self, talk):
        ((_, what, code, text),) = talk.say("continu", "x")
        assert (what, code) == ("/antiphon/continu", "unknown_address") and "/antiphon/continue?" in text

    def test_a_missing_id(self, talk):
        assert talk.say("generate")[0][1:3] == ("/antiphon/generate", "bad_args")

    def test_no_reply_is_ever_answered(self, talk):
        assert talk.say("fail", "x", "busy", "…") == talk.say("pong") == talk.say("notes", 1) == []

    def test_the_fail_goes_where_the_request_said(self, talk):
        talk.say("generate", "x", "reply_port", 9101, "bras", 4)
        assert talk.said[-1][2] == "bad_args" and talk.ports[-1] == 9101

    def test_a_full_engine_is_busy(self):
        talk = Talk(manual=True, limit=1)
        talk.say("generate", "a")
        assert talk.say("generate", "b")[-1][:3] == (FAIL, "b", "busy")
        assert talk.say("cancel", "b")[0][2] == "bad_args"

    def test_a_request_that_the_engine_refuses_replaces_none(self, held, monkeypatch):
        held.say("generate", "a")

        def refuse(request, client, replaces):
            raise RequestError("bad_args", "no pitch is left")

        monkeypatch.setattr(held.engine, "check", refuse)
        assert held.say("generate", "a", "low", 100, "high", 100) == [
            (FAIL, "a", "bad_args", "no pitch is left")
        ]
        assert not held.engine.jobs[0].cancelled and held.say("cancel", "a")[0][2] == "cancelled"

    def test_one_client_may_not_fill_the_queue(self, held):
        for i in range(MAX_RUNNING):
            held.say("generate", i)
        assert held.say("generate", "one more")[0][1:3] == ("one more", "busy")

    def test_the_engines_failure_is_told_once(self, held):
        held.say("generate", "x")
        job = held.engine.jobs[0]
        job.listener.on_fail("model_error", "broken")
        job.listener.on_fail("model_error", "broken")
        job.listener.on_done()
        assert [s for s in held.said if s[0] == FAIL] == [(FAIL, "x", "model_error", "broken")]

    def test_a_mistake_of_ours_is_an_answer(self, talk, monkeypatch, caplog):
        monkeypatch.setattr(talk.shelf, "models", lambda: 1 / 0)
        assert talk.say("models")[0][1:3] == ("/antiphon/models", "model_error")
        assert "ZeroDivisionError" in caplog.text


def test_an_engine_faster_than_its_ack(monkeypatch):
    """The replies keep their order when the worker is done before submit returns."""
    talk = Talk(manual=True)

    def submit(request, listener, key=None, client=None, replaces=None):
        job = FakeJob(request, listener)
        job.play()
        return job

    monkeypatch.setattr(talk.engine, "submit", submit)
    said = talk.say("generate", "x", "bars", 1)
    assert [s[0] for s in said] == ["/antiphon/ack", "/antiphon/notes", "/antiphon/done"]
    assert talk.say("sync", 1) == [("/antiphon/synced", 1)]


def test_a_sync_is_answered_once_though_what_it_waits_for_ends_meanwhile(held, monkeypatch):
    """As soon as the sync is known to wait, a worker may end what it waits for."""
    held.say("generate", "x", "bars", 1)
    (job,) = held.engine.jobs
    desk = held.session._desk

    class Lock:
        """Lets the worker in, once, when it is free again."""

        def __enter__(self):
            pass

        def __exit__(self, *error):
            monkeypatch.undo()
            job.play()

    monkeypatch.setattr(desk, "_lock", Lock())
    assert held.say("sync", 1)[-1] == ("/antiphon/synced", 1)
    assert held.said.count(("/antiphon/synced", 1)) == 1


def test_a_model_without_low_pitches_uses_its_own_range(held):
    held.shelf.cards["folk"] = manifest()
    held.say("generate", "x")
    assert (request(held).low, request(held).high) == (0, 127)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("high", 50), "high 50 is below the model's lowest pitch 57; give low, too"),
        (("low", 90), "low 90 is above the model's highest pitch 80; give high, too"),
        (("low", 70, "high", 60), "low 70 is above high 60; give a low that is not above high"),
    ],
)
def test_a_range_that_is_empty_names_the_bound_that_was_not_given(held, options, reason):
    voices = replace(manifest(), monophonic=False, defaults=Defaults(low=57, high=80))
    held.shelf.cards["folk"] = voices  # a melody would be played in another octave
    assert held.say("generate", "x", *options) == [(FAIL, "x", "bad_args", reason)]


def test_close_cancels(held):
    held.say("generate", "x")
    held.session.close()
    assert held.engine.jobs[0].cancelled


def test_an_id_may_be_used_again_as_soon_as_its_last_take_is_there(held):
    held.say("generate", "x", "seed", 1)
    first = held.engine.jobs[-1]
    notes = rule(first.request, 0)
    first.listener.on_take(Take(0, notes, first.request.end_beat, 1, 1.5))  # and on_done is on its way
    replies = held.say("generate", "x", "seed", 2)
    assert [reply[0] for reply in replies if reply[0] == FAIL] == []
    first.listener.on_done()
    held.engine.jobs[-1].play()
    assert [reply[5] for reply in held.said if reply[0] == "/antiphon/done"] == [1, 2]


class TestNoRequests:
    """What is no request is answered so often in a row, and not for ever."""

    def strays(self, talk, count):
        before = len(talk.said)
        for number in range(count):
            talk.session.reject("/", "garbage") if number % 2 else talk.say("fail/fail")
        return len(talk.said) - before

    def test_an_endless_row_meets_silence(self, talk):
        assert self.strays(talk, 10 * MAX_STRAYS) == MAX_STRAYS

    def test_a_request_ends_the_row_and_is_answered(self, talk):
        self.strays(talk, 2 * MAX_STRAYS)
        assert talk.say("ping", 1) == [("/antiphon/pong", 1)]
        assert self.strays(talk, 10) == 10

    def test_so_does_a_pause(self, talk):
        self.strays(talk, 2 * MAX_STRAYS)
        talk.clock.advance(PAUSE_SECONDS / 2)
        assert self.strays(talk, 2) == 0
        talk.clock.advance(PAUSE_SECONDS)
        assert self.strays(talk, 10) == 10
