"""A passage tells where it is, and its tonic as it is after transposition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from antiphon.train.fit.passages import Piece, passage
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


def test_a_piece_that_begins_with_an_empty_bar_is_told_from_its_beginning(piece: Piece) -> None:
    clock = piece.clock + np.array([piece.clock[0, 3], 1, 0, 0, 0])  # a bar later
    codes = piece.codes.copy()
    codes[0, 0] = CODEC["delta"].nearest(float(clock[0, 0]))
    late = passage(CODEC, Piece(codes, clock), 0, 12)
    assert late["clock"][0].tolist() == [0, 0, clock[0, 3]]
    assert late["onset"].tolist() == [0, *clock[:11, 0]]
    assert late["clock"][1:].tolist() == clock[:11, 1:4].tolist()


def test_a_passage_from_the_middle_is_told_from_its_first_bar(piece: Piece) -> None:
    bar, place = piece.clock[20, 1], piece.clock[20, 2]
    assert bar > 0
    cut = passage(CODEC, piece, 20, 5)
    assert cut["onset"][:2].tolist() == [0, place]
    assert cut["clock"][:2, 0].tolist() == [0, 0]
