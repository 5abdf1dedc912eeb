"""A network's weights averaged over its updates, which generalise better than the last ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..backend import tf


class AveragedWeights:
    """A decaying mean of weights (Polyak and Juditsky 1992), which begins with the weights as they are.

    Args:
        weights: the network's variables.
        decay: what the mean keeps of itself at an update; less at first, as so few updates are no mean yet.
            At 0 there are no averages.
    """

    def __init__(self, weights: Sequence[Any], decay: float) -> None:
        self._weights, self._decay = weights, decay
        self.means = [tf.Variable(weight, trainable=False) for weight in weights]

    def follow(self, updates: Any) -> None:
        """Take in the weights after an update, of which there were ``updates`` (a float tensor) by then."""
        if self._decay:
            decay = tf.minimum(self._decay, (1.0 + updates) / (10.0 + updates))
            for mean, weight in zip(self.means, self._weights, strict=True):
                mean.assign(decay * mean + (1.0 - decay) * tf.convert_to_tensor(weight))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the network have its averages meanwhile."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def _exchange(self) -> None:
        if self._decay:
            for mean, weight in zip(self.means, self._weights, strict=True):
                held = weight.numpy()
                weight.assign(mean)
                mean.assign(held)
