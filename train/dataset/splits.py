"""Which split a piece belongs to: an index says, or the name of a folder, zip or file, or a hash."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

from ...models.errors import ConfigError, MusicError
from ..corpus.sources import Item, Place, label_of, read_bytes
from .dataset import SplitName
from .splitindex import SPLIT_WORDS, Index

Authority = Literal["index", "name", "hash"]
_COPY = re.compile(r" \(\d+\)$")
"""What tells a tune from another of its number in the file; an index knows only the number."""
_NOWHERE = Place()
Folder = tuple[str, str, str]
"""The source's folder, a zip below it or "", and a folder below that."""


class Splits:
    """Looks splits up.

    >>> Splits({}).of("tunes/a.valid.abc", "12")
    ('valid', 'name')
    """

    def __init__(self, beside: Mapping[Folder, Index], given: Index | None = None) -> None:
        """Take what indexes say of the music in their folders, and what one says of all music."""
        self._beside, self._given = beside, given
        self._example = ""
        """A piece that was looked up."""
        self._torn: list[str] = []
        """Pieces that two indexes put into two splits."""

    @classmethod
    def read(cls, paths: Iterable[Path]) -> Splits:
        """Read index files that count for all music; raises ConfigError naming the file and what it lacks."""
        return cls({}, Index((str(path), _content(path)) for path in paths))

    @classmethod
    def found(cls, items: Iterable[Item]) -> Splits:
        """Read index files, each of which counts for the music in its own folder.

        Raises:
            ConfigError: naming the file and what it lacks.
        """
        folders: dict[Folder, dict[str, Item]] = {}
        for item in items:
            folder = item.place.root, item.place.holder, str(PurePosixPath(item.name).parent)
            # A folder is looked into once for each file in it that is a source.
            folders.setdefault(folder, {})[item.name] = item
        return cls({folder: Index(map(_named_content, mine.values())) for folder, mine in folders.items()})

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
        label = label_of(file, piece)
        self._example = self._example or label
        said = []
        for index, name in self._indexes(file, place):
            # A file of one piece has its name, which is another below another folder.
            own_name = unicodedata.normalize("NFC", piece)
            pieces = (name,) if piece == file else (own_name, _COPY.sub("", own_name))
            if split := index.of(name, pieces):
                said.append(split)
        if said:
            if len(set(said)) > 1:
                self._torn.append(label)
            return said[0], "index"
        above = (place.title, *PurePosixPath(place.holder).parts)
        named = _named([own] if own else []) or _named((*above, *PurePosixPath(file).parts))
        if named:
            return named, "name"
        known = f"{file}#{piece}".encode(errors="surrogatepass")  # JSON may hold halves of characters
        share = int.from_bytes(hashlib.sha256(known).digest()[:4], "big") / 2**32
        return ("train" if share < 0.8 else "valid" if share < 0.9 else "test"), "hash"

    def remarks(self) -> list[str]:
        """Return, once all pieces were looked up, what of the indexes counts for nothing.

        Raises:
            ConfigError: an index that was asked for names none of the pieces.
        """
        told = []
        if self._torn:
            told.append(
                f"{len(self._torn)} pieces are in two splits by two indexes, such as {self._torn[0]}: the "
                "index in the innermost folder counts"
            )
        for called, (idle, rows) in (self._given.idle() if self._given and self._example else {}).items():
            if len(idle) == rows:
                raise ConfigError(
                    f"index {called}: none of its {rows} rows names a piece: the first names {idle[0]}, and "
                    f"a piece is called {self._example!r}"
                )
        found = [*self._beside.values(), *([self._given] if self._given else [])]
        counts = [count for index in found for count in index.idle().values()]
        if idle := [row for rows, _ in counts for row in rows]:
            total = sum(rows for _, rows in counts)
            told.append(f"{len(idle)} of {total} index rows name no piece that was read, such as {idle[0]}")
        return told

    def _indexes(self, file: str, place: Place) -> Iterator[tuple[Index, str]]:
        """Yield the indexes that count for a file, that of the innermost folder first, and its name there."""
        if self._given:
            yield self._given, file
        if not self._beside:
            return
        for folder in map(str, PurePosixPath(file).parents):
            if index := self._beside.get((place.root, place.holder, folder)):
                yield index, file if folder == "." else file[len(folder) + 1 :]
        for folder in map(str, PurePosixPath(place.holder).parents if place.holder else ()):
            if index := self._beside.get((place.root, "", folder)):
                yield index, file


def _content(path: Path) -> bytes:
    """Return what an index file holds; raises ConfigError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"index {path}: {error}") from error


def _named_content(item: Item) -> tuple[str, bytes]:
    """Return what an index file that was found is called, and what it holds."""
    called = f"{item.path}/{item.name}" if item.member else item.path
    try:
        return called, read_bytes(item)
    except MusicError as error:
        raise ConfigError(f"index {called}: {error}") from error


def _named(parts: Sequence[str]) -> SplitName | None:
    """Return the split that a folder or a dotted piece of a file's name spells."""
    for part in reversed(parts):
        for word in part.lower().split("."):
            if word in SPLIT_WORDS:
                return SPLIT_WORDS[word]
    return None
