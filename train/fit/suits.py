"""Whether a data set suits a configuration, before any work is done with both."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np

from ...models.codec import Codec
from ...models.errors import ConfigError, DatasetError
from ..config.config import TrainConfig
from ..dataset.dataset import Dataset
from ..network.shape import PLACES, pitch_values, tick_values
from .passages import Piece

log = logging.getLogger("antiphon.train")
_FEW = 0.01
"""Share of notes that is not worth a warning."""


def check_pieces(config: TrainConfig, dataset: Dataset, pieces: Mapping[str, list[Piece]]) -> None:
    """Look at the pieces to train on, by split; say what is odd about them.

    Raises:
        DatasetError: a split is empty.
        ConfigError: the network gives some notes no probability.
    """
    for name, found in pieces.items():
        if not found:
            raise DatasetError(
                f"{config.dataset}: the {name} split holds no piece; prepare more music, or put some "
                f"of it into a folder {name} and prepare it again"
            )
    if not dataset.split("test").pieces:
        log.warning("the test split holds no piece: `antiphon evaluate` will want --split valid")
    if config.network.roll:
        _check_rolls(dataset.codec, pieces)
    _warn_of_places(dataset.codec, pieces["train"])


def check_fields(config: TrainConfig, dataset: Dataset) -> None:
    """Raise ConfigError where the network asks for what the data set lacks."""
    names = dataset.codec.names
    if dataset.codec.is_text and (config.network.relative_pitch or config.network.tonic):
        raise ConfigError("a data set of text has no pitches: set network.relative_pitch = false")
    if dataset.codec.is_text and config.network.phrases:
        raise ConfigError("a data set of text has no bars to count: set network.phrases = false")
    if config.network.voices and "part" not in names:
        raise ConfigError("network.voices needs the field part; this data set has one part")
    for key in ("sounding", "sounding_ahead"):
        if getattr(config.network, key) and "duration" not in names:
            raise ConfigError(f"network.{key} needs the field duration, which this data set lacks")
    if config.network.tonic and dataset.tonic is None:
        raise ConfigError("network.tonic needs a data set that tells the tonic")
    if config.fit.transpose != (0, 0) and any(part.is_drum for part in dataset.parts):
        raise ConfigError("fit.transpose: drums must not be transposed")
    if config.fit.transpose != (0, 0) and dataset.codec.is_text:
        raise ConfigError("fit.transpose: a data set of text has no pitches to transpose")


def impossible_notes(codec: Codec, piece: Piece) -> int:
    """Return how many notes of a piece no piano roll can hold; see `roll` of the network."""
    pitch = pitch_values(codec)[piece.codes[:, codec.names.index("pitch")]]
    last = tick_values(codec, "duration")[piece.codes[:, codec.names.index("duration")]]
    onset = piece.clock[:, 0].astype(np.int64)
    found = np.zeros(len(piece), bool)
    found[1:] = (np.diff(onset) == 0) & (np.diff(pitch) <= 0)
    order = np.argsort(pitch, kind="stable")  # each pitch's notes one after the other
    same = np.diff(pitch[order]) == 0
    found[order[1:]] |= same & (onset[order[1:]] <= (onset + last)[order[:-1]])
    return int(found.sum())


def _check_rolls(codec: Codec, pieces: Mapping[str, list[Piece]]) -> None:
    """Raise ConfigError where music holds notes to which `roll` gives no probability."""
    every = [piece for each in pieces.values() for piece in each]
    total, count = sum(map(len, every)), sum(impossible_notes(codec, piece) for piece in every)
    if count:
        raise ConfigError(
            f"network.roll gives no probability to {count} of the {total} notes, which begin where their "
            "pitch sounds or has just ended, or below another of the same onset: set network.roll = false"
        )


def _warn_of_places(codec: Codec, pieces: list[Piece]) -> None:
    """Say so where bars have more ticks than the network tells apart."""
    places = np.concatenate([piece.clock[:, 2] for piece in pieces])
    beyond = int((places >= PLACES).sum())
    if not codec.is_text and beyond > _FEW * len(places):
        log.warning(
            "%d of %d notes lie more than %d ticks into their bar, which the network cannot tell apart: "
            "prepare with fewer --ticks-per-beat than %d",
            beyond, len(places), PLACES, codec.ticks_per_beat,
        )  # fmt: skip
