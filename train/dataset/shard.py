"""What reading one unit of work leaves on disk: notes, and a line for each piece or skipped file."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...models.codec import nearest_tick
from ...models.errors import MusicError
from ...models.metre import Metre, MetreMap
from ...models.note import Note
from ...models.score import Score
from ...models.wholefile import write_json
from ..corpus.pieces import ReadPiece, read_work, unreadable
from ..corpus.sources import Place, Skipped, Work, label_of
from .arrange import taken, tidied
from .arrayfile import write_array
from .prepareconfig import PrepareConfig

Floats = npt.NDArray[np.float64]
_COLUMNS = ("pitch", "start", "duration", "velocity", "part")


@dataclass(frozen=True)
class Entry:
    """One piece in a shard."""

    file: str
    name: str
    split: str | None
    fingerprint: str
    """Equal for equal pieces and their transpositions."""
    notes: int
    first_place: int
    """Tick in bar of the first note."""
    metres: tuple[tuple[float, str], ...]
    metre_notes: dict[str, int]
    """How many notes fall in each metre."""
    monophonic: bool
    place: Place
    not_asked: int = 0
    """Notes left out as no part asked for takes theirs."""
    doubled: int = 0
    """Notes left out that lie under a melody, or begin at one with another of their pitch or drum."""

    @property
    def label(self) -> str:
        """What reports call the piece."""
        return label_of(self.file, self.name)

    @property
    def metre_map(self) -> MetreMap:
        """The piece's metres."""
        return MetreMap(tuple((beat, Metre.parse(text)) for beat, text in self.metres))


@dataclass(frozen=True)
class Shard:
    """The result of one unit of work, as kept on disk."""

    entries: tuple[Entry, ...]
    skipped: tuple[Skipped, ...]

    @classmethod
    def load(cls, base: Path) -> Shard:
        """Read a shard's lines; its notes stay on disk until :func:`load_notes`."""
        data = json.loads(base.with_suffix(".json").read_text(encoding="utf-8"))
        entries = tuple(
            Entry(**{**e, "metres": tuple((b, m) for b, m in e["metres"]), "place": Place(**e["place"])})
            for e in data["entries"]
        )
        return cls(entries, tuple(Skipped(**s) for s in data["skipped"]))


def load_notes(base: Path, entries: Sequence[Entry]) -> Iterator[Floats]:
    """Yield each piece's notes (note, 5): pitch, start, duration, velocity, part."""
    table = np.load(base.with_suffix(".npy"))
    start = 0
    for entry in entries:
        yield table[start : start + entry.notes]
        start += entry.notes


def notes_of(table: Floats) -> list[Note]:
    """Return rows as notes."""
    return [Note(int(p), float(s), float(d), int(v), int(part)) for p, s, d, v, part in table]


def _drums_alone(score: Score) -> bool:
    return all(note.part < len(score.parts) and score.parts[note.part].is_drum for note in score.notes)


def table_of(notes: Sequence[Note]) -> Floats:
    """Return notes as rows, (note, 5): pitch, start, duration, velocity, part."""
    return np.array([[getattr(note, column) for column in _COLUMNS] for note in notes], dtype=np.float64)


def is_finished(base: Path) -> bool:
    """Whether the shard was written to its end: its .json comes last."""
    return base.with_suffix(".json").exists()


def write_shard(base: Path, chunk: tuple[Work, ...], config: PrepareConfig) -> None:
    """Read a unit of work and write its shard, whole or not at all."""
    entries: list[Entry] = []
    skipped: list[Skipped] = []
    tables: list[Floats] = []
    for work in chunk:
        for found in read_work(work):
            result = found if isinstance(found, Skipped) else _tried(found, config)
            if isinstance(result, Skipped):
                skipped.append(result)
            else:
                entries.append(result[0])
                tables.append(result[1])
    rows = np.concatenate(tables) if tables else np.zeros((0, len(_COLUMNS)))
    write_array(base.with_suffix(".npy"), rows)
    data: dict[str, Any] = {"entries": [asdict(e) for e in entries], "skipped": [asdict(s) for s in skipped]}
    write_json(base.with_suffix(".json"), data)


def _tried(piece: ReadPiece, config: PrepareConfig) -> tuple[Entry, Floats] | Skipped:
    """Return a piece's line and notes; a piece that breaks this is unreadable, as in its reader."""
    try:
        return _entry(piece, config)
    except Exception as error:
        return unreadable(piece.label, error)


def _entry(piece: ReadPiece, config: PrepareConfig) -> tuple[Entry, Floats] | Skipped:
    """Return a piece's line and notes, or why it is left out; raises MusicError where it has no notes."""
    label = piece.label
    if not piece.score.notes:
        raise MusicError(f"{label}: it holds no notes")
    asked = taken(piece.score, config)
    notes = tidied(asked, config)
    if not notes:
        if not config.drum_map and _drums_alone(piece.score):
            return Skipped(label, "drums alone", "for a data set of drums: --drum-map gm")
        return Skipped(label, "no notes in the parts asked for")
    if len(notes) < config.min_notes:
        return Skipped(label, "too short", f"{len(notes)} notes, at least {config.min_notes}")
    table = table_of(notes)
    metres = piece.score.metres
    # Bars are looked up where the codec does: at the tick that an onset goes to.
    onsets = [nearest_tick(note.start, config.ticks_per_beat) / config.ticks_per_beat for note in notes]
    place = onsets[0] - metres.bar_at(onsets[0]).start
    per_metre = Counter(str(metres.bar_at(onset).metre) for onset in onsets)
    drums = tuple(index for index, rule in enumerate(config.part_rules) if rule.is_drum)
    entry = Entry(
        file=piece.file,
        name=piece.name,
        split=piece.split,
        fingerprint=fingerprint(table, config, drums),
        notes=len(notes),
        first_place=max(nearest_tick(place, config.ticks_per_beat), 0),
        metres=tuple((beat, str(metre)) for beat, metre in metres.changes),
        metre_notes=dict(per_metre),
        monophonic=not drums and _is_monophonic(table, config.ticks_per_beat),
        place=piece.place,
        not_asked=len(piece.score.notes) - len(asked),
        doubled=len(asked) - len(notes),
    )
    return entry, table


def to_ticks(beats: Floats, ticks_per_beat: int) -> npt.NDArray[np.int64]:
    """Return nearest ticks as the codec counts them; halfway rounds up."""
    return np.floor(beats * ticks_per_beat + 0.5).astype(np.int64)


def fingerprint(table: Floats, config: PrepareConfig, drums: tuple[int, ...] = ()) -> str:
    """Return a hash of the rhythm and the intervals: transposition leaves it as it is.

    Parts count, drum pitches count as they are, and velocity and micro-timing count where the data set
    has them: two takes of one groove are two performances.
    """
    ticks = to_ticks(table[:, 1], config.ticks_per_beat)
    pitch, part = table[:, 0].astype(np.int64), table[:, 4].astype(np.int64)
    order = np.lexsort((pitch, part, ticks))
    tonal = ~np.isin(part, drums)
    relative = pitch - (pitch[order][tonal[order]][0] if tonal.any() else 0) * tonal
    columns = [ticks - ticks.min(), part, relative]
    if "duration" in config.field_names:
        columns.append(np.maximum(to_ticks(table[:, 2], config.ticks_per_beat), 1))
    if "velocity" in config.field_names:
        columns.append(table[:, 3].astype(np.int64))
    if "offset" in config.field_names:
        columns.append(np.round((table[:, 1] - table[0, 1]) * 960).astype(np.int64))
    rows = np.stack(columns, axis=1)[order].astype("<i8")
    return hashlib.sha256(rows.tobytes()).hexdigest()[:32]


def _is_monophonic(table: Floats, ticks_per_beat: int) -> bool:
    """Whether no part sounds two notes at once, on the grid."""
    starts = to_ticks(table[:, 1], ticks_per_beat)
    ends = starts + np.maximum(to_ticks(table[:, 2], ticks_per_beat), 1)
    for part in np.unique(table[:, 4]):
        mine = table[:, 4] == part
        order = np.argsort(starts[mine], kind="stable")
        if (ends[mine][order][:-1] > starts[mine][order][1:]).any():
            return False
    return True
