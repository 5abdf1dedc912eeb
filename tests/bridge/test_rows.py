"""Rows: what a step chose is looked at before it is played."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from antiphon.bridge.engine import Engine
from antiphon.bridge.request import GenerationRequest, Sampling
from antiphon.bridge.shelf import ModelShelf
from antiphon.bridge.waiting import Waiting
from antiphon.models.errors import RequestError
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


def test_a_piece_that_is_continued_has_no_known_end() -> None:
    """What the model is told of the bars that remain holds for pieces from nothing."""
    context = (Note(60, 0.0, 1.0),)
    with pytest.raises(RequestError, match="no known end") as error:
        GenerationRequest("tiny", 0.0, 16.0, seed=1, context=context, piece_ends=True)
    assert error.value.code == "bad_args"
