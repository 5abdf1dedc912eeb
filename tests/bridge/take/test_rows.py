"""Rows: what a step chose is looked at before it is played."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.engine.plan import read
from antiphon.bridge.engine.waiting import Waiting
from antiphon.bridge.job import Job
from antiphon.bridge.leading.cadence import CLOSE, REST
from antiphon.bridge.leading.constraints import constraints
from antiphon.bridge.leading.tonality import MOST
from antiphon.bridge.request import GenerationRequest, Sampling
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.runtime.stepper import Stepper
from antiphon.bridge.take.rows import PrimeRow, TakeRow
from antiphon.models.errors import RequestError
from antiphon.models.file.manifest import CONDITIONS, Manifest
from antiphon.models.file.step import MASKED
from antiphon.models.note import Note
from antiphon.models.score import Part
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

    def choose(self, *codes: int, bar: int = 0) -> bool:
        """Have the model choose a note's codes, in a bar; return whether the take is over."""
        self.stepper.note[0] = codes
        self.stepper.clock[0] = (bar, 0, 96)
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


@pytest.mark.parametrize(("parts", "latest"), [({0}, 24 + 48), ({0, 1}, 96)])
def test_voices_that_are_left_alone_do_not_rest_for_long(parts: set[int], latest: int) -> None:
    """To a model of voices all that is left to choose is unlikely, and what comes much later no more so."""
    played = Played(GenerationRequest("tiny", 0.0, 16.0, seed=1, parts=frozenset(parts)))
    quarter = played.manifest.codec["duration"].nearest(24)
    assert not played.choose(0, 0, 20, quarter)
    assert max(played.deltas) == latest


def test_a_piece_may_end_in_its_last_bar_only() -> None:
    played = Played(GenerationRequest("tiny", 0.0, 12.0, seed=1, piece_ends=True))
    assert played.mask[-1] == MASKED
    ends = []
    for bar, delta in ((0, 0), (1, 19), (2, 19)):
        assert not played.choose(delta, 0, 20, 0, bar=bar)
        ends.append(played.mask[-1] == 0)
    assert ends == [False, False, True]


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


TUNE = tiny_manifest(parts=(Part("tune"),))
D = TUNE.codec["pitch"].nearest(62)


def tune(beats: float) -> Played:
    """Return a piece of one voice so long, whose tonic is D."""
    one = frozenset({0})
    return Played(GenerationRequest("tiny", 0.0, beats, seed=1, piece_ends=True, tonic=2, parts=one), TUNE)


def test_a_tune_that_has_come_home_is_led_to_its_end() -> None:
    played = tune(8.0)
    gained = []
    for bar, pitch in ((0, D), (1, D - 1), (1, D)):
        assert not played.choose(8, 0, pitch, 3, bar=bar)
        gained.append(float(played.mask[-1]))
    assert gained == [MASKED, 0.0, pytest.approx(REST * 0.25**3)]


@pytest.mark.parametrize(
    ("beats", "bar", "over"), [(8.0, 0, 0), (8.0, 1, 0.25), (6.0, 0, 0), (6.0, 1, 0.75), (5.0, 1, 1)]
)
def test_the_end_is_led_to_over_a_bar_wherever_it_is(beats: float, bar: int, over: float) -> None:
    played = tune(beats)
    assert not played.choose(6, 0, D - 1, 3, bar=bar)
    gained = played.stepper.masks["pitch"][0, D] - MOST
    assert gained == pytest.approx(CLOSE * over)


def test_a_piece_that_is_continued_is_led_to_its_own_end() -> None:
    context = (Note(60, 0.0, 1.0), Note(60, 5.0, 1.0))
    request = GenerationRequest("tiny", 8.0, 16.0, seed=1, context=context, piece_ends=True, tonic=2)
    played = Played(replace(request, parts=frozenset({0})), TUNE)
    gained = []
    for bar, delta in ((2, 18), (3, 19)):
        assert not played.choose(delta, 0, D - 1, 3, bar=bar)
        gained.append(float(played.stepper.masks["pitch"][0, D]) - MOST)
    assert gained == pytest.approx([0, CLOSE / 4], abs=1e-5)


def test_the_only_note_of_a_piece_is_led_home() -> None:
    played = tune(1.0)
    assert played.stepper.masks["pitch"][0, D] == pytest.approx(MOST + CLOSE * 0.75)


def test_what_has_no_known_end_does_not_end() -> None:
    played = Played(GenerationRequest("tiny", 0.0, 4.0, seed=1))
    assert not played.choose(0, 0, 20, 0, bar=5)
    assert played.mask[-1] == MASKED


@pytest.mark.parametrize(("beats", "latest"), [(16.0, 24 + 36), (1.0, 24 + 21), (0.25, 24 + 3), (0.01, 24)])
def test_the_first_note_begins_within_the_answer(beats: float, latest: int) -> None:
    """And in the first half of its bar. The note before lies 24 ticks back; of 71 ticks the table has 60."""
    context = (Note(60, 3.0, 1.0),)
    request = GenerationRequest("tiny", 4.0, 4.0 + beats, seed=1, context=context)
    played = Played(request, tiny_manifest(monophonic=False))
    assert played.deltas[0] == 24
    assert played.deltas[-1] == latest
    assert Played(request).deltas == [24]  # a voice that has sung


def test_the_model_reads_a_note_as_it_was_cut() -> None:
    played = Played(GenerationRequest("tiny", 0.0, 2.0, seed=1))
    assert not played.choose(8, 0, 20, 7)
    assert played.stepper.note[0].tolist() == [8, 0, 20, 3]  # 24 ticks of 96 are left
    assert not played.choose(0, 1, 10, 3)
    assert played.stepper.note[0].tolist() == [0, 1, 10, 3]


def test_a_take_tells_the_mean_of_its_notes_nats() -> None:
    played = Played(GenerationRequest("tiny", 0.0, 4.0, seed=1))
    for delta, nats in ((0, 0.5), (8, 1.0), (8, 2.25)):
        played.stepper.log_prob[0] = -nats / 4  # of each of four fields
        assert not played.choose(delta, 0, 20, 0)
    assert played.choose(played.manifest.codec.end, 0, 20, 0)
    [take] = played.heard.wait(1)
    assert len(take.notes) == 3
    assert take.nats_per_note == pytest.approx(1.25)


def test_a_model_that_never_goes_on_ends() -> None:
    """Of parts that play chords, each of a hundred notes may begin at one tick."""
    played = Played(GenerationRequest("tiny", 0.0, 0.25, seed=1), tiny_manifest(monophonic=False))
    steps = 1
    while not played.choose(0, steps % 2, steps // 2, 0):
        steps += 1
    assert steps == 64 + 64 // 4
    [take] = played.heard.wait(1)
    assert len(take.notes) == steps


MAJOR, PENTATONIC = {0, 2, 4, 5, 7, 9, 11}, {0, 2, 4, 7, 9}
TOLD = tiny_manifest(conditions=(*CONDITIONS, "tonic"))


def scale(steps: set[int], tonic: int) -> frozenset[int]:
    return frozenset((step + tonic) % 12 for step in steps)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, 1),
        ({"context": tuple(Note(60 + step, step / 4, 0.25) for step in sorted(scale(MAJOR, 7)))}, 8),
        ({"scale": scale(MAJOR, 2), "tonic": 2}, 3),
        ({"scale": scale(MAJOR, 0), "tonic": 9}, 1),  # A minor
        ({"scale": scale(MAJOR, 0), "tonic": 2}, 1),  # D dorian
        ({"scale": scale(PENTATONIC, 5), "tonic": 5}, 6),
        ({"scale": scale(PENTATONIC, 5), "tonic": 2}, 6),  # D minor pentatonic
        ({"scale": frozenset(range(12)), "tonic": 11}, 12),
        ({"scale": scale(MAJOR, 10)}, 11),  # pitch classes without a tonic
        ({"scale": scale(MAJOR, 3), "tonic": 3, "context": (Note(60, 0.0, 1.0), Note(64, 1.0, 1.0))}, 4),
    ],
)
def test_a_model_is_told_the_tonic(asked: dict[str, Any], told: int) -> None:
    """That of the major scale, as data sets tell it: named, else heard, at each note of a context as well."""
    request = GenerationRequest("tiny", 4.0, 8.0, seed=1, **asked)
    played = Played(request, TOLD)
    found = [played.stepper.conditions[0].tolist()]
    first, home = TOLD.codec["delta"].nearest(played.deltas[0]), TOLD.codec["pitch"].nearest(59 + told)
    assert not played.choose(first, 0, home, 0, bar=2)
    found.append(played.stepper.conditions[0].tolist())
    if request.context:
        context = read(TOLD, request).context
        row = PrimeRow(TOLD, context, ready=lambda _: None, failed=lambda *_: None, wanted=lambda: True)
        row.enter(played.stepper, 1)
        found.append(played.stepper.conditions[1].tolist())
    assert [tonic for _, _, tonic in found] == [told] * len(found)
