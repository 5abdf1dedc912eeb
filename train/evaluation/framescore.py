"""Nats a frame of piano rolls under a network of notes: the figure that the published tables hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...models.codec import Codec
from ..backend import tf
from ..fit.batches import alone, tensors
from ..fit.loss import nats
from ..fit.passages import Piece, passage
from ..network.network import NoteNetwork


@dataclass(frozen=True)
class FrameScore:
    """Of a split, in nats a frame, frames pooled."""

    published: float
    """The first frame of a piece is given: it counts neither above nor below the line."""
    all_frames: float
    frames: int
    """All of them."""


def scorer(network: NoteNetwork) -> Any:
    """Return a compiled function from a batch to nats (batch, step, field) and log P(delta = 0)."""

    def score(batch: dict[str, Any]) -> tuple[Any, Any]:
        logits = network(batch, training=False)
        return nats(logits, batch), tf.nn.log_softmax(logits["delta"])[..., 0]

    return tf.function(score, reduce_retracing=True)


def score_pieces(score: Any, codec: Codec, pieces: list[Piece]) -> FrameScore:
    """Score pieces whose ends are known; see :class:`FrameScore`.

    The first frame's share of a piece is the onset and the pitch of each of its notes, and that no other
    follows; how long they last is the later frames' share. This never flatters: the durations that are
    known when a pitch of the first frame is scored make it likelier than it is without them.
    """
    total = first = 0.0
    frames = 0
    for piece in pieces:
        assert piece.end is not None
        one = passage(codec, piece, 0, len(piece) + 1)
        found, same = (x.numpy()[0] for x in score(tensors(alone(one))))
        opening = int((piece.clock[:, 0] == 0).sum())
        first += float(found[:opening, :2].sum())
        first += float(-np.log1p(-np.exp(min(same[opening], -1e-7))))
        total += float(found.sum())
        frames += piece.end
    return FrameScore((total - first) / (frames - len(pieces)), total / frames, frames)
