"""Passages side by side: random crops for training, whole pieces for evaluation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ...models.codec import Codec
from ...models.step import METRE_OTHER
from ..config.sections import Told
from .passages import Arrays, Piece, passage

PADDING = 64
"""Whole pieces are padded to multiples of so many steps: every length is a graph to compile."""
assert METRE_OTHER == 0  # padding rows read as "other metre"


def stack(passages: list[Arrays], steps: int) -> Arrays:
    """Pad passages to ``steps`` steps with zero weight and stack them, (batch, step, ...)."""
    batch: Arrays = {}
    for name, first in passages[0].items():
        out = np.zeros((len(passages), steps, *first.shape[1:]), first.dtype)
        for row, one in enumerate(passages):
            out[row, : len(one[name])] = one[name]
        batch[name] = out
    return batch


def random_batch(
    codec: Codec,
    pieces: list[Piece],
    starts: npt.NDArray[np.int64],
    *,
    size: int,
    length: int,
    known_end: float,
    known_phrase: float,
    transpose: tuple[int, int],
    transposed: float,
    rng: np.random.Generator,
) -> Arrays:
    """Return ``size`` random crops, each around a note drawn from all notes.

    Of a piece that is shorter than a crop all notes come with the one drawn, so notes of short pieces are met
    less often than those of long ones.

    Args:
        known_end: share of the passages that are told how many bars remain.
        known_phrase: share of the others that are told the places of bars in phrases.
        transpose: range of semitones, for a share of ``transposed`` of the passages.
        starts: cumulative lengths of the pieces, (piece + 1,).
        rng: a generator of this batch's own, so that a resumed run draws the same batches.
    """
    chosen = []
    for _ in range(size):
        at = int(rng.integers(starts[-1]))
        index = int(np.searchsorted(starts, at, side="right") - 1)
        piece = pieces[index]
        # A crop may begin before the piece does, so that first notes are met as often as others.
        first = max(0, int(rng.integers(-length // 2, max(len(piece) - length // 2, 1))))
        first = min(first, max(len(piece) + 1 - length, 0))
        semitones = int(rng.integers(transpose[0], transpose[1] + 1))
        if transposed < 1 and rng.random() >= transposed:
            semitones = 0
        told = _told(float(rng.random()), known_end, known_phrase)
        chosen.append(passage(codec, piece, first, length, told=told, transpose=semitones))
    return stack(chosen, length)


def _told(drawn: float, known_end: float, known_phrase: float) -> Told:
    """Return what a passage is told, by a random number from 0 to 1."""
    if drawn < known_end:
        return "end"
    return "phrase" if drawn < known_end + (1 - known_end) * known_phrase else "nothing"


def alone(one: Arrays) -> Arrays:
    """Return a passage as a batch of its own, (1, step, ...), padded to few different lengths."""
    return stack([one], _padded(len(one["note"])))


def _padded(steps: int) -> int:
    """Return the next multiple of PADDING."""
    return -(-steps // PADDING) * PADDING


def whole_pieces(codec: Codec, pieces: list[Piece], told: Told, positions: int = 6144) -> Iterator[Arrays]:
    """Yield batches of whole pieces of like length, at most about ``positions`` steps a batch."""
    waiting: list[Arrays] = []
    longest = 0
    for piece in sorted(pieces, key=len):
        one = passage(codec, piece, 0, len(piece) + 1, told=told)
        steps = _padded(len(piece) + 1)
        if waiting and max(longest, steps) * (len(waiting) + 1) > positions:
            yield stack(waiting, longest)
            waiting, longest = [], 0
        waiting.append(one)
        longest = max(longest, steps)
    if waiting:
        yield stack(waiting, longest)
