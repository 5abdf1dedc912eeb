"""Who has how many rows of a worker; and rows that paused go on as if they had not."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from antiphon.bridge.engine import crew
from antiphon.bridge.engine.crew import TOGETHER, TURN, Crew
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.engine.turns import Task, Turns
from antiphon.bridge.engine.waiting import Waiting
from antiphon.bridge.request import GenerationRequest, Sampling
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.runtime.stepper import MAX_ROWS
from antiphon.models.note import Note
from tiny_model import save_tiny_text_model

SECONDS = 60.0


class Idler:
    """A row that writes nothing, until it is told to leave."""

    snapshot = None
    over = False

    def __init__(self) -> None:
        self.steps = 0

    def enter(self, stepper: Any, row: int) -> None:
        pass

    def after(self, stepper: Any, row: int) -> bool:
        self.steps += 1
        return False

    def fail(self, code: str, message: str) -> None:
        raise AssertionError(message)


class Place:
    """A crew and its queue."""

    def __init__(self, shelf: ModelShelf) -> None:
        shelf.load("tiny")
        shelf.load("chords")
        self.crew, self.turns = Crew(shelf), Turns()
        self.rows: dict[str, list[Idler]] = {}
        self.elsewhere: set[Any] = set()

    def ask(self, client: str, count: int, model: str = "tiny", unwanted: bool = False) -> None:
        for _ in range(count):
            row = Idler()
            self.rows.setdefault(client, []).append(row)
            self.turns.append(Task(client, model, lambda _, row=row: row, row.fail, lambda: unwanted))

    def step(self) -> dict[str, str]:
        """Let the crew do a step; return for each client which of its rows have taken part."""
        before = {client: [row.steps for row in rows] for client, rows in self.rows.items()}
        self.crew.pick(self.turns, len(self.turns), self.elsewhere)
        self.crew.start()
        self.crew.step()
        took = {
            client: [
                str(n) for n, (row, b) in enumerate(zip(rows, before[client], strict=True)) if row.steps > b
            ]
            for client, rows in self.rows.items()
        }
        return {client: " ".join(numbers) for client, numbers in took.items() if numbers}

    def end(self, client: str) -> None:
        for row in self.rows.pop(client):
            row.over = True


@pytest.fixture
def place(shelf: ModelShelf) -> Place:
    return Place(shelf)


def test_where_all_rows_are_taken_those_that_had_their_turn_make_room(place: Place) -> None:
    for client in range(MAX_ROWS):
        place.ask(f"long {client}", 1)
    for _ in range(TURN - 1):
        assert len(place.step()) == MAX_ROWS
    place.ask("new", 1)
    place.ask("other", 1, "chords")
    assert not {"new", "other"} & place.step().keys()  # a row's turn is not over
    took = place.step()
    assert {"new", "other"} <= took.keys() and len(took) == MAX_ROWS
    waited = {client for client in place.rows if client not in took}
    assert len(waited) == 2
    for _ in range(TURN):
        took = place.step()
    assert waited <= took.keys() and len(took) == MAX_ROWS


def test_a_row_makes_room_where_one_is_wanted(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in another model's batch, which has had its turn, too, while the model's own one is full."""
    model = place.crew._models.get("tiny")
    few = replace(model, batching=replace(model.batching, most=4))
    monkeypatch.setitem(place.crew._models._loaded, "tiny", few)
    for client in range(MAX_ROWS - 4):
        place.ask(f"chords {client}", 1, "chords")
    assert len(place.step()) == MAX_ROWS - 4
    for client in range(4):
        place.ask(f"tiny {client}", 1)
    for _ in range(TURN):
        assert len(place.step()) == MAX_ROWS
    place.ask("new", 1)
    took = place.step()
    assert "new" in took and len(took) == MAX_ROWS
    assert sum(client.startswith("chords") for client in took) == MAX_ROWS - 4


def test_no_more_rows_of_a_model_join_than_share_a_run(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    model = place.crew._models.get("tiny")
    few = replace(model, batching=replace(model.batching, most=4))
    monkeypatch.setitem(place.crew._models._loaded, "tiny", few)
    place.ask("a", 6)
    place.ask("a", 2, "chords")
    assert place.step() == {"a": "0 1 2 3"}
    assert len(place.turns) == 4


def test_a_client_alone_has_all_rows_and_two_share_fewer(place: Place) -> None:
    place.ask("a", 20)
    assert place.step() == {"a": " ".join(map(str, range(MAX_ROWS)))}
    place.ask("b", 5)
    assert TOGETHER == 4
    assert place.step() == {"a": "0 1", "b": "0 1"}
    assert len(place.turns) == 21


def test_those_that_paused_go_on_first_and_in_order(place: Place) -> None:
    place.ask("a", 20)
    place.step()
    place.ask("b", 1)
    assert place.step() == {"a": "0 1", "b": "0"}
    place.end("b")
    place.step()  # in which the ended row leaves
    assert place.step() == {"a": " ".join(map(str, range(MAX_ROWS)))}


def test_a_client_makes_room_for_those_whose_rows_another_worker_has(place: Place) -> None:
    place.ask("a", 20)
    place.step()
    place.elsewhere = {"a", "b", "c"}
    assert place.step() == {"a": "0"}
    place.elsewhere = {"a"}
    assert place.step() == {"a": " ".join(map(str, range(MAX_ROWS)))}


def test_rows_of_all_models_count(place: Place) -> None:
    place.ask("a", 10)
    place.ask("a", 10, "chords")
    assert place.step() == {"a": " ".join(map(str, range(MAX_ROWS)))}
    place.ask("b", 1, "chords")
    took = place.step()
    assert took["b"] == "0"
    assert len(took["a"].split()) == 2


def test_many_clients_have_a_row_each_and_one_more_waits(place: Place) -> None:
    for number in range(MAX_ROWS + 1):
        place.ask(f"client {number}", 2)
    assert place.step() == {f"client {number}": "0" for number in range(MAX_ROWS)}
    place.end("client 3")
    place.step()
    assert place.step()[f"client {MAX_ROWS}"] == "0"


def test_what_is_unwanted_does_not_start(place: Place) -> None:
    place.ask("a", 3, unwanted=True)
    place.ask("a", 1)
    assert place.step() == {"a": "3"}
    assert not place.turns


def ask(seed: int, model: str = "tiny", **changes: Any) -> GenerationRequest:
    notes = tuple(Note(60 + i % 7, i * 0.5, 0.5) for i in range(seed))
    values: dict[str, Any] = {"start_beat": 32.0, "end_beat": 64.0, "context": notes}
    return GenerationRequest(
        **{"model": model, "seed": seed, "sampling": Sampling(1.1, 0.99), **values, **changes}
    )


@pytest.mark.parametrize(
    ("limit", "plays_on", "kept"),
    [(0, False, {"beats"}), (0, True, {"tiny", "beats"}), (1 << 30, False, {"tiny", "chords", "beats"})],
)
def test_models_that_nobody_plays_any_more_make_room(
    place: Place, monkeypatch: pytest.MonkeyPatch, limit: int, plays_on: bool, kept: set[str]
) -> None:
    """But for one that is played, though longest."""
    monkeypatch.setattr(crew, "MAX_IDLE_BYTES", limit)
    place.crew._models.load("beats")
    for model in ("tiny", "chords", "beats"):
        place.ask(model, 1, model)
        assert model in place.step()
        if not (plays_on and model == "tiny"):
            place.end(model)
            place.step()
    assert place.crew._batches.keys() == kept


def test_of_models_that_nobody_plays_the_longest_unused_make_room(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.crew._models.load("beats")
    for model in ("tiny", "chords", "tiny", "beats"):
        if model == "beats":
            total = sum(batch.bytes for batch in place.crew._batches.values())
            monkeypatch.setattr(crew, "MAX_IDLE_BYTES", total - 1)
        place.ask(model, 1, model)
        place.step()
        place.end(model)
        place.step()
    assert list(place.crew._batches) == ["tiny", "beats"]


class Takes(Waiting):
    """Counts the takes that are complete; the first note is told, and keeps the worker until it may go on."""

    def __init__(self, gate: threading.Event) -> None:
        super().__init__()
        self.count = 0
        self.begun, self.gate = threading.Event(), gate

    def on_note(self, take: int, index: int, note: Note) -> None:
        self.begun.set()
        self.gate.wait(SECONDS)

    def on_take(self, take: Any) -> None:
        super().on_take(take)
        self.count += 1


def test_a_short_request_does_not_wait_for_the_end_of_a_long_one(shelf: ModelShelf) -> None:
    with Engine(shelf, workers=1) as engine:
        alone = engine.generate(ask(5))
        gate = threading.Event()
        greedy = [Takes(gate) for _ in range(4)]
        for number, listener in enumerate(greedy):
            long = ask(number, takes=16, end_beat=4000.0, sampling=Sampling(3.0, 1.0))
            engine.submit(long, listener, client=f"greedy {number % 2}")
        assert greedy[0].begun.wait(SECONDS)
        modest = Waiting()
        engine.submit(ask(5), modest, client="modest")
        gate.set()
        assert modest.wait(SECONDS) == alone
        assert not any(listener.count for listener in greedy)


def test_paused_rows_write_the_notes_that_they_write_alone(
    shelf: ModelShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row of each batch sits out after every step: of notes or of text, a take or a context being read."""
    save_tiny_text_model(tmp_path / "tiny-text.onnx")
    models = ("tiny", "chords", "beats", "tiny-text")
    requests = [
        ask(seed, models[seed % 4], takes=1 + 3 * (seed % 5), end_beat=40.0 + 4 * seed)
        for seed in range(1, 20)
    ]
    paused: Counter[str] = Counter()
    pick = Crew.pick

    def restless(crew: Crew, tasks: Turns, wanted: int, clients: set[Any]) -> None:
        pick(crew, tasks, wanted, clients)
        for model, batch in crew._batches.items():
            if len(batch):
                paused[model] += 1
                tasks.put_back(batch.pause(batch.clients[0]))

    with Engine(ModelShelf([shelf.info().path.parent, tmp_path], shipped=False), workers=2) as engine:
        alone = [engine.generate(request) for request in requests]
        monkeypatch.setattr(Crew, "pick", restless)
        waiting = [Waiting() for _ in requests]
        for seed, (request, listener) in enumerate(zip(requests, waiting, strict=True)):
            engine.submit(request, listener, client=seed % 4)
        assert [listener.wait(SECONDS) for listener in waiting] == alone
    assert all(paused[model] > 50 for model in models), paused
