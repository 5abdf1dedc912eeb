"""Small made-up music for the tests: a data set on disk in a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from antiphon.models.codec import Codec
from antiphon.models.field import Field
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.note import Note
from antiphon.models.score import Part
from antiphon.train.dataset.dataset import SPLITS, SplitName
from antiphon.train.dataset.encodeshard import clock_of
from antiphon.train.dataset.writeset import write_info, write_split

PARTS = (Part("high"), Part("low"))


def small_codec(parts: int = 2) -> Codec:
    """Two parts, pitch, duration, on a grid of 12."""
    part = (Field("part", tuple(range(parts))),) if parts > 1 else ()
    return Codec(
        (
            Field("delta", tuple(range(0, 37))),
            *part,
            Field("pitch", tuple(range(128))),
            Field("duration", (3, 6, 12, 24, 36)),
        ),
        ticks_per_beat=12,
    )


def melody(seed: int, notes: int, parts: int = 2) -> list[Note]:
    """A scale that wanders, over held notes of the low part, with a pick-up."""
    rng = np.random.default_rng(seed)
    scale = [60, 62, 64, 65, 67, 69, 71, 72, 74, 76]
    at, degree, made = 3.0, 4, []
    for i in range(notes):
        length = float(rng.choice([0.5, 1.0], p=[0.7, 0.3]))
        degree = int(np.clip(degree + rng.integers(-2, 3), 0, len(scale) - 1))
        made.append(Note(scale[degree] + seed % 3, at, length, part=0))
        if parts > 1 and i % 4 == 0:
            made.append(Note(scale[degree] - 24 + seed % 3, at, 2.0, part=1))
        at += length
    return made


def write_dataset(folder: Path, pieces: int = 12, notes: int = 60, parts: int = 2) -> Path:
    """Write a data set as `antiphon prepare` would."""
    counts = [pieces, *[max(pieces // 4, 2)] * (len(SPLITS) - 1)]
    music = [[melody(100 * s + i, notes, parts) for i in range(count)] for s, count in enumerate(counts)]
    return write_music(folder, small_codec(parts), dict(zip(SPLITS, music, strict=True)), parts)


def write_music(folder: Path, codec: Codec, music: dict[SplitName, list[list[Note]]], parts: int = 1) -> Path:
    """Write a data set of pieces in 4/4."""
    folder.mkdir(parents=True, exist_ok=True)
    metres = MetreMap(((0.0, Metre(4, 4)),))
    for split in SPLITS:
        made = [codec.encode(piece, metres) for piece in music[split]]
        named = [(f"{split}/{i}", len(piece)) for i, piece in enumerate(made)]
        codes, clocks = (piece.codes for piece in made), (clock_of(piece, ["4/4"]) for piece in made)
        write_split(folder, split, codec, named, codes, clocks)
    write_info(folder, codec, ["4/4"], PARTS[:parts], monophonic=False, sources=[], counts={}, report={})
    return folder
