"""Index files: CSV tables that say which piece is in which split."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import PurePosixPath

from ...models.errors import ConfigError
from .dataset import SplitName

_PIECES = ("id", "song_id", "name")
_FILES = ("file", "midi_filename", "path", "source_path")
_COLUMNS = (*_PIECES, *_FILES)
Key = str | tuple[str, str]
"""What names a piece: its own name, its file's, or (file, piece)."""
SPLIT_WORDS: Mapping[str, SplitName] = {
    "train": "train",
    "training": "train",
    "valid": "valid",
    "validation": "valid",
    "val": "valid",
    "dev": "valid",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True)
class _Row:
    """What one line of an index says."""

    where: str
    """The index and the line, in words."""
    called: str
    """The index alone."""
    pieces: tuple[str, ...]
    files: tuple[str, ...]
    split: SplitName

    @property
    def keys(self) -> tuple[Key, ...]:
        """What it names: a file and a piece together where it has both, else either."""
        return tuple(product(self.files, self.pieces)) or (*self.files, *self.pieces)

    @property
    def all_keys(self) -> Iterator[Key]:
        """All by which it can be found."""
        files = [name for file in self.files for name in (file, *_short(file))]
        yield from product(files, self.pieces)
        yield from files
        for piece in self.pieces:
            yield from (piece, *_short(piece))

    def __str__(self) -> str:
        names = self.keys[:1]  # a row with empty cells names nothing
        return " and ".join(repr(name) for key in names for name in ((key,) if isinstance(key, str) else key))


class Index:
    """What index files say together.

    >>> Index([("index.csv", b"file,id,split\\na.abc,1,test\\na.abc,2,train\\n")]).of("a.abc", ["1"])
    'test'
    """

    def __init__(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Read files, (what they are called, content); raises ConfigError naming one and what is wrong."""
        self._rows: list[_Row] = []
        self._used: set[Key] = set()
        """By what pieces were found."""
        self._outright: dict[Key, SplitName | None] = {}
        """By the rows' own keys; None where one of a row's names is another row's, too."""
        self._first: dict[Key, _Row] = {}
        """The first row with a key."""
        self._alone: dict[Key, SplitName | None] = {}
        """By the file or the piece alone, of rows that have both."""
        self._short: dict[Key, SplitName | None] = {}
        self._file_of: dict[str, tuple[str, ...]] = {}
        """The file with a piece of each name."""
        for called, data in files:
            for row in _rows(called, data):
                self._rows.append(row)
                self._add_outright(row)
                self._add_others(row)

    def of(self, file: str, pieces: Iterable[str]) -> SplitName | None:
        """Return the split of a piece, None if nothing is said of it.

        Args:
            file: the file's name below the index's folder.
            pieces: the piece's own names, the exact one first.
        """
        pieces, files = tuple(pieces), (file, *_short(file))
        keys: list[Key] = [*product(files, pieces), *pieces, *files, PurePosixPath(file).parent.name]
        for key in keys:
            if split := self._split(key):
                self._used.add(key)
                return split
        return None

    def idle(self) -> dict[str, tuple[list[str], int]]:
        """Return, by the file's name, the rows that named no piece so far, in words, and how many it has."""
        found: dict[str, tuple[list[str], int]] = {}
        for row in self._rows:
            idle, total = found.get(row.called, ([], 0))
            if self._used.isdisjoint(row.all_keys):
                idle.append(f"{row} ({row.where})".strip())
            found[row.called] = idle, total + 1
        return found

    def _split(self, key: Key) -> SplitName | None:
        """Return what a key means: the rows that have it themselves go before those that share it."""
        for said in (self._outright, self._alone, self._short):
            if key in said:
                return said[key]
        return None

    def _add_outright(self, row: _Row) -> None:
        """Take in what a row names; raises ConfigError where another has put all of it into another split."""
        before = {key: self._outright.get(key, row.split) for key in row.keys}
        torn = [key for key, split in before.items() if split != row.split]
        if len(torn) == len(before) and torn:
            first = self._first[torn[0]]
            raise ConfigError(
                f"{row.where}: {row} is in {row.split} here, and in {first.split} by {first.where}; give "
                "a piece one split, and where two have one name a column with its file, too"
            )
        for key in before:
            self._first.setdefault(key, row)
            self._outright[key] = None if key in torn else row.split

    def _add_others(self, row: _Row) -> None:
        """Take in what else means a row, where no other row says otherwise."""
        for file in row.files:
            for brief, piece in product(_short(file), row.pieces):
                _agree(self._short, (brief, piece), row.split)
            if row.pieces:
                _agree(self._alone, file, row.split)
            for brief in _short(file):
                _agree(self._short, brief, row.split)
        for piece in row.pieces:
            if row.files and self._file_of.setdefault(piece, row.files) == row.files:
                _agree(self._alone, piece, row.split)
            elif row.files:
                self._alone[piece] = None
            for brief in _short(piece):
                _agree(self._short, brief, row.split)


def _short(key: str) -> tuple[str, ...]:
    """Return the base name of a path, with and without its ending."""
    base = PurePosixPath(key)
    return (base.name, base.stem) if "#" not in base.name else (base.name,)


def _agree(found: dict[Key, SplitName | None], key: Key, split: SplitName) -> None:
    """Note a key's split; what two rows say otherwise names none."""
    found[key] = split if found.setdefault(key, split) == split else None


def _rows(called: str, data: bytes) -> Iterable[_Row]:
    """Yield what each row of an index says."""
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"index {called} is not UTF-8: save it as CSV UTF-8 ({error})") from error
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""))
        rows, names = list(reader), reader.fieldnames or []
    except csv.Error as error:
        raise ConfigError(f"index {called}: {error}") from error
    if not rows or "split" not in names or not set(_COLUMNS) & set(names):
        raise ConfigError(
            f"index {called}: it needs a column split and one of {', '.join(_COLUMNS)}; it has "
            f"{', '.join(map(repr, names)) if rows else 'no rows'}. Add what is missing, or give the file "
            "another name, or leave it out with --exclude, if it does not say which piece is in which split"
        )
    for number, row in enumerate(rows, start=2):
        where = f"index {called}, line {number}"
        split = SPLIT_WORDS.get((row["split"] or "").strip().lower())
        if split is None:
            raise ConfigError(f"{where}: split {row['split']!r} is not known")
        row = {
            column: unicodedata.normalize("NFC", row[column] or "") for column in _COLUMNS if column in row
        }
        pieces, files = (tuple(row[c] for c in kind if row.get(c)) for kind in (_PIECES, _FILES))
        # Windows' backslashes; but one may stand for a byte in a printable name, too.
        slashed = (file.replace("\\", "/") for file in files if "\\" in file)
        yield _Row(where, called, pieces, (*files, *slashed), split)
