"""Small made-up music for the tests: a data set on disk in a second."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from antiphon.models.codec import Codec
from antiphon.models.field import Field
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.note import Note
from antiphon.train.dataset.dataset import codec_to_json

PARTS = [{"name": n, "program": 0, "is_drum": False} for n in ("high", "low")]


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
    folder.mkdir(parents=True, exist_ok=True)
    codec = small_codec(parts)
    metres = MetreMap(((0.0, Metre(4, 4)),))
    for s, split in enumerate(("train", "valid", "test")):
        codes, clocks, offsets = [], [], [0]
        count = pieces if split == "train" else max(pieces // 4, 2)
        for i in range(count):
            e = codec.encode(melody(100 * s + i, notes, parts), metres)
            codes.append(e.codes.astype(np.int16))
            clocks.append(np.stack([e.ticks, e.bars, e.places, e.bar_ticks, np.ones_like(e.ticks)], axis=1))
            offsets.append(offsets[-1] + len(e))
        np.save(folder / f"{split}.codes.npy", np.concatenate(codes))
        np.save(folder / f"{split}.clock.npy", np.concatenate(clocks).astype(np.int32))
        np.save(folder / f"{split}.pieces.npy", np.array(offsets, np.int64))
        (folder / f"{split}.names.json").write_text(json.dumps([f"{split}/{i}" for i in range(count)]))
    info = {
        "format_version": 1,
        "codec": codec_to_json(codec),
        "metres": ["4/4"],
        "parts": PARTS[:parts],
        "monophonic": False,
        "sources": [],
        "counts": {},
        "report": {},
    }
    (folder / "dataset.json").write_text(json.dumps(info))
    return folder
