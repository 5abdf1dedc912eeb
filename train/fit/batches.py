"""Passages side by side: random crops for training, whole pieces for evaluation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ...models.codec import Codec
from ...models.file.step import METRE_OTHER
from ..backend import tf
from ..config.config import TrainConfig
from ..config.sections import Told
from ..network.shape import Batch
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


def tensors(batch: Arrays) -> Batch:
    """Return a batch as a network reads it."""
    return {name: tf.constant(array) for name, array in batch.items()}


def random_batch(
    config: TrainConfig,
    codec: Codec,
    pieces: list[Piece],
    starts: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> Arrays:
    """Return ``fit.batch`` random crops of ``fit.crop`` notes, each around a note drawn from all notes.

    Of a piece that is shorter than a crop all notes come with the one drawn, so notes of short pieces are met
    less often than those of long ones.

    Args:
        config: says what of a crop is told and transposed, too.
        codec: what the pieces' codes mean.
        pieces: to draw from.
        starts: cumulative lengths of the pieces, (piece + 1,).
        rng: a generator of this batch's own, so that a resumed run draws the same batches.
    """
    fit, length = config.fit, config.fit.crop
    chosen = []
    for _ in range(fit.batch):
        at = int(rng.integers(starts[-1]))
        index = int(np.searchsorted(starts, at, side="right") - 1)
        piece = pieces[index]
        # A crop may begin before the piece does, so that first notes are met as often as others.
        first = max(0, int(rng.integers(-length // 2, max(len(piece) - length // 2, 1))))
        first = min(first, max(len(piece) + 1 - length, 0))
        semitones = int(rng.integers(fit.transpose[0], fit.transpose[1] + 1))
        if fit.transposed < 1 and rng.random() >= fit.transposed:
            semitones = 0
        told = _told(config, float(rng.random()))
        chosen.append(passage(codec, piece, first, length, told=told, transpose=semitones))
    return stack(chosen, length)


def _told(config: TrainConfig, drawn: float) -> Told:
    """Return what a passage is told, by a random number from 0 to 1."""
    known_end = config.fit.known_end
    known_phrase = config.fit.known_phrase if config.network.phrases else 0.0
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
