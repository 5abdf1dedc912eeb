"""The network as trained, run by Keras: what its step graph is held against."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...train.backend import tf
from ...train.fit.batches import alone, tensors
from ...train.network.network import NoteNetwork
from .replay import Passage

KerasLogits = Callable[[Passage], list[np.ndarray]]
"""Logits of a passage, a field's (step, code)."""
KerasLogProbs = Callable[[Passage], np.ndarray]
"""Log-probabilities of a passage's targets, (step, field)."""


def keras_logits(network: NoteNetwork) -> KerasLogits:
    """Return a function from a passage to Keras' logits."""
    call = tf.function(lambda batch: network(batch, training=False), reduce_retracing=True)

    def logits(one: Passage) -> list[np.ndarray]:
        steps = len(one["note"])
        return [scores[0, :steps].numpy() for scores in call(tensors(alone(one))).values()]

    return logits


def keras_log_probs(logits: KerasLogits) -> KerasLogProbs:
    """Return a function from a passage to Keras' log-probabilities of its targets."""

    def log_probs(one: Passage) -> np.ndarray:
        scores = [tf.nn.log_softmax(field).numpy() for field in logits(one)]
        targets = [one["target"][:, i : i + 1] for i in range(len(scores))]
        found = [np.take_along_axis(*each, axis=1)[:, 0] for each in zip(scores, targets, strict=True)]
        return np.stack(found, axis=1)

    return log_probs
