"""An engine under load: the same notes in any company, cancelling, limits, faults."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.engine.waiting import Waiting
from antiphon.bridge.request import GenerationRequest, Sampling, Take
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.take.rows import PrimeRow
from antiphon.models.codec import Codec
from antiphon.models.errors import RequestError
from antiphon.models.field import Field
from antiphon.models.note import Note
from tiny_model import save_tiny_model

SECONDS = 60.0
NOTES = tuple(Note(60 + i % 7, i * 0.5, 0.5) for i in range(60))


def ask(seed: int = 1, **changes: Any) -> GenerationRequest:
    values: dict[str, Any] = {"model": "tiny", "start_beat": 32.0, "end_beat": 64.0, "seed": seed}
    return GenerationRequest(
        **{**values, "context": NOTES[:seed], "sampling": Sampling(1.1, 0.99), **changes}
    )


class Log:
    """A listener that writes all down, and calls ``at_note`` at every note."""

    def __init__(self, at_note: Callable[[], None] = lambda: None) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.over = threading.Event()
        self.at_note = at_note

    def on_note(self, take: int, index: int, note: Note) -> None:
        self.calls.append(("note", take, index, note))
        self.at_note()

    def on_progress(self, fraction: float) -> None:
        self.calls.append(("progress", fraction))

    def on_take(self, take: Take) -> None:
        self.calls.append(("take", take))

    def on_done(self) -> None:
        self.calls.append(("done",))
        self.over.set()

    def on_fail(self, code: str, message: str) -> None:
        self.calls.append(("fail", code, message))
        self.over.set()

    def wait(self) -> None:
        assert self.over.wait(SECONDS)

    def named(self, name: str) -> list[tuple[Any, ...]]:
        return [call for call in self.calls if call[0] == name]


def test_the_same_notes_in_any_company(engine: Engine) -> None:
    """40 requests of three models at once, of one to five takes: each as if it were alone."""
    requests = [
        ask(seed, model=("tiny", "chords", "beats")[seed % 3], takes=1 + seed % 5, end_beat=40.0 + seed)
        for seed in range(40)
    ]
    alone = [engine.generate(request) for request in requests]
    assert len({takes[0].notes for takes in alone}) > 35
    for _ in range(3):
        waiting = [Waiting() for _ in requests]
        for request, listener in zip(requests, waiting, strict=True):
            engine.submit(request, listener)
        assert [listener.wait(SECONDS) for listener in waiting] == alone


def test_one_worker_or_three_give_the_same(shelf: ModelShelf) -> None:
    found = []
    for workers in (1, 3):
        with Engine(shelf, workers=workers) as engine:
            waiting = [Waiting() for _ in range(12)]
            for seed, listener in enumerate(waiting):
                engine.submit(ask(seed, takes=3), listener)
            found.append([listener.wait(SECONDS) for listener in waiting])
    assert found[0] == found[1]


def test_who_asks_for_little_does_not_wait_for_all_that_another_wants(shelf: ModelShelf) -> None:
    order: list[str] = []

    class Noted(Log):
        def __init__(self, name: str, at_note: Callable[[], None] = lambda: None) -> None:
            super().__init__(at_note)
            self.name = name

        def on_done(self) -> None:
            order.append(self.name)
            super().on_done()

    gate = threading.Event()
    with Engine(shelf, workers=1) as engine:
        logs = [Noted("first", lambda: gate.wait(SECONDS) and None)]
        engine.submit(ask(1, context=()), logs[0], client="greedy")
        for seed in range(30):
            logs.append(Noted("greedy"))
            engine.submit(ask(seed, context=(), takes=8), logs[-1], client="greedy")
        logs.append(Noted("modest"))
        engine.submit(ask(2, context=()), logs[-1], client="modest")
        gate.set()
        for log in logs:
            log.wait()
    assert len(order) == 32
    assert order.index("modest") < 8


def test_what_a_listener_hears(engine: Engine) -> None:
    listener = Log()
    engine.submit(ask(4, takes=3), listener)
    listener.wait()
    assert listener.calls[-1] == ("done",)
    takes = {call[1].index: call[1] for call in listener.named("take")}
    assert sorted(takes) == [0, 1, 2]
    for index, take in takes.items():
        told = [call for call in listener.named("note") if call[1] == index]
        assert [call[2] for call in told] == list(range(len(take.notes)))
        assert tuple(call[3] for call in told) == take.notes
        last = listener.calls.index(told[-1])
        assert last < listener.calls.index(("take", take))
    fractions = [call[1] for call in listener.named("progress")]
    assert fractions == sorted(fractions) and 2 < len(fractions) < 21
    assert all(0 < fraction < 1 for fraction in fractions)


def test_cancelling_stops_between_notes(engine: Engine) -> None:
    gate = threading.Event()

    def hold() -> None:
        started.wait(SECONDS)  # until `job` is bound
        if len(listener.named("note")) == 3:
            job.cancel()
            gate.set()

    listener = Log(hold)
    started = threading.Event()
    job = engine.submit(ask(3, end_beat=3000.0), listener)
    started.set()
    listener.wait()
    assert gate.is_set()
    assert listener.calls[-1][:2] == ("fail", "cancelled")
    assert len(listener.named("note")) <= 4
    job.cancel()  # once more does nothing
    assert engine.generate(ask(2)) == engine.generate(ask(2))
    assert len(listener.named("fail")) == 1


def test_cancelling_from_outside_is_soon(engine: Engine) -> None:
    listener = Log()
    job = engine.submit(ask(3, takes=4, end_beat=4000.0, sampling=Sampling(3.0, 1.0)), listener)
    deadline = time.monotonic() + SECONDS
    while not listener.calls and time.monotonic() < deadline:
        time.sleep(0.001)
    job.cancel()
    listener.wait()
    count = len(listener.calls)
    assert listener.calls[-1][:2] == ("fail", "cancelled")
    assert engine.queued == 0
    time.sleep(0.05)
    assert len(listener.calls) == count


def blocked(shelf: ModelShelf, limit: int) -> tuple[Engine, threading.Event, Log]:
    """Return an engine whose only worker waits in a listener, that event, and that listener."""
    engine = Engine(shelf, workers=1, queue_limit=limit)
    gate, inside = threading.Event(), threading.Event()

    def hold() -> None:
        inside.set()
        gate.wait(SECONDS)

    listener = Log(hold)
    engine.submit(ask(1), listener)
    assert inside.wait(SECONDS)
    return engine, gate, listener


def test_a_full_queue_is_busy(shelf: ModelShelf) -> None:
    engine, gate, first = blocked(shelf, 4)
    others = [Log() for _ in range(3)]
    for other in others:
        engine.submit(ask(2), other)
    assert engine.queued == 4
    with pytest.raises(RequestError, match="4 requests") as error:
        engine.submit(ask(3), Log())
    assert error.value.code == "busy"
    gate.set()
    for listener in (first, *others):
        listener.wait()
        assert listener.calls[-1] == ("done",)
    engine.generate(ask(3))  # there is room again
    engine.close()


def test_a_full_queue_has_room_for_who_has_less_than_an_even_share(shelf: ModelShelf) -> None:
    engine, gate, first = blocked(shelf, 8)
    logs = [first]

    def admitted(client: str) -> int:
        """Return how many requests of a client there is room for."""
        for count in range(20):
            log = Log()
            try:
                engine.submit(ask(2), log, client=client)
            except RequestError as error:
                assert error.code == "busy"
                return count
            logs.append(log)
        raise AssertionError("there is no limit")

    assert admitted("greedy") == 7  # one waits already
    assert admitted("honest") == 8 // 3
    assert admitted("third") == 8 // 4
    assert admitted("greedy") == admitted("honest") == 0
    for number in range(20):  # more clients than the queue has places: one request each
        assert admitted(f"another {number}") == 1
    gate.set()
    for log in logs:
        log.wait()
        assert log.calls[-1] == ("done",)
    engine.close()


def test_who_stops_waiting_for_an_answer_leaves_nothing_behind(shelf: ModelShelf) -> None:
    def look() -> None:
        raise KeyboardInterrupt

    with Engine(shelf, workers=1) as engine:
        with pytest.raises(KeyboardInterrupt):
            engine.generate(GenerationRequest("tiny", 0.0, 4096.0, seed=1, takes=16), look)
        assert engine.queued == 0


def test_cancelling_what_waits_in_the_queue(shelf: ModelShelf) -> None:
    engine, gate, _ = blocked(shelf, 4)
    waiting = Log()
    engine.submit(ask(2), waiting).cancel()
    gate.set()
    waiting.wait()
    assert [call[:2] for call in waiting.calls] == [("fail", "cancelled")]
    engine.close()


def test_a_cancelled_request_leaves_its_place_at_once(shelf: ModelShelf) -> None:
    """To the one that replaces it; but no client may make it grow by asking and cancelling."""
    engine, gate, _ = blocked(shelf, 3)
    logs = [Log() for _ in range(4)]
    engine.submit(ask(2), Log())
    jobs = [engine.submit(ask(2), logs[0])]  # the queue is full now
    for number in (1, 2):
        jobs[-1].cancel()
        jobs.append(engine.submit(ask(2), logs[number]))
    jobs[-1].cancel()
    with pytest.raises(RequestError, match="3 requests"):
        engine.submit(ask(2), logs[3])
    gate.set()
    for log in logs[:3]:
        log.wait()
    assert [log.calls[-1][0] for log in logs[:3]] == ["fail"] * 3
    assert logs[3].calls == []
    engine.close()


def test_a_request_takes_the_place_of_another_where_there_is_one_place_alone(shelf: ModelShelf) -> None:
    """And no more of them than one, until the worker has told of it."""
    engine, gate, first = blocked(shelf, 1)
    (former,) = engine._jobs
    with pytest.raises(RequestError, match="1 requests"):
        engine.check(ask(2), None, None)
    engine.check(ask(2), None, former)
    former.cancel()
    log = Log()
    job = engine.submit(ask(2), log, replaces=former)
    with pytest.raises(RequestError, match="1 requests"):
        engine.check(ask(2), None, job)
    gate.set()
    log.wait()
    assert log.calls[-1] == ("done",) and first.calls[-1][:2] == ("fail", "cancelled")
    engine.close()


def test_closing_waits_for_no_take_to_be_written(shelf: ModelShelf) -> None:
    engine, gate, playing = blocked(shelf, 4)
    closer = threading.Thread(target=engine.close)
    closer.start()
    with engine._lock:
        assert engine._lock.wait_for(lambda: engine._closing, SECONDS)
    gate.set()
    closer.join(SECONDS)
    assert playing.calls[-1][:2] == ("fail", "cancelled")


def test_a_context_is_read_ahead_and_once(shelf: ModelShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    enter, entered, read_ahead = PrimeRow.enter, [], threading.Event()

    def counted(row: PrimeRow, stepper: Any, index: int) -> None:
        enter(row, stepper, index)
        entered.append(row)
        read_ahead.set()

    monkeypatch.setattr(PrimeRow, "enter", counted)
    with Engine(shelf, workers=1) as engine:
        for _ in range(2):
            engine.prime("session", ask(9))
        assert read_ahead.wait(SECONDS)
        log = Log()
        engine.submit(ask(9), log, key="session")
        log.wait()
    assert len(entered) == 1


def test_a_file_replaced_before_its_first_load(tmp_path: Path) -> None:
    file = save_tiny_model(tmp_path / "tiny.onnx")
    shelf = ModelShelf([tmp_path], shipped=False)
    pitches = Codec(
        tuple(
            Field("pitch", tuple(range(50, 70))) if field.name == "pitch" else field
            for field in shelf.manifest("tiny").codec.fields
        )
    )
    save_tiny_model(file, codec=pitches)
    with Engine(shelf, workers=1) as engine:
        with pytest.raises(RequestError, match="the file of model 'tiny' has changed; ask again") as error:
            engine.generate(ask(3))
        assert error.value.code == "model_error"
        (take,) = engine.generate(ask(3))
        assert all(50 <= note.pitch < 70 for note in take.notes)


def test_closing_fails_what_is_under_way(shelf: ModelShelf) -> None:
    engine, gate, first = blocked(shelf, 4)
    waiting, cancelled = Log(), Log()
    engine.submit(ask(2), waiting)
    engine.submit(ask(2), cancelled).cancel()
    closer = threading.Thread(target=engine.close)
    closer.start()
    gate.set()
    closer.join(SECONDS)
    for listener in (first, waiting, cancelled):
        listener.wait()
        assert listener.calls[-1][0] in ("fail", "done")
    assert waiting.calls[-1][:2] == ("fail", "cancelled")
    with pytest.raises(RequestError, match="shutting down"):
        engine.submit(ask(2), Log())


@pytest.mark.parametrize("method", ["on_note", "on_progress", "on_take", "on_done"])
def test_a_listener_that_raises_harms_nobody(
    engine: Engine, method: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, good = Log(), Log()
    raised = threading.Event()

    def fail(*_: Any) -> None:
        raised.set()
        raise ZeroDivisionError

    monkeypatch.setattr(broken, method, fail)
    with caplog.at_level(logging.ERROR, "antiphon.engine"):
        engine.submit(ask(5, takes=2), broken)
        engine.submit(ask(6, takes=2), good)
        assert raised.wait(SECONDS)
        good.wait()
        wait_until(lambda: engine.queued == 0 and bool(caplog.records))  # its place is free before it hears
    assert good.calls[-1] == ("done",)
    assert not broken.named("done") and not broken.named("fail")
    assert [record.message for record in caplog.records] == ["a listener failed; its request ends"]
    assert len(engine.generate(ask(7, takes=16))) == 16  # both workers live


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_model_that_breaks_fails_its_requests_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_tiny_model(tmp_path / "a.onnx", "bad")
    save_tiny_model(tmp_path / "b.onnx", "good")
    shelf = ModelShelf([tmp_path], shipped=False)
    with Engine(shelf, workers=1) as engine:
        wanted = engine.generate(ask(model="good"))
        engine.generate(ask(model="bad"))
        from antiphon.bridge.runtime.stepper import Stepper

        step = Stepper.step

        def broken(self: Stepper) -> None:
            if self.manifest.name == "bad":
                raise RuntimeError("the node burnt")
            step(self)

        monkeypatch.setattr(Stepper, "step", broken)
        with pytest.raises(RequestError, match="the node burnt") as error:
            engine.generate(ask(model="bad", takes=3))
        assert error.value.code == "model_error"
        assert engine.generate(ask(model="good")) == wanted
        monkeypatch.undo()
        engine.generate(ask(model="bad"))


def test_a_file_that_broke_after_it_was_listed(tmp_path: Path) -> None:
    path = save_tiny_model(tmp_path / "a.onnx", "bad")
    shelf = ModelShelf([tmp_path], shipped=False)
    path.write_bytes(path.read_bytes()[:3000])
    with Engine(shelf, workers=1) as engine:
        with pytest.raises(RequestError, match="truncated") as error:
            engine.generate(ask(model="bad"))
        assert error.value.code == "model_error"
        save_tiny_model(path, "bad")
        assert engine.generate(ask(model="bad"))


def test_priming_is_bounded(engine: Engine) -> None:
    for key in range(200):
        engine.prime(key, ask(9, context=NOTES[: 5 + key % 7]))
    wait_until(lambda: not engine._tasks)
    assert len(engine._primed) <= 64
    request = ask(9)
    wanted = engine.generate(request)
    waiting = Waiting()
    engine.submit(request, waiting, key=199)
    assert waiting.wait(SECONDS) == wanted


def test_a_context_that_only_begins_with_the_answer_is_no_context(engine: Engine) -> None:
    # As a short note right on a barline is: what it is to be followed by starts there too.
    request = ask(3, context=(Note(60, 32.0, 0.01),))
    wanted = engine.generate(request)
    engine.prime("late", request)
    waiting = Waiting()
    engine.submit(request, waiting, key="late")
    assert waiting.wait(SECONDS) == wanted
    assert engine.generate(request) == wanted  # its workers are alive


def test_what_leaves_the_model_nothing_is_refused_before_it_takes_a_place(shelf: ModelShelf) -> None:
    engine, gate, first = blocked(shelf, 1)
    (former,) = engine._jobs
    with pytest.raises(RequestError, match="no pitch of model"):
        engine.check(replace(ask(2), low=127, high=127, scale=frozenset({0})), None, former)
    gate.set()
    first.wait()
    assert first.calls[-1] == ("done",)
    engine.close()
