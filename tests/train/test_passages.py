"""A passage tells its tonic as it is after transposition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from antiphon.train.passages import Piece, passage
from made_music import melody, small_codec

CODEC = small_codec()


@pytest.fixture
def piece() -> Piece:
    e = CODEC.encode(melody(1, 30))
    clock = np.stack([e.ticks, e.bars, e.places, e.bar_ticks, np.ones_like(e.ticks)], axis=1)
    return Piece(e.codes, clock)


@pytest.mark.parametrize(("tonic", "transpose", "told"), [(0, 0, 1), (2, 3, 6), (11, 2, 2), (1, -3, 11)])
def test_the_tonic_moves_with_the_music(piece: Piece, tonic: int, transpose: int, told: int) -> None:
    """The condition is the pitch class + 1; 0 is a tonic that nobody told."""
    one = passage(CODEC, replace(piece, tonic=tonic), 5, 12, transpose=transpose)
    assert (one["conditions"][:, 2] == told).all()
    moved = one["target"][:, 2] - passage(CODEC, piece, 5, 12)["target"][:, 2]
    assert (moved == transpose).all()
    assert (passage(CODEC, piece, 5, 12, transpose=transpose)["conditions"][:, 2] == 0).all()
