"""Teachers: trained runs whose averaged choices a new network learns from, beside the music's own.

Knowledge distillation (Hinton, Vinyals and Dean 2015) from an ensemble. Where music is scarce, the mean of
several networks' probabilities is better than any one's, and tells more of a note than the one code chosen.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...models.errors import ConfigError
from ..backend import tf
from ..dataset.dataset import Dataset
from ..network.shape import Batch
from .savedrun import load_for


class Teachers:
    """The networks of several runs, on the codec and the metres of one data set."""

    def __init__(self, folders: tuple[str, ...], dataset: Dataset, *, phrases: bool = False) -> None:
        """Load every run's best weights.

        Args:
            folders: of the runs.
            dataset: what is learned from.
            phrases: whether the network that they teach is told the places of bars in phrases.

        Raises:
            DatasetError: a folder is no run with weights.
            ConfigError: a run has other fields or metres, was trained on pieces held out here, or does not
                know the phrases that it is told of.
        """
        self.networks = [load_for(dataset, Path(folder), "fit.teachers") for folder in folders]
        for folder, network in zip(folders, self.networks, strict=True):
            if phrases and not network.shape.config.phrases:
                raise ConfigError(
                    f"fit.teachers: {folder} knows no phrases: train it with network.phrases = true as well"
                )

    def probabilities(self, batch: Batch) -> dict[str, Any]:
        """Return the mean of the teachers' probabilities, {field: (batch, step, code)}."""
        sums: dict[str, Any] = {}
        for network in self.networks:
            for name, logits in network(batch, training=False).items():
                sums[name] = tf.nn.softmax(logits) + sums.get(name, 0.0)
        return {name: total / len(self.networks) for name, total in sums.items()}


def taught(logits: dict[str, Any], probabilities: dict[str, Any], batch: Batch) -> Any:
    """Return the summed cross-entropy of logits under the teachers' probabilities, in nats, ().

    A target that was cut off (see :func:`antiphon.train.fit.loss.nats`) counts for nothing: what the
    teachers say there is not told that it was.
    """
    total = 0.0
    for i, (name, values) in enumerate(logits.items()):
        weight = batch["weight"][..., i]
        if "censored" in batch:
            weight *= 1.0 - batch["censored"][..., i]
        total += tf.reduce_sum(weight * tf.nn.softmax_cross_entropy_with_logits(probabilities[name], values))
    return total
