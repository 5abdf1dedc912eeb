"""Training runs that take seconds: a tiny network, and a few updates."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from antiphon.train.config.config import TrainConfig

NETWORK = {"units": 12, "head_units": 10, "embedding": 6, "key_size": 4, "value_size": 6}


def small_config(dataset: Path, network: Mapping[str, Any] | None = None, **fit: Any) -> TrainConfig:
    """Return the configuration of a run on a data set; what is given goes before what is small."""
    training = {"crop": 24, "batch": 4, "warmup": 2, **fit}
    data = {"dataset": str(dataset), "network": {**NETWORK, **(network or {})}, "fit": training}
    return TrainConfig.from_dict(data)
