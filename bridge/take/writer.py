"""Chosen codes become notes: inside the answer, never on top of one another.

A note of a voice on the grid begins when the one before it is over, so it is told as soon as it is chosen.
Elsewhere the later one cuts the other short, as players do, which is told once none can.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from ...models.codec import Codec
from ...models.note import DEFAULT_VELOCITY, Note

Written = Literal["note", "dropped", "end"]
_EPSILON = 1e-6
INSTANT = 2e-4
"""Beats before the end in which no note begins: lengths come as 32-bit floats, 16/3 as a little more."""
AHEAD = 1 / 12
"""Beats before a beat in which drummers strike who play ahead of it."""


@dataclass(slots=True)
class _Draft:
    """A note that has not been told yet, or the last one of its part."""

    pitch: int
    start: float
    end: float
    velocity: int
    part: int
    tick: int

    def note(self) -> Note:
        return Note(self.pitch, self.start, self.end - self.start, self.velocity, self.part)


class NoteWriter:
    """Writes one take. A note is ready once no later one can touch it, and notes get ready in order.

    Args:
        codec: the model's tables.
        voices: how many parts may play, where a part sounds one note at a time; None where it sounds many.
        start: first beat of the answer.
        end: the beat that no note crosses.
        gap: ticks from the note before the answer to ``start``.
        lift: semitones by which the model plays higher than is heard.
    """

    def __init__(
        self,
        codec: Codec,
        *,
        voices: int | None,
        start: float,
        end: float,
        gap: int,
        lift: int = 0,
    ) -> None:
        names = codec.names
        self._tables = [f.values for f in codec.fields]
        self._part, self._duration = codec.index("part"), codec.index("duration")
        self._velocity, self._offset = codec.index("velocity"), codec.index("offset")
        self._pitch = names.index("pitch")
        self._durations = codec.fields[self._duration] if self._duration is not None else None
        self._tick_beats = 1 / codec.ticks_per_beat
        self._voices, self._lift = voices, lift
        self._start, self._end = start, end
        self.last_tick = ceil((end - start - INSTANT) * codec.ticks_per_beat) - 1
        """The last tick, from the answer's start, on which a note may begin."""
        if self._offset is not None:  # who plays ahead of the beat means the downbeat after the end
            self.last_tick -= min(int(AHEAD * codec.ticks_per_beat), max(self.last_tick, 0))
        self._tick = -gap
        self._furthest = int(self._tables[0][-1])
        # A note with an offset may start half a tick before its place on the grid.
        self._early = 0.5 if self._offset is not None else 0.0
        self._waits = voices is not None and self._offset is None
        """Whether a note waits for the end of its part's last one, instead of cutting it short."""
        self._drafts: list[_Draft] = []
        """In the order in which they begin, as far as they are on the grid."""
        self._last: dict[int, _Draft] = {}
        """Of each part, where it sounds one note at a time."""
        self.least = gap
        """Ticks to the soonest place for the next note, which callers keep: where all voices sound, to the
        first one's end or as far as a delta reaches; else 0, and 1 after a note that was dropped."""
        self.total = 0
        """Notes written."""
        self.codes: list[int] | None = None
        """The last note's codes where they differ from those chosen: cut at the end."""

    @property
    def done(self) -> float:
        """The fraction of the answer that lies before the last onset, 0 to 1."""
        beats = self._tick * self._tick_beats
        return min(max(beats / (self._end - self._start), 0.0), 1.0)

    def write(self, codes: Sequence[int]) -> Written:
        """Take one step's codes, END not among them.

        Returns "end" when the note would start at or after the end, "dropped" when one of its part (or of
        its part and pitch, where parts are polyphonic) starts there already.
        """
        self.codes = None
        delta = int(self._tables[0][codes[0]])
        self._tick += delta
        if self._tick > self.last_tick:
            return "end"
        draft = self._draft(codes)
        if not (self._follows(draft) if self._waits else self._separate(draft)):
            self.least = max(self._occupied(), 1)
            return "dropped"
        if self._voices is not None:
            self._last[draft.part] = draft
        if self._waits:
            insort(self._drafts, draft, key=lambda each: each.start)
        else:
            self._drafts.append(draft)
        self.total += 1
        self.least = self._occupied()
        return "note"

    def _occupied(self) -> int:
        """Return how many ticks all voices are taken, at most the longest delta that there is."""
        if self._voices is None:
            return 0
        here = self._start + (self._tick + self._early) * self._tick_beats
        ends = [draft.end for draft in self._last.values() if draft.end > here + _EPSILON]
        if len(ends) < self._voices:
            return 0
        return min(ceil((min(ends) - here) / self._tick_beats - _EPSILON), self._furthest)

    def _value(self, column: int | None, codes: Sequence[int], default: float) -> float:
        """Return the value of a field's code, or what stands for a field that the model lacks."""
        return default if column is None else self._tables[column][codes[column]]

    def _draft(self, codes: Sequence[int]) -> _Draft:
        """Return the note that codes mean, cut at the end."""
        grid = start = self._start + self._tick * self._tick_beats
        if self._offset is not None:
            start = max(start + self._value(self._offset, codes, 0) * self._tick_beats, self._start)
            if start > self._end - _EPSILON:
                start = grid
        end = start + self._value(self._duration, codes, 1) * self._tick_beats
        if end > self._end:
            end = self._end
            if self._duration is not None and self._durations is not None:
                self.codes = list(codes)
                self.codes[self._duration] = self._durations.floor((end - grid) / self._tick_beats)
        return _Draft(
            int(self._value(self._pitch, codes, 0)) - self._lift,
            start,
            end,
            int(self._value(self._velocity, codes, DEFAULT_VELOCITY)),
            int(self._value(self._part, codes, 0)),
            self._tick,
        )

    def _follows(self, draft: _Draft) -> bool:
        """Let a note begin when its part's last one is over; return whether anything of it is left."""
        last = self._last.get(draft.part)
        if last is not None and last.end > draft.start + _EPSILON:
            if last.tick == draft.tick or last.end > draft.end - _EPSILON:
                return False
            draft.start = last.end
        return True

    def _separate(self, draft: _Draft) -> bool:
        """Cut the notes that ``draft`` would overlap; return whether there is room for it."""
        touched = [
            d
            for d in self._drafts
            if d.part == draft.part
            and (self._voices is not None or d.pitch == draft.pitch)
            and d.end > draft.start
        ]
        if any(d.tick == draft.tick or d.start > draft.start - _EPSILON for d in touched):
            return False
        for d in touched:
            d.end = draft.start
        return True

    def ready(self) -> list[Note]:
        """Return, once each and in order, the notes that no later one can touch, nor come before."""
        safe = self._start + (self._tick + self.least - self._early) * self._tick_beats
        count = 0
        for draft in self._drafts:
            if (draft.start if self._waits else draft.end) > safe + _EPSILON:
                break
            count += 1
        return self._take(count) if count else []

    def rest(self) -> list[Note]:
        """Return the notes that have not been returned yet: the take is over."""
        return self._take(len(self._drafts))

    def _take(self, count: int) -> list[Note]:
        taken, self._drafts = self._drafts[:count], self._drafts[count:]
        return [draft.note() for draft in taken]
