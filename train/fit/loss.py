"""Cross-entropy in nats: of every field at every step, of a batch, of whole pieces."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...models.codec import Codec
from ...models.file.step import MASKED
from ..backend import tf
from ..config.sections import Told
from ..network.network import NoteNetwork
from ..network.shape import Batch
from .batches import tensors, whole_pieces
from .passages import Piece


def nats(logits: dict[str, Any], batch: Batch) -> Any:
    """Return the weighted cross-entropy of every field at every step, (batch, step, field), in nats.

    Where ``batch["censored"]`` is 1 the music was cut off: the target's code stands for itself and every
    code after it.
    """
    found = []
    for i, values in enumerate(logits.values()):
        target = batch["target"][..., i]
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(target, values)
        if "censored" in batch:
            below = tf.range(values.shape[-1]) < target[..., None]
            beyond = tf.reduce_logsumexp(tf.where(below, MASKED, values), axis=-1)
            cut = tf.reduce_logsumexp(values, axis=-1) - beyond
            loss = tf.where(batch["censored"][..., i] > 0, cut, loss)
        found.append(loss * batch["weight"][..., i])
    return tf.stack(found, axis=-1)


def losses(logits: dict[str, Any], batch: Batch) -> Any:
    """Return the summed cross-entropy of each field in nats and the number of notes, (field + 1,)."""
    sums = tf.reduce_sum(nats(logits, batch), axis=[0, 1])
    return tf.concat([sums, [tf.reduce_sum(batch["counted"])]], axis=0)


def loss_of(network: NoteNetwork) -> Any:
    """Return the compiled loss of a batch without dropout."""
    return tf.function(lambda batch: losses(network(batch, training=False), batch), reduce_retracing=True)


def evaluate_pieces(loss: Any, codec: Codec, pieces: list[Piece], told: Told) -> np.ndarray:
    """Return the pieces' nats a note by field, (field,); END counts, divided by the notes.

    Args:
        loss: of a batch, (field + 1,), as from :func:`loss_of`.
        codec: of the pieces.
        pieces: read from their beginnings.
        told: what the network is told of the bars to come, its configuration's ``told``.
    """
    total = np.zeros(len(codec.fields) + 1)
    for batch in whole_pieces(codec, pieces, told):
        total += loss(tensors(batch)).numpy()
    return np.asarray(total[:-1] / max(total[-1], 1))
