"""Music files to pieces: every reader behind one door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

from ...models.abc import decode_abc
from ...models.errors import AntiphonError
from ...models.midi import read_midi
from ...models.score import Score
from . import abcfile, gridjson
from .accents import with_written_bars
from .musicxml import read_musicxml
from .patience import TookTooLong, patience
from .sources import Item, Kind, Place, Skipped, Work, label_of, read_bytes

PIECE_SECONDS = 120.0
"""How long one piece may take: a symphony takes seconds."""


@dataclass(frozen=True)
class ReadPiece:
    """One piece of music as it was read."""

    file: str
    """The file it came from, below its source."""
    name: str
    """Its own name; the file's where a file is one piece."""
    split: str | None
    """What the file itself says."""
    place: Place
    score: Score

    @property
    def label(self) -> str:
        """What reports call the piece."""
        return label_of(self.file, self.name)


@dataclass(frozen=True)
class _Unread:
    """A piece found in a file; reading it is the slow part."""

    name: str
    split: str | None
    read: Callable[[], Score]


def read_work(work: Work) -> Iterator[ReadPiece | Skipped]:
    """Yield the pieces of a unit of work; what cannot be read is yielded as Skipped."""
    item = work.item
    try:
        unread = _READERS[item.kind](item, read_bytes(item))
        for piece in islice(unread, work.start, work.stop):
            yield _read(item, piece)
    except Exception as error:  # a file nobody foresaw must not end the other files' work
        yield unreadable(item.name, error)


def _read(item: Item, piece: _Unread) -> ReadPiece | Skipped:
    """Read one piece."""
    label = label_of(item.name, piece.name)
    try:
        with patience(PIECE_SECONDS):
            return ReadPiece(item.name, piece.name, piece.split, item.place, piece.read())
    except TookTooLong:
        return Skipped(label, "took too long", f"not read after {PIECE_SECONDS:g} s")
    except Exception as error:
        return unreadable(label, error)


def unreadable(label: str, error: Exception) -> Skipped:
    """Return what is reported of a file or piece whose reading ended in ``error``."""
    text = str(error) if isinstance(error, AntiphonError) else f"{type(error).__name__}: {error}"
    return Skipped(label, "unreadable", " ".join(text.split())[:300])


def _midi(item: Item, data: bytes) -> Iterator[_Unread]:
    yield _Unread(item.name, None, lambda: with_written_bars(read_midi(data, item.name)))


def _musicxml(item: Item, data: bytes) -> Iterator[_Unread]:
    yield _Unread(item.name, None, lambda: read_musicxml(data, item.name))


def _abc(item: Item, data: bytes) -> Iterator[_Unread]:
    for tune in abcfile.tunes(decode_abc(data)):
        yield _Unread(tune.name, None, partial(abcfile.read_tune, tune))


def _grid(item: Item, data: bytes) -> Iterator[_Unread]:
    for grid in gridjson.pieces(data, item.name):
        yield _Unread(grid.name, grid.split, partial(gridjson.read_grid, grid))


_READERS: dict[Kind, Callable[[Item, bytes], Iterator[_Unread]]] = {
    "midi": _midi,
    "musicxml": _musicxml,
    "abc": _abc,
    "grid": _grid,
}
