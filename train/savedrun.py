"""A run's weights on disk, and the network that they belong to."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..models.errors import DatasetError
from .config import TrainConfig
from .dataset import Dataset
from .network import NoteNetwork
from .shape import PITCHES, Shape


def build(shape: Shape) -> NoteNetwork:
    """Return a network with its weights made."""
    network = NoteNetwork(shape)
    steps = 4
    batch: dict[str, Any] = {
        "note": tf.zeros([1, steps, len(shape.codec.fields)], tf.int32),
        "target": tf.zeros([1, steps, len(shape.codec.fields)], tf.int32),
        "clock": tf.ones([1, steps, 3], tf.int32),
        "conditions": tf.zeros([1, steps, 3], tf.int32),
        "voices": tf.zeros([1, steps, shape.parts], tf.int32),
    }
    batch["onset"] = tf.zeros([1, steps], tf.int32)
    batch |= {name: tf.zeros([1, steps, PITCHES], tf.int32) for name in ("ends", "strikes")}
    network(batch)
    return network


def write_npz(path: Path, arrays: dict[str, Any]) -> None:
    """Write arrays so that the file is either whole or absent."""
    temporary = path.with_suffix(".tmp.npz")
    with temporary.open("wb") as file:
        np.savez(file, **arrays)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def save_weights(path: Path, network: NoteNetwork) -> None:
    """Write the network's trainable weights by position."""
    variables = enumerate(network.trainable_variables)
    write_npz(path, {f"w{i}": keras.ops.convert_to_numpy(v) for i, v in variables})


def load_run(folder: Path, which: str = "best") -> tuple[TrainConfig, Dataset, NoteNetwork]:
    """Return a run's configuration, data set and network with its ``best`` weights, in float32."""
    config_path, weights = folder / "config.json", folder / f"{which}.npz"
    if not config_path.exists() or not weights.exists():
        raise DatasetError(f"{folder} is no run with weights: config.json or {which}.npz is missing")
    keras.config.set_dtype_policy("float32")
    config = TrainConfig.load(config_path)
    dataset = Dataset.load(Path(config.dataset))
    network = build(Shape(dataset.codec, len(dataset.metres), config.network))
    try:
        with weights.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            for i, v in enumerate(network.trainable_variables):
                v.assign(saved[f"w{i}"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{weights} does not fit the run's configuration ({error})") from error
    return config, dataset, network
