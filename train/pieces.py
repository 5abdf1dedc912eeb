"""Music files to pieces: every reader behind one door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

from antiphon.models.errors import AntiphonError, MusicError
from antiphon.models.midi import read_midi
from antiphon.models.score import Score

from . import abcfile, gridjson
from .accents import with_written_bars
from .musicxml import read_musicxml
from .patience import TookTooLong, patience
from .sources import Item, Kind, Skipped, Work, decode_text, read_bytes

PIECE_SECONDS = 120.0
"""How long one piece may take: a symphony takes seconds."""


@dataclass(frozen=True)
class Piece:
    """One piece of music as it was read."""

    file: str
    """The file it came from, below its source."""
    name: str
    """Its own name; the file's where a file is one piece."""
    split: str | None
    """What the file itself says."""
    score: Score


@dataclass(frozen=True)
class _Unread:
    """A piece found in a file; reading it is the slow part."""

    name: str
    split: str | None
    read: Callable[[], Score]


def read_work(work: Work) -> Iterator[Piece | Skipped]:
    """Yield the pieces of a unit of work; what cannot be read is yielded as Skipped."""
    item = work.item
    try:
        unread = _READERS[item.kind](item, read_bytes(item))
        for piece in islice(unread, work.start, work.stop):
            yield _read(item, piece)
    except (AntiphonError, RecursionError, MemoryError) as error:
        yield Skipped(item.name, "unreadable", _one_line(error))


def _read(item: Item, piece: _Unread) -> Piece | Skipped:
    """Read one piece."""
    label = piece.name if piece.name == item.name else f"{item.name}: {piece.name}"
    try:
        with patience(PIECE_SECONDS):
            return Piece(item.name, piece.name, piece.split, piece.read())
    except TookTooLong:
        return Skipped(label, "took too long", f"not read after {PIECE_SECONDS:g} s")
    except MusicError as error:
        return Skipped(label, "unreadable", _one_line(error))
    except Exception as error:  # a file nobody foresaw must not end the other files' work
        return Skipped(label, "unreadable", _one_line(f"{type(error).__name__}: {error}"))


def _midi(item: Item, data: bytes) -> Iterator[_Unread]:
    yield _Unread(item.name, None, lambda: with_written_bars(read_midi(data, item.name)))


def _musicxml(item: Item, data: bytes) -> Iterator[_Unread]:
    yield _Unread(item.name, None, lambda: read_musicxml(data, item.name))


def _abc(item: Item, data: bytes) -> Iterator[_Unread]:
    for tune in abcfile.tunes(decode_text(data)):
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


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:300]
