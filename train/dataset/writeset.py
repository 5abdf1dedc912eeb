"""A data set written: the arrays of each split, and dataset.json, which comes last and makes it finished."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...models.codec import Codec
from ...models.errors import DatasetError
from ...models.score import Part
from ...models.wholefile import write_json
from .arrayfile import write_array, write_rows
from .dataset import CLOCK, FORMAT_VERSION, SplitName

MAX_VALUES = 2**15
"""Of a field's table: codes are kept in 16 bits, and beyond them they would become others."""


def check_tables(codec: Codec) -> None:
    """Raise DatasetError for tables whose codes a data set cannot hold."""
    for field in codec.fields:
        if len(field.values) > MAX_VALUES:
            raise DatasetError(
                f"the field {field.name} would have {len(field.values)} codes, a data set holds at most "
                f"{MAX_VALUES}: choose a larger least in a configuration (--config), or a coarser grid"
            )


def write_split(
    folder: Path,
    split: SplitName,
    codec: Codec,
    pieces: Sequence[tuple[str, int]],
    codes: Iterable[npt.NDArray[np.integer]],
    clocks: Iterable[npt.NDArray[np.integer]],
) -> dict[str, int]:
    """Write what :meth:`.dataset.Dataset.split` reads; return how many pieces and notes that is.

    Args:
        pieces: name and notes of each, in the order of the arrays.
        codes: arrays (note, field) that hold all notes one after the other; one is in memory at a time.
        clocks: the same for the clock, (note, 5).
    """
    offsets = np.cumsum([0, *(notes for _, notes in pieces)], dtype=np.int64)
    total = int(offsets[-1])
    write_rows(folder / f"{split}.codes.npy", codes, (total, len(codec.fields)), np.int16)
    write_rows(folder / f"{split}.clock.npy", clocks, (total, len(CLOCK)), np.int32)
    write_array(folder / f"{split}.pieces.npy", offsets)
    write_json(folder / f"{split}.names.json", [name for name, _ in pieces])
    return {"pieces": len(pieces), "notes": total}


def write_info(
    folder: Path,
    codec: Codec,
    metres: Sequence[str],
    parts: Iterable[Part],
    *,
    monophonic: bool,
    **more: Any,
) -> dict[str, Any]:
    """Write dataset.json, ``more`` as it is; return what it holds."""
    info: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "codec": codec.to_dict(),
        "metres": list(metres),
        "parts": [asdict(part) for part in parts],
        "monophonic": monophonic,
        **more,
    }
    write_json(folder / "dataset.json", info, indent=1)
    return info
