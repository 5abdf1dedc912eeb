"""Which split a piece belongs to: an index says, or the name of a folder, zip or file, or a hash."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path, PurePosixPath
from typing import Literal

from ..models.errors import ConfigError
from .dataset import SplitName
from .sources import Place

Authority = Literal["index", "name", "hash"]
INDEX_NAMES = ("index.csv", "info.csv")
_COPY = re.compile(r" \(\d+\)$")
"""What tells a tune from another of its number in the file; an index knows only the number."""
_PIECES = ("id", "song_id", "name")
_FILES = ("file", "midi_filename", "path", "source_path")
_COLUMNS = ("id", "file", "midi_filename", "song_id", "name", "path", "source_path")
Key = str | tuple[str, str]
"""What names a piece: its own name, its file's, or (file, piece)."""
_NOWHERE = Place()
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

    def __init__(self, index: Mapping[Key, SplitName]) -> None:
        self._index = index

    @classmethod
    def read(cls, paths: Iterable[Path]) -> Splits:
        """Read index files; raises ConfigError naming the file and what it lacks."""
        told = _Told()
        for path in paths:
            for row in _rows(path):
                told.add(row)
        return cls(told.keys())

    def of(
        self, file: str, piece: str, own: str | None = None, place: Place = _NOWHERE
    ) -> tuple[SplitName, Authority]:
        """Return a piece's split and who said so.

        Args:
            file: the file's name below its source.
            piece: the piece's own name, such as a tune's id.
            own: what the file itself says.
            place: its source and zip.
        """
        pieces, files = (piece, _COPY.sub("", piece)), (file, *_short(file))
        keys: list[Key] = [*product(files, pieces), *pieces, *files, PurePosixPath(file).parent.name]
        for key in keys:
            if key in self._index:
                return self._index[key], "index"
        above = (place.title, *PurePosixPath(place.holder).parts)
        named = _named([own] if own else []) or _named((*above, *PurePosixPath(file).parts))
        if named:
            return named, "name"
        known = f"{file}#{piece}".encode(errors="surrogatepass")  # JSON may hold halves of characters
        share = int.from_bytes(hashlib.sha256(known).digest()[:4], "big") / 2**32
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


@dataclass(frozen=True)
class _Row:
    """What one line of an index says."""

    pieces: tuple[str, ...]
    files: tuple[str, ...]
    split: SplitName


class _Told:
    """Gathers what the rows of an index say of each key."""

    def __init__(self) -> None:
        self._exact: dict[Key, SplitName | None] = {}
        self._short: dict[Key, SplitName | None] = {}
        self._file_of: dict[str, tuple[str, ...]] = {}
        """The file with a piece of each name; () where several have one."""

    def add(self, row: _Row) -> None:
        """Take in a row: a file and a piece together where it has both, and each alone if that names one."""
        for file in row.files:
            for piece in row.pieces:
                self._exact[file, piece] = row.split
                for brief in _short(file):
                    _agree(self._short, (brief, piece), row.split)
            if row.pieces:
                _agree(self._exact, file, row.split)
            else:
                self._exact[file] = row.split
            for brief in _short(file):
                _agree(self._short, brief, row.split)
        for piece in row.pieces:
            if not row.files:
                self._exact[piece] = row.split
            elif self._file_of.setdefault(piece, row.files) == row.files:
                _agree(self._exact, piece, row.split)
            else:
                self._exact[piece] = None
            for brief in _short(piece):
                _agree(self._short, brief, row.split)

    def keys(self) -> dict[Key, SplitName]:
        """Return the split of every key that has one."""
        found = self._short | self._exact
        return {key: split for key, split in found.items() if split is not None}


def _agree(found: dict[Key, SplitName | None], key: Key, split: SplitName) -> None:
    """Note a key's split; what two rows say otherwise names none."""
    found[key] = split if found.setdefault(key, split) == split else None


def _rows(path: Path) -> Iterable[_Row]:
    """Yield what each row of an index says."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            rows, names = list(reader), reader.fieldnames or []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"index {path}: {error}") from error
    if not rows or "split" not in names or not set(_COLUMNS) & set(names):
        raise ConfigError(
            f"index {path}: it needs a column split and one of {', '.join(_COLUMNS)}; it has "
            f"{', '.join(map(repr, names)) if rows else 'no rows'}. Add what is missing, or give the file "
            "another name if it does not say which piece is in which split"
        )
    for number, row in enumerate(rows, start=2):
        split = _WORDS.get((row["split"] or "").strip().lower())
        if split is None:
            raise ConfigError(f"index {path}, line {number}: split {row['split']!r} is not known")
        pieces, files = (tuple(row[c] for c in kind if row.get(c)) for kind in (_PIECES, _FILES))
        # Windows' backslashes; but one may stand for a byte in a printable name, too.
        slashed = (file.replace("\\", "/") for file in files if "\\" in file)
        yield _Row(pieces, (*files, *slashed), split)
