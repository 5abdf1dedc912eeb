"""A prepared data set on disk: codes and clocks of every split, memory-mapped."""

from __future__ import annotations

import json
import sys
import zipfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from ...models.codec import Codec
from ...models.errors import AntiphonError, DatasetError
from ...models.score import Part
from ...models.wholefile import insist

FORMAT_VERSION = 1
SplitName = Literal["train", "valid", "test"]
SPLITS: tuple[SplitName, ...] = get_args(SplitName)
CLOCK = ("tick", "bar", "place", "bar_ticks", "metre")
"""Columns of the clock: onset tick since the first barline, bar, tick in bar, ticks a bar, metre code."""


@dataclass(frozen=True)
class Split:
    """The notes of one split, piece after piece; nothing is copied into memory until it is read."""

    codes: npt.NDArray[np.int16]
    """(note, field)"""
    clock: npt.NDArray[np.int32]
    """(note, 5), see CLOCK; the metre is its index in the data set's metres + 1, 0 for others."""
    offsets: npt.NDArray[np.int64]
    """(piece + 1,): piece i has the notes offsets[i]..offsets[i + 1]."""
    names: tuple[str, ...]
    ends: npt.NDArray[np.int64] | None = None
    """(piece,): the tick at which each piece was cut off, for sets that say so."""

    @property
    def pieces(self) -> int:
        """How many pieces there are."""
        return len(self.offsets) - 1

    def piece(self, index: int) -> slice:
        """Return where a piece's notes lie."""
        return slice(int(self.offsets[index]), int(self.offsets[index + 1]))


@dataclass(frozen=True)
class Dataset:
    """What `antiphon prepare` wrote."""

    path: Path
    codec: Codec
    metres: tuple[str, ...]
    """Those of at least 0.5 % of the training notes, most frequent first."""
    parts: tuple[Part, ...]
    monophonic: bool
    """Whether no part of any piece sounds two notes at once."""
    tonic: int | None
    """Pitch class of every piece's tonic, for sets that were transposed to one."""
    info: dict[str, Any]
    """All of dataset.json: sources, counts and the report's totals too."""

    @classmethod
    def load(cls, path: Path | str) -> Dataset:
        """Open a data set; raises DatasetError that says what is missing or wrong."""
        path = Path(path)
        try:
            info = json.loads((path / "dataset.json").read_text(encoding="utf-8"))
        except OSError as error:
            raise DatasetError(
                f"{path}: no finished data set here (run antiphon prepare; a relative path counts from the "
                f"folder in which you trained): {error}"
            ) from error
        except ValueError as error:
            raise DatasetError(f"{path}/dataset.json is not JSON: {error}") from error
        version = info.get("format_version") if isinstance(info, dict) else None
        if version != FORMAT_VERSION:
            raise DatasetError(
                f"{path}: data set format {version}, this Antiphon reads {FORMAT_VERSION}: prepare it again"
            )
        try:
            return cls(
                path=path,
                codec=Codec.from_dict(info["codec"]),
                metres=tuple(info["metres"]),
                parts=tuple(Part(**part) for part in info["parts"]),
                monophonic=bool(info["monophonic"]),
                tonic=info.get("tonic"),
                info=info,
            )
        except (KeyError, TypeError, AntiphonError) as error:
            raise DatasetError(f"{path}/dataset.json: missing or wrong: {error}") from error

    def split(self, name: SplitName) -> Split:
        """Return a split, memory-mapped; raises DatasetError if its files contradict each other."""
        try:
            codes = np.load(self.path / f"{name}.codes.npy", mmap_mode="r")
            clock = np.load(self.path / f"{name}.clock.npy", mmap_mode="r")
            offsets = np.load(self.path / f"{name}.pieces.npy")
            names = tuple(json.loads((self.path / f"{name}.names.json").read_text(encoding="utf-8")))
            cut = self.path / f"{name}.ends.npy"
            ends = np.load(cut) if cut.exists() else None
        except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise DatasetError(f"{self.path}: split {name} cannot be read: {error}") from error
        fields = len(self.codec.fields)
        if codes.ndim != 2 or codes.shape[1] != fields or clock.shape != (len(codes), len(CLOCK)):
            raise DatasetError(
                f"{self.path}: split {name} has codes {codes.shape} and clock {clock.shape}, "
                f"expected (notes, {fields}) and (notes, {len(CLOCK)})"
            )
        if len(offsets) != len(names) + 1 or offsets[0] != 0 or offsets[-1] != len(codes):
            raise DatasetError(f"{self.path}: split {name}: its pieces do not add up to {len(codes)} notes")
        if ends is not None and ends.shape != (len(names),):
            raise DatasetError(f"{self.path}: split {name} has {len(names)} pieces and {len(ends)} ends")
        return Split(codes, clock, offsets, names, ends)


def begin_again(folder: Path) -> None:
    """Make an old data set of a folder unfinished, and leave nothing of it that not every one writes anew.

    Raises DatasetError on Windows where a run has it mapped into its memory: then it stays as it is.
    """
    try:
        if sys.platform == "win32":  # what cannot be removed cannot be replaced either
            insist(partial((folder / "train.codes.npy").unlink, missing_ok=True))
    except PermissionError as error:
        raise DatasetError(
            f"{folder} is in use, perhaps by a run that learns from it: give the same command again after "
            f"that, or choose another --out ({error})"
        ) from error
    (folder / "dataset.json").unlink(missing_ok=True)
    for split in SPLITS:
        (folder / f"{split}.ends.npy").unlink(missing_ok=True)
