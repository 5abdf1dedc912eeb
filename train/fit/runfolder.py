"""What a run's folder was begun with: its configuration, and what its data set's codes mean."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...models.errors import ConfigError, DatasetError
from ...models.wholefile import write_json
from ..config.config import TrainConfig
from ..dataset.dataset import Dataset

CONFIG = "config.json"
TABLES = "tables.json"
"""Beside a run's weights: what their codes mean."""
_MOST_TOLD = 3
"""Keys that a message names."""


def check_config(folder: Path, config: TrainConfig) -> None:
    """Raise ConfigError where a run's folder is none, or was begun with another configuration."""
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"--out {folder} is a file: name a folder")
    stored = _stored(folder)
    # What stands on the card changes nothing that was learned.
    if stored is not None and replace(stored, card=config.card) != config:
        raise ConfigError(
            f"{folder} holds a run of another configuration ({_differences(stored, config)}): choose another "
            "--out"
        )


def _differences(stored: TrainConfig, config: TrainConfig) -> str:
    """Return what was learned with another value than it has here, the first few, in words."""
    theirs, ours = _keys(stored), _keys(config)
    found = [f"{key} was {theirs[key]}, is {ours[key]}" for key in ours if theirs[key] != ours[key]]
    more = len(found) - _MOST_TOLD
    return "; ".join([*found[:_MOST_TOLD], *([f"{more} more"] if more > 0 else [])])


def _keys(config: TrainConfig) -> dict[str, str]:
    """Return every key that training depends on, as TOML writes its value."""
    data = config.to_dict()
    tables = {f"{table}.{key}": value for table in ("network", "fit") for key, value in data[table].items()}
    values = {"dataset": config.dataset, **tables}
    return {key: json.dumps(value, ensure_ascii=False) for key, value in values.items()}


def _stored(folder: Path) -> TrainConfig | None:
    """Return what a run was begun with, read as any configuration: a key that came later has its default."""
    path = folder / CONFIG
    return TrainConfig.load(path) if path.exists() else None


def check_tables(folder: Path, dataset: Dataset) -> None:
    """Raise DatasetError where a run's codes meant other things: its data set was prepared anew.

    A run from before the tables were noted down passes.
    """
    try:
        kept = json.loads((folder / TABLES).read_bytes())
    except (OSError, ValueError):
        return
    if kept != _tables(dataset):
        raise DatasetError(
            f"{dataset.path} was prepared anew, with other tables than {folder} learned: "
            "train another --out, or prepare it as it was"
        )


def _tables(dataset: Dataset) -> dict[str, Any]:
    return {"codec": dataset.codec.to_dict(), "metres": list(dataset.metres)}


def begin(folder: Path, config: TrainConfig, dataset: Dataset) -> None:
    """Note down in a run's folder, made if need be, its configuration and what its weights' codes mean."""
    folder.mkdir(parents=True, exist_ok=True)
    if _stored(folder) != config:
        write_json(folder / CONFIG, config.to_dict(), indent=1)
    write_json(folder / TABLES, _tables(dataset))
