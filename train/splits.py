"""Which split a piece belongs to: an index says, or a folder's or file's name, or a hash of its name."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

from antiphon.models.errors import ConfigError

from .dataset import SplitName

Authority = Literal["index", "name", "hash"]
INDEX_NAMES = ("index.csv", "info.csv")
_COPY = re.compile(r" \(\d+\)$")
"""What tells a tune from another of its number in the file; an index knows only the number."""
_COLUMNS = ("id", "file", "midi_filename", "song_id", "name", "path", "source_path")
_WORDS: dict[str, SplitName] = {
    "train": "train",
    "training": "train",
    "valid": "valid",
    "validation": "valid",
    "val": "valid",
    "dev": "valid",
    "test": "test",
    "testing": "test",
}


class Splits:
    """Looks splits up.

    >>> Splits({}).of("tunes/a.valid.abc", "12")
    ('valid', 'name')
    """

    def __init__(self, index: dict[str, SplitName]) -> None:
        self._index = index

    @classmethod
    def read(cls, paths: Iterable[Path]) -> Splits:
        """Read index files; raises ConfigError naming the file and what it lacks."""
        exact: dict[str, SplitName] = {}
        short: dict[str, SplitName | None] = {}
        for path in paths:
            for keys, split in _rows(path):
                for key in keys:
                    exact[key] = split
                    for brief in _short(key):
                        same = short.setdefault(brief, split) == split
                        short[brief] = split if same else None  # two pieces share it: it names none
        found = {key: split for key, split in short.items() if split is not None}
        return cls(found | exact)

    def of(self, file: str, piece: str, own: str | None = None) -> tuple[SplitName, Authority]:
        """Return a piece's split and who said so.

        Args:
            file: the file's name below its source.
            piece: the piece's own name, such as a tune's id.
            own: what the file itself says.
        """
        for key in (piece, _COPY.sub("", piece), file, *_short(file), PurePosixPath(file).parent.name):
            if key in self._index:
                return self._index[key], "index"
        named = _named([own] if own else []) or _named(PurePosixPath(file).parts)
        if named:
            return named, "name"
        share = int.from_bytes(hashlib.sha256(f"{file}#{piece}".encode()).digest()[:4], "big") / 2**32
        return ("train" if share < 0.8 else "valid" if share < 0.9 else "test"), "hash"


def _named(parts: Sequence[str]) -> SplitName | None:
    """Return the split that a folder or a dotted piece of a file's name spells."""
    for part in reversed(parts):
        for word in part.lower().split("."):
            if word in _WORDS:
                return _WORDS[word]
    return None


def _short(key: str) -> tuple[str, ...]:
    """Return the base name of a path, with and without its ending."""
    base = PurePosixPath(key)
    return (base.name, base.stem) if "#" not in base.name else (base.name,)


def _rows(path: Path) -> Iterable[tuple[list[str], SplitName]]:
    """Yield the keys and the split of each row of an index."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"index {path}: {error}") from error
    if not rows or "split" not in rows[0] or not set(_COLUMNS) & rows[0].keys():
        raise ConfigError(f"index {path}: it needs a column split and one of {', '.join(_COLUMNS)}")
    for number, row in enumerate(rows, start=2):
        split = _WORDS.get((row["split"] or "").strip().lower())
        if split is None:
            raise ConfigError(f"index {path}, line {number}: split {row['split']!r} is not known")
        yield [row[column] for column in _COLUMNS if row.get(column)], split
