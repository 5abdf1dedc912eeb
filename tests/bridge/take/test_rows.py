"""Rows: what a step chose is looked at before it is played."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.engine.plan import read
from antiphon.bridge.engine.waiting import Waiting
from antiphon.bridge.job import Job
from antiphon.bridge.leading.constraints import constraints
from antiphon.bridge.request import GenerationRequest, Sampling
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.runtime.stepper import Stepper
from antiphon.bridge.take.rows import TakeRow
from antiphon.models.errors import RequestError
from antiphon.models.file.manifest import Manifest
from antiphon.models.file.step import MASKED
from antiphon.models.note import Note
from onnx import numpy_helper
from tiny_model import TRUNK, save_tiny_model, tiny_manifest


class Hearing(Waiting):
    """Keeps what is told of a take that fails, too."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[Note] = []

    def on_note(self, take: int, index: int, note: Note) -> None:
        self.notes.append(note)


@pytest.mark.parametrize("factor", [1e12, float("nan")])
def test_damaged_weights_play_nothing_that_was_not_asked_for(tmp_path: Path, factor: float) -> None:
    """A mask is a number added to a logit: what is greater, or no number, is chosen all the same."""
    path = save_tiny_model(tmp_path / "tiny.onnx")
    model = onnx.load(path)
    pitches = next(weights for weights in model.graph.initializer if weights.dims == [TRUNK, 50])
    damaged = numpy_helper.to_array(pitches) * np.float32(factor)
    pitches.CopyFrom(numpy_helper.from_array(damaged, pitches.name))
    path.write_bytes(model.SerializeToString())
    request = GenerationRequest(model="tiny", start_beat=0.0, end_beat=16.0, seed=1, low=60, high=61)
    with Engine(ModelShelf([tmp_path], shipped=False), workers=1) as engine:
        with pytest.raises(RequestError, match="model tiny chose what it must not") as error:
            engine.generate(request)
        assert error.value.code == "model_error"
        assert "copy its file again" in str(error.value)
        assert engine.queued == 0


def test_damaged_weights_of_the_delta_lay_no_note_on_another(tmp_path: Path) -> None:
    path = save_tiny_model(tmp_path / "tiny.onnx")
    model = onnx.load(path)
    size = tiny_manifest().codec["delta"].size
    deltas = next(weights for weights in model.graph.initializer if weights.dims == [TRUNK, size])
    deltas.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(deltas) * np.float32(1e12), deltas.name))
    path.write_bytes(model.SerializeToString())
    told = refused = 0
    with Engine(ModelShelf([tmp_path], shipped=False), workers=1) as engine:
        for seed in range(40):
            heard = Hearing()
            request = GenerationRequest(
                "tiny", 0.0, 16.0, seed, sampling=Sampling(5.0, 1.0), parts=frozenset({0})
            )
            engine.submit(request, heard)
            try:
                heard.wait(10)
            except RequestError as error:
                assert "chose what it must not" in str(error)
                refused += 1
            told += len(heard.notes)
            assert all(note.end <= after.start + 1e-9 for note, after in pairwise(heard.notes))
    assert told
    assert refused


class Played:
    """A take whose choices a test makes in the model's place."""

    def __init__(self, request: GenerationRequest, manifest: Manifest | None = None) -> None:
        self.manifest = manifest or tiny_manifest()
        self.heard = Hearing()
        self.job = Job(request, self.heard, lambda job: None, lambda job: None)
        limits, context = constraints(self.manifest, request), read(self.manifest, request).context
        self.row = TakeRow(self.manifest, self.job, limits, 0, context, None)
        self.stepper = Stepper(None, self.manifest)
        self.row.enter(self.stepper, 0)

    def choose(self, *codes: int, bar: int = 0, tick: int = 0) -> bool:
        """Have the model choose a note's codes, at a place in a bar; return whether the take is over."""
        self.stepper.note[0] = codes
        self.stepper.clock[0] = (bar, tick, 96)
        return self.row.after(self.stepper, 0)

    @property
    def deltas(self) -> list[float]:
        """What the next delta may be, END left out."""
        return [
            ticks
            for ticks, mask in zip(self.manifest.codec["delta"].values, self.mask, strict=False)
            if not mask
        ]

    @property
    def left(self) -> int:
        """The condition `remaining`."""
        return int(self.stepper.conditions[0, 1])

    @property
    def mask(self) -> np.ndarray:
        """That of the next delta, END's the last."""
        return np.array(self.stepper.masks["delta"][0])


def test_a_piece_may_end_in_its_last_bar_only() -> None:
    played = Played(GenerationRequest("tiny", 0.0, 12.0, seed=1, piece_ends=True))
    assert played.mask[-1] == MASKED
    ends = []
    for bar, delta in ((0, 0), (1, 19), (2, 19)):
        assert not played.choose(delta, 0, 20, 0, bar=bar)
        ends.append(played.mask[-1] == 0)
    assert ends == [False, False, True]


def test_the_end_is_likelier_after_the_tonic() -> None:
    tonic = tiny_manifest().codec["pitch"].values[20] % 12
    request = GenerationRequest("tiny", 0.0, 12.0, seed=1, piece_ends=True, tonic=tonic)
    home, strange = Played(request), Played(request)
    for played, pitch in ((home, 20), (strange, 21)):
        assert not played.choose(0, 0, pitch, 0, bar=2, tick=48)
    assert home.mask[-1] > strange.mask[-1] == 0


def test_a_piece_that_is_continued_may_end_in_its_last_bar_only() -> None:
    context = (Note(60, 0.0, 1.0), Note(62, 5.0, 1.0))
    played = Played(GenerationRequest("tiny", 8.0, 16.0, seed=1, context=context, piece_ends=True))
    told, ends = [played.left], []
    for bar, delta in ((2, 18), (2, 16), (3, 16)):
        assert not played.choose(delta, 0, 20, 0, bar=bar)
        told.append(played.left)
        ends.append(played.mask[-1] == 0)
    assert told == [3, 2, 2, 1]  # bars 1 to 3 of four
    assert ends == [False, False, True]


def test_what_has_no_known_end_does_not_end() -> None:
    played = Played(GenerationRequest("tiny", 0.0, 4.0, seed=1))
    assert not played.choose(0, 0, 20, 0, bar=5)
    assert played.mask[-1] == MASKED


@pytest.mark.parametrize(("beats", "latest"), [(16.0, 24 + 36), (1.0, 24 + 21), (0.25, 24 + 3), (0.01, 24)])
def test_the_first_note_begins_within_the_answer(beats: float, latest: int) -> None:
    """And in the first half of its bar. The note before lies 24 ticks back; of 71 ticks the table has 60."""
    context = (Note(60, 3.0, 1.0),)
    played = Played(GenerationRequest("tiny", 4.0, 4.0 + beats, seed=1, context=context))
    assert played.deltas[0] == 24
    assert played.deltas[-1] == latest


def test_the_model_reads_a_note_as_it_was_cut() -> None:
    played = Played(GenerationRequest("tiny", 0.0, 2.0, seed=1))
    assert not played.choose(8, 0, 20, 7)
    assert played.stepper.note[0].tolist() == [8, 0, 20, 3]  # 24 ticks of 96 are left
    assert not played.choose(0, 1, 10, 3)
    assert played.stepper.note[0].tolist() == [0, 1, 10, 3]


def test_a_model_that_never_goes_on_ends() -> None:
    """Of parts that play chords, each of a hundred notes may begin at one tick."""
    played = Played(GenerationRequest("tiny", 0.0, 0.25, seed=1), tiny_manifest(monophonic=False))
    steps = 1
    while not played.choose(0, steps % 2, steps // 2, 0):
        steps += 1
    assert steps == 64 + 64 // 4
    [take] = played.heard.wait(1)
    assert len(take.notes) == steps
