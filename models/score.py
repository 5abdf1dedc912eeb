"""A piece: notes and what they are measured against."""

from __future__ import annotations

from dataclasses import dataclass, field

from .metre import MetreMap
from .note import Note

DEFAULT_TEMPO = 120.0


@dataclass(frozen=True, slots=True)
class Part:
    """Who plays: a name and a General MIDI sound."""

    name: str = ""
    program: int = 0
    """General MIDI program, 0..127."""
    is_drum: bool = False
    """Drums go to MIDI channel 10, and their pitches name instruments."""


@dataclass(frozen=True, slots=True)
class Score:
    """Notes in the codec's order with their metre and tempo maps."""

    notes: tuple[Note, ...]
    metres: MetreMap = field(default_factory=MetreMap)
    tempos: tuple[tuple[float, float], ...] = ((0.0, DEFAULT_TEMPO),)
    """(beat, quarter notes a minute), ascending."""
    parts: tuple[Part, ...] = (Part(),)
    key: str | None = None
    """Such as "D dorian", when the source names one."""
    chords: tuple[tuple[float, str], ...] = ()
    """(beat, chord symbol), ascending."""
    title: str = ""

    @property
    def end(self) -> float:
        """When the last note stops, in beats; 0 without notes."""
        return max((note.end for note in self.notes), default=0.0)

    @staticmethod
    def ordered(notes: tuple[Note, ...] | list[Note]) -> tuple[Note, ...]:
        """Sort notes by start, part and pitch."""
        return tuple(sorted(notes, key=lambda note: note.order))
