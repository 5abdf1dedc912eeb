"""Transposing keeps a passage's intervals, whatever range is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from antiphon.models.codec import Codec
from antiphon.models.note import Note
from antiphon.train.fit.passages import Piece, passage, within_table

CODEC = Codec.default()


@pytest.mark.parametrize(
    ("pitches", "asked", "moved"),
    [((60, 64, 67), 5, 5), ((118, 127), 12, 0), ((110, 120), 12, 7), ((3, 9), -12, -3), ((0, 127), 1, 0)],
)
def test_a_passage_moves_as_far_as_all_of_it_can(pitches: tuple[int, ...], asked: int, moved: int) -> None:
    encoded = CODEC.encode([Note(pitch, float(i), 1.0) for i, pitch in enumerate(pitches)])
    clock = np.stack(
        [encoded.ticks, encoded.bars, encoded.places, encoded.bar_ticks, encoded.bars * 0], axis=1
    )
    assert within_table(CODEC, encoded.codes, asked) == moved
    one = passage(CODEC, Piece(encoded.codes, clock, tonic=0), 0, len(pitches), transpose=asked)
    found = one["target"][: len(pitches), CODEC.names.index("pitch")]
    assert found.tolist() == [pitch + moved for pitch in pitches]
    assert one["conditions"][0, 2] == moved % 12 + 1
