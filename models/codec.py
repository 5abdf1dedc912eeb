"""Notes to tuples of categorical fields, and back.

A note becomes one integer a field, in the order of :data:`FIELD_ORDER` as far as the codec has them.
Time runs on a grid of ``ticks_per_beat``; what a performance adds beyond it is the field ``offset``.
A sequence starts at the barline of its first note's bar, so the first ``delta`` is that note's place
in the bar: pick-ups need nothing special.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import floor, gcd
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import CodecError
from .field import FIELD_ORDER, Field, FieldName, offset_table, velocity_table
from .metre import Metre, MetreMap
from .note import DEFAULT_VELOCITY, Note

TICKS_PER_BEAT = (1, 960)
"""The coarsest grid and the finest."""

Codes = npt.NDArray[np.int32]


def nearest_tick(beats: float, ticks_per_beat: int) -> int:
    """Return beats in ticks; halfway rounds up.

    >>> nearest_tick(0.5, 1), nearest_tick(-0.5, 1)
    (1, 0)
    """
    return floor(beats * ticks_per_beat + 0.5)


@dataclass
class EncodingReport:
    """What the codec could not keep exactly, counted."""

    notes: int = 0
    shortened: int = 0
    """Durations beyond the table, kept as the largest bin below."""
    durations_moved: int = 0
    """Durations within the table that it lacks, moved to the nearest."""
    rests_shortened: int = 0
    """Gaps beyond the table, shortened by whole bars so that places in the bar stay."""
    moved: int = 0
    """Onsets that fell between the values of the delta table."""
    unknown_pitches: int = 0
    """Notes whose pitch the table lacks, moved to the nearest one."""
    unknown_parts: int = 0
    """Notes whose part the table lacks, given to the nearest one."""

    def __iadd__(self, other: EncodingReport) -> EncodingReport:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self


@dataclass(frozen=True)
class Encoded:
    """A sequence of notes as codes, with the clock of each.

    The arrays have one row a note: ``codes`` (note, field); ``ticks`` onsets since the first
    barline; ``bars``, ``places`` (tick in bar) and ``bar_ticks`` (ticks a bar).
    """

    codes: Codes
    ticks: Codes
    bars: Codes
    places: Codes
    bar_ticks: Codes
    metres: tuple[Metre, ...]
    """The metre at each note."""
    origin: float
    """Beat of the first barline on the host's timeline, or of the tick nearest to it."""
    report: EncodingReport = field(default_factory=EncodingReport)

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True)
class Codec:
    """The tables of a model's fields and its grid.

    >>> codec = Codec.default(parts=1)
    >>> encoded = codec.encode([Note(60, 0.5, 1.0, part=0)])
    >>> codec.decode(encoded.codes)[0].start
    0.5
    """

    fields: tuple[Field, ...]
    ticks_per_beat: int = 24

    def __post_init__(self) -> None:
        names = [f.name for f in self.fields]
        if names != [name for name in FIELD_ORDER if name in names] or len(set(names)) != len(names):
            raise CodecError(f"fields {names} must be in the order {', '.join(FIELD_ORDER)}, each once")
        if names != ["char"] and ("delta" not in names or "pitch" not in names or "char" in names):
            raise CodecError("a codec needs the fields delta and pitch, or char alone")
        low, high = TICKS_PER_BEAT
        if type(self.ticks_per_beat) is not int or not low <= self.ticks_per_beat <= high:
            raise CodecError(f"ticks_per_beat {self.ticks_per_beat!r:.80} is not in {low}..{high}, whole")

    @classmethod
    def default(
        cls, *, parts: int = 1, ticks_per_beat: int = 24, velocity_bins: int = 0, offset_bins: int = 0
    ) -> Codec:
        """Return a codec whose tables fit any music: every tick up to 16 beats, every pitch.

        Args:
            parts: the number of parts; the field is left out for one.
            ticks_per_beat: the grid.
            velocity_bins: 0 leaves velocity out.
            offset_bins: 0 leaves offset out; an odd number puts 0 in the middle.
        """
        longest = 16 * ticks_per_beat
        fields = [Field("delta", tuple(range(longest + 1)))]
        if parts > 1:
            fields.append(Field("part", tuple(range(parts))))
        fields += [Field("pitch", tuple(range(128))), Field("duration", tuple(range(1, longest + 1)))]
        if velocity_bins:
            fields.append(Field("velocity", velocity_table(velocity_bins)))
        if offset_bins:
            fields.append(Field("offset", offset_table(offset_bins)))
        return cls(tuple(fields), ticks_per_beat)

    @cached_property
    def names(self) -> tuple[FieldName, ...]:
        """The fields' names in order."""
        return tuple(f.name for f in self.fields)

    @cached_property
    def pitch_classes(self) -> npt.NDArray[np.int64]:
        """The pitch class of each code of the field pitch, (code,)."""
        return self["pitch"].array.astype(np.int64) % 12

    def index(self, name: FieldName) -> int | None:
        """Return the column of a field, or None where the codec lacks it."""
        return self.names.index(name) if name in self.names else None

    def __getitem__(self, name: FieldName) -> Field:
        index = self.index(name)
        if index is None:
            raise CodecError(f"this codec has no field {name}; it has {', '.join(self.names)}")
        return self.fields[index]

    @property
    def end(self) -> int:
        """The code of the first field that ends a piece."""
        return len(self.fields[0].values)

    @cached_property
    def is_text(self) -> bool:
        """Whether this is a codec of characters, whose notes are written in ABC."""
        return self.names == ("char",)

    @cached_property
    def is_of_scores(self) -> bool:
        """Whether the data it was made of were scores: there, some tick of a beat separates no two notes."""
        if "delta" not in self.names or "offset" in self.names:
            return False
        return not {*range(self.ticks_per_beat + 1)} <= {*self["delta"].values}

    @property
    def unit(self) -> float:
        """The beats of which all intervals between onsets are multiples."""
        return self.to_beats(gcd(*(int(ticks) for ticks in self["delta"].values)))

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON holds of a codec: ticks_per_beat and fields."""
        fields = [{"name": f.name, "values": list(f.values)} for f in self.fields]
        return {"ticks_per_beat": self.ticks_per_beat, "fields": fields}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Codec:
        """Read what :meth:`to_dict` returned; raises KeyError, TypeError or CodecError."""
        fields = tuple(Field(f["name"], tuple(f["values"])) for f in data["fields"])
        return cls(fields, data["ticks_per_beat"])

    @classmethod
    def of_characters(cls, characters: Iterable[str]) -> Codec:
        """Return a codec of text; a character is a beat long, so that beats apart are characters apart."""
        return cls((Field("char", tuple(sorted(set(map(ord, characters))))),), ticks_per_beat=1)

    def encode_text(self, text: str) -> Codes:
        """Return text as codes (character, 1); raises CodecError that names a character it lacks."""
        table = {int(value): code for code, value in enumerate(self["char"].values)}
        unknown = sorted({c for c in text if ord(c) not in table})
        if unknown:
            raise CodecError(f"this model has no character {unknown[0]!r}")
        return np.array([table[ord(c)] for c in text], np.int32).reshape(-1, 1)

    def decode_text(self, codes: Codes) -> str:
        """Return the text of codes (character, 1), up to END."""
        values = self["char"].values
        ended = np.flatnonzero(np.asarray(codes)[:, 0] >= self.end)
        kept = codes[: ended[0]] if len(ended) else codes
        return "".join(chr(int(values[code])) for code in kept[:, 0])

    def begin(self, *, middle: bool = False) -> Codes:
        """Return the codes that stand before the first note, (field,)."""
        codes = np.array([f.begin for f in self.fields], dtype=np.int32)
        codes[0] += middle
        return codes

    def to_ticks(self, beats: float) -> int:
        """Return the nearest tick; halfway rounds up."""
        return nearest_tick(beats, self.ticks_per_beat)

    def to_beats(self, ticks: float) -> float:
        """Return ticks as beats."""
        return ticks / self.ticks_per_beat

    def bar_ticks(self, metre: Metre) -> int:
        """Return the length of a bar in ticks, at least 1."""
        return max(self.to_ticks(metre.beats), 1)

    def encode(self, notes: Iterable[Note], metres: MetreMap | None = None) -> Encoded:
        """Encode notes in any order; each keeps the nearest value of every table.

        Onsets are encoded against the *decoded* onset before, so errors of a coarse table do not add up.
        """
        return _Encoder(self, metres or MetreMap()).run(sorted(notes, key=self._quantised_order))

    def _quantised_order(self, note: Note) -> tuple[int, int, int]:
        return (self.to_ticks(note.start), note.part, note.pitch)

    def decode(self, codes: Codes, origin: float = 0.0) -> list[Note]:
        """Return the notes of ``codes`` (note, field), the first barline at beat ``origin``.

        Stops at END. Durations default to one tick, velocities to 80 where the codec lacks them.
        """
        notes: list[Note] = []
        tick = 0
        for row in np.asarray(codes):
            if row[0] >= self.end:
                break
            tick += int(self.fields[0].values[row[0]])
            notes.append(self.note(row, tick, origin))
        return notes

    def note(self, row: Sequence[int] | Codes, tick: int, origin: float = 0.0) -> Note:
        """Return one row of codes as a note whose grid onset is ``tick`` ticks after ``origin``."""
        values = {f.name: f.values[code] for f, code in zip(self.fields, row, strict=True)}
        return Note(
            pitch=int(values["pitch"]),
            start=origin + self.to_beats(tick + values.get("offset", 0.0)),
            duration=self.to_beats(values.get("duration", 1)),
            velocity=int(values.get("velocity", DEFAULT_VELOCITY)),
            part=int(values.get("part", 0)),
        )


class _Encoder:
    """Walks through sorted notes, keeping the decoded onset and the bar."""

    def __init__(self, codec: Codec, metres: MetreMap) -> None:
        self.codec = codec
        self.metres = metres
        self.report = EncodingReport()

    def run(self, notes: Sequence[Note]) -> Encoded:
        """Encode ``notes``, sorted by grid onset, part and pitch."""
        codec = self.codec
        if not notes:
            empty = np.zeros((0,), dtype=np.int32)
            return Encoded(np.zeros((0, len(codec.fields)), np.int32), empty, empty, empty, empty, (), 0.0)
        bar_start = self.metres.bar_at(codec.to_beats(codec.to_ticks(notes[0].start))).start
        # A bar of 7/64 is no whole number of ticks: notes keep their places on the grid, not in such bars.
        origin = codec.to_beats(codec.to_ticks(bar_start))
        cut = 0  # ticks taken out of long rests so far
        previous, bar = 0, 0
        rows: list[list[int]] = []
        clocks: list[tuple[int, int, int, int]] = []
        metres: list[Metre] = []
        for note in notes:
            grid = codec.to_beats(codec.to_ticks(note.start))
            here = self.metres.bar_at(grid)
            bar_ticks = codec.bar_ticks(here.metre)
            wanted = codec.to_ticks(grid - origin) - cut - previous
            delta, lost = self._delta(wanted, bar_ticks)
            cut += lost
            previous += int(codec.fields[0].values[delta])
            if here.start > bar_start + 1e-6:
                bar += max(self.metres.bars_between(bar_start, here.start) - lost // bar_ticks, 1)
                bar_start = here.start
            place = codec.to_ticks(grid - here.start)
            rows.append(self._row(note, grid, delta))
            clocks.append((previous, bar, min(place, bar_ticks - 1), bar_ticks))
            metres.append(here.metre)
        self.report.notes = len(rows)
        ticks, bars, places, lengths = np.array(clocks, dtype=np.int32).T
        codes = np.array(rows, dtype=np.int32)
        return Encoded(codes, ticks, bars, places, lengths, tuple(metres), origin, self.report)

    def _delta(self, wanted: int, bar_ticks: int) -> tuple[int, int]:
        """Return the code for a gap in ticks and what was cut from it."""
        table = self.codec.fields[0]
        lost = 0
        if wanted > table.values[-1]:
            lost = -(-(wanted - int(table.values[-1])) // bar_ticks) * bar_ticks
            lost = min(lost, wanted)
            self.report.rests_shortened += 1
        code = table.nearest(max(wanted - lost, 0))
        self.report.moved += table.values[code] != wanted - lost
        return code, lost

    def _row(self, note: Note, grid: float, delta: int) -> list[int]:
        """Return the codes of one note whose onset is beat ``grid`` on the grid."""
        row = [delta]
        for f in self.codec.fields[1:]:
            if f.name == "duration":
                ticks = max(self.codec.to_ticks(note.duration), 1)
                self.report.shortened += ticks > f.values[-1]
                code = f.nearest(ticks) if ticks <= f.values[-1] else len(f.values) - 1
                self.report.durations_moved += f.values[code] != min(ticks, f.values[-1])
                row.append(code)
            elif f.name == "offset":
                row.append(f.nearest((note.start - grid) * self.codec.ticks_per_beat))
            else:
                value = getattr(note, f.name)
                code = f.nearest(value)
                if f.name == "pitch":
                    self.report.unknown_pitches += f.values[code] != value
                elif f.name == "part":
                    self.report.unknown_parts += f.values[code] != value
                row.append(code)
        return row
