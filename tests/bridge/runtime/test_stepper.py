"""The stepper against a plain host, alone and in company."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from antiphon.bridge.runtime.batching import probe
from antiphon.bridge.runtime.stepper import Batching, Stepper
from antiphon.models.file.modelfile import ModelFile
from plain_host import PlainHost
from tiny_model import HEADS, KEY, LENGTH, VALUE, save_tiny_model


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> ModelFile:
    return ModelFile.load(tiny_model)


def draws(seed: int) -> Any:
    rng = np.random.default_rng(seed)
    return lambda: rng.random(4, np.float32)


def prepare(stepper: Stepper, row: int, uniform: Any) -> None:
    stepper.conditions[row] = (1, 0)
    stepper.masks["delta"][row, -1] = -1e9
    stepper.uniform[row] = uniform


def sample(stepper: Stepper, count: int, seed: int) -> list[list[int]]:
    """Sample ``count`` notes with one row."""
    draw, found = draws(seed), []
    row = stepper.add()
    for _ in range(count):
        prepare(stepper, row, draw())
        stepper.step()
        found.append(stepper.note[row].tolist())
    return found


@pytest.mark.parametrize("batching", [Batching(), Batching(least=3), Batching(whole_memory=True)])
def test_a_memory_longer_than_its_ring_is_that_of_a_plain_host(model: ModelFile, batching: Batching) -> None:
    count = 3 * LENGTH + 7  # the memory grows twice, then wraps three times
    wanted = PlainHost(model.session, model.manifest).sample(count, draws(1))
    assert sample(Stepper(model.session, model.manifest, batching), count, seed=1) == wanted
    assert len({tuple(note) for note in wanted}) > 50  # random weights, but no stuck loop


def test_the_memory_matters(model: ModelFile, tmp_path: Path) -> None:
    """With a shorter ring other notes come: the comparison above would notice a memory that is ignored."""
    shorter = ModelFile.load(save_tiny_model(tmp_path / "short.onnx", memory=_shorter(model)))
    first = sample(Stepper(model.session, model.manifest), 200, seed=1)
    second = sample(Stepper(shorter.session, shorter.manifest), 200, seed=1)
    assert first[:10] == second[:10]
    assert first != second


def _shorter(model: ModelFile) -> Any:
    from dataclasses import replace

    assert model.manifest.memory is not None
    return replace(model.manifest.memory, length=10)


def test_log_probabilities_are_those_of_a_plain_host(model: ModelFile) -> None:
    stepper, host = Stepper(model.session, model.manifest), PlainHost(model.session, model.manifest)
    row, codec = stepper.add(), model.manifest.codec
    rng = np.random.default_rng(3)
    note, clock = codec.begin().tolist(), [0, 0, 72]
    for _ in range(130):
        forced = [int(rng.integers(len(f.values))) for f in codec.fields]
        out = host.step(note, clock, (2, 5), forced=forced)
        stepper.clock[row] = clock
        stepper.conditions[row] = (2, 5)
        stepper.forced[row] = forced
        stepper.step()
        # Not to the bit: a ring that has wrapped adds up the same rows in another order.
        assert stepper.log_prob[row] == pytest.approx(out["log_prob"][0], abs=1e-5)
        note, clock = out["chosen"][0].tolist(), out["clock_out"][0].tolist()
        assert stepper.note[row].tolist() == note == forced


def test_rows_that_come_and_go_do_not_change_each_other(model: ModelFile) -> None:
    alone = {seed: sample(Stepper(model.session, model.manifest), 150, seed) for seed in range(6)}
    stepper = Stepper(model.session, model.manifest)
    rows: list[int] = []
    found: dict[int, list[list[int]]] = {seed: [] for seed in alone}
    draw = {seed: draws(seed) for seed in alone}
    for step in range(400):
        if step % 30 == 0 and step // 30 in alone:
            assert stepper.add() == len(rows)
            rows.append(step // 30)
        if not rows:
            break
        for row, seed in enumerate(rows):
            prepare(stepper, row, draw[seed]())
        stepper.step()
        for row, seed in enumerate(rows):
            found[seed].append(stepper.note[row].tolist())
        for row in reversed(range(len(rows))):
            if len(found[rows[row]]) == 150:
                stepper.remove(row)
                last = rows.pop()
                if row < len(rows):
                    rows[row] = last
    assert found == alone


def test_a_snapshot_goes_on_where_it_was_taken(model: ModelFile) -> None:
    for taken in (1, 2, 63, 64, LENGTH, LENGTH + 1, 2 * LENGTH + 3):
        first = Stepper(model.session, model.manifest)
        draw, row = draws(9), first.add()
        for _ in range(taken):
            prepare(first, row, draw())
            first.step()
        second = Stepper(model.session, model.manifest)
        sample(second, 5, seed=4)  # another row, with another number of steps
        copy = second.add(first.snapshot(row))
        for _ in range(120):
            uniform = draw()
            prepare(first, row, uniform)
            prepare(second, 0, uniform)
            prepare(second, copy, uniform)
            first.step()
            second.step()
            assert first.note[row].tolist() == second.note[copy].tolist()
            assert first.log_prob[row].tolist() == second.log_prob[copy].tolist()


def test_what_a_stepper_takes_grows_with_its_memory(model: ModelFile) -> None:
    stepper = Stepper(model.session, model.manifest)
    before = stepper.bytes
    sample(stepper, LENGTH, seed=4)
    assert stepper.bytes - before == 16 * (LENGTH + 1) * (HEADS * (KEY + VALUE) + 1) * 4


def test_a_full_stepper_takes_no_more(model: ModelFile) -> None:
    stepper = Stepper(model.session, model.manifest, Batching(most=2))
    stepper.add()
    stepper.add()
    with pytest.raises(IndexError, match="holds 2 rows"):
        stepper.add()


class Lonely:
    """A session whose rows feel how many they are, or where in the batch they stand."""

    def __init__(self, session: Any, feels: str) -> None:
        self.session, self.feels = session, feels

    def run(self, names: Any, feed: dict[str, Any]) -> list[Any]:
        found = [array.copy() for array in self.session.run(names, feed)]
        rows = len(feed["note"])
        if self.feels == "alone" and rows == 1:
            found[1] += 1e-6
        if self.feels == "size":
            found[1] += rows * 1e-6
        if self.feels == "memory":
            found[1] += feed["memory_positions"].shape[1] * 1e-6
        return found


@pytest.mark.parametrize(
    ("feels", "wanted"),
    [
        ("nothing", Batching(least=1)),
        ("alone", Batching(least=2)),
        ("size", Batching(most=1, whole_memory=True)),
        ("memory", Batching(whole_memory=True)),
    ],
)
def test_the_probe_notices(model: ModelFile, feels: str, wanted: Batching) -> None:
    assert probe(Lonely(model.session, feels), model.manifest) == wanted


@pytest.mark.parametrize("batching", [Batching(), Batching(least=3)])
def test_steps_of_nothing_change_nothing(model: ModelFile, batching: Batching) -> None:
    wanted = sample(Stepper(model.session, model.manifest, batching), 100, seed=2)
    stepper = Stepper(model.session, model.manifest, batching)
    stepper.rehearse()
    sample(stepper, 70, seed=1)  # an odd number of steps and an even one leave other buffers
    stepper.rehearse()
    held = stepper.snapshot(0)
    stepper.rehearse()  # not while a row is there
    assert all(np.array_equal(stepper.snapshot(0).state[name], held.state[name]) for name in held.state)
    for count in (0, 1):
        stepper.clear()
        stepper.rehearse()
        stepper.rehearse()
        assert sample(stepper, 100, seed=2) == wanted
        if not count:
            stepper.step()
