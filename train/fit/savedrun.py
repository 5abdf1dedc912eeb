"""A run's weights on disk, and the network that they belong to."""

from __future__ import annotations

import hashlib
import os
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ...models.errors import ConfigError, DatasetError
from ...models.interrupt import kept_interrupt
from ...models.wholefile import whole_file
from ..backend import keras
from ..config.config import TrainConfig
from ..config.sections import NetworkConfig
from ..dataset.dataset import Dataset
from ..network.network import NoteNetwork, build
from ..network.shape import Shape
from .runfolder import CONFIG, check_tables

BEST = "best.npz"
BROKEN = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)
"""What reading arrays from a file of any bytes may raise: an empty one EOFError, one array TypeError."""


def write_npz(path: Path, arrays: dict[str, Any]) -> None:
    """Write arrays so that the file is either whole or absent; Ctrl-C is heard at the end.

    Broken off, a zip complains of itself, and the Ctrl-C is lost.
    """
    with kept_interrupt(), whole_file(path) as file:
        np.savez(file, **arrays)
        file.flush()
        os.fsync(file.fileno())


def save_weights(path: Path, network: NoteNetwork) -> None:
    """Write the network's trainable weights by position."""
    variables = enumerate(network.trainable_variables)
    write_npz(path, {f"w{i}": keras.ops.convert_to_numpy(v) for i, v in variables})


def load_run(folder: Path) -> tuple[TrainConfig, Dataset, NoteNetwork]:
    """Return a run's configuration, data set and network with its best weights, in float32.

    Raises:
        DatasetError, ConfigError: the folder is no run with weights, or its data set is gone or another one.
    """
    config_path, weights = folder / CONFIG, folder / BEST
    if not config_path.exists() or not weights.exists():
        raise DatasetError(f"{folder} is no run with weights: {CONFIG} or {BEST} is missing")
    keras.config.set_dtype_policy("float32")
    config = TrainConfig.load(config_path)
    dataset = Dataset.load(Path(config.dataset))
    check_tables(folder, dataset)
    network = build(Shape(dataset.codec, len(dataset.metres), config.network))
    try:
        with weights.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            arrays = [saved[f"w{i}"] for i, _ in enumerate(network.trainable_variables)]
        for variable, array in zip(network.trainable_variables, arrays, strict=True):
            if array.shape != tuple(variable.shape):  # Keras would say so with all of its numbers
                raise ValueError(f"{variable.path} is {tuple(variable.shape)}, not {array.shape}")
            variable.assign(array)
    except BROKEN as error:
        raise DatasetError(f"{weights} does not fit the run's configuration ({error})") from error
    if not all(np.isfinite(array).all() for array in arrays):
        raise DatasetError(
            f"{weights} holds values that are no numbers, so it is damaged: train the run anew"
        )
    return config, dataset, network


def weights_id(folder: Path) -> str:
    """Return what tells a run's best weights from others."""
    return hashlib.sha256((folder / BEST).read_bytes()).hexdigest()


def load_for(dataset: Dataset, folder: Path, key: str) -> NoteNetwork:
    """Return the network of a run that another run, on ``dataset``, learns from.

    Args:
        dataset: what the other run learns from, and is measured on.
        folder: the run.
        key: what names it in the other's configuration.

    Raises:
        DatasetError: the folder is no run with weights.
        ConfigError: the run has other fields or metres, or learned from pieces that ``dataset`` holds out.
    """
    _, its, network = load_run(folder)
    if its.codec != dataset.codec or its.metres != dataset.metres:
        raise ConfigError(f"{key}: {folder} has other fields or metres than {dataset.path}")
    held_out = {*dataset.split("valid").names, *dataset.split("test").names}
    if seen := held_out.intersection(its.split("train").names):
        raise ConfigError(
            f"{key}: {folder} learned from {min(seen)!r}, and {dataset.path} holds out a piece of that name"
        )
    return network


def copy_weights(source: NoteNetwork, target: NoteNetwork) -> None:
    """Give a network another's weights; raises ValueError where they differ in more than dropout."""
    theirs, own = _without_dropout(source.shape.config), _without_dropout(target.shape.config)
    if theirs != own:
        key = next(key for key in own if own[key] != theirs[key])
        raise ValueError(f"its {key} is {theirs[key]!r}, not {own[key]!r}")
    for a, b in zip(source.trainable_variables, target.trainable_variables, strict=True):
        b.assign(a)


def _without_dropout(config: NetworkConfig) -> dict[str, Any]:
    return {key: value for key, value in asdict(config).items() if not key.endswith("dropout")}
