"""What music has that is in no score, found in a context and given to what answers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ...models.file.manifest import Manifest
from ...models.metre import Metre
from ...models.note import Note
from ...models.voices import skyline
from ..same import Same
from .gate import gate_of, lengthened
from .loudness import Loudness, loudness_of
from .stretch import stretched
from .swing import Swing, is_of_triplet, is_off_beat, swing_of

NOTES = 64
"""Of a context, its last, that tell how it is played."""


@dataclass(frozen=True)
class Manner:
    """How music is played."""

    swing: Swing | None = None
    """None where it is straight."""
    gate: float = 1.0
    """The share of its time that a note sounds, where music is played short; else 1."""
    loudness: Loudness | None = None
    """None where notes have velocities of their own."""

    def written(self, notes: Sequence[Note], barline: float) -> Sequence[Note]:
        """Return notes, sorted by onset, as they would be without it.

        Args:
            notes: in beats.
            barline: where they are answered.
        """
        if self.gate < 1:
            notes = lengthened(notes, self.gate, barline)
        return notes if self.swing is None else self.swing.straightened(notes, barline)


class Player:
    """Plays one answer as its context was played. Notes come in order.

    Args:
        manner: the context's.
        barline: where the answer begins.
        end: the beat that no note crosses.
        stretch: how many of the context's beats one of all these lasts.
    """

    def __init__(self, manner: Manner, barline: float, end: float, stretch: float = 1.0) -> None:
        self._manner, self._barline, self._stretch = manner, barline, stretch
        self._is_plain = manner == Manner()
        self._seen: set[int] = set()
        """Beats of which is known whether they swing; till then what is in them stays as it is."""
        self._swung: set[int] = set()
        if manner.swing is not None:
            self._seen.add(manner.swing.located(end, barline)[0])

    def play(self, note: Note) -> Note:
        """Return a note as it is played, in the context's beats."""
        if not self._is_plain:
            note = self._in_manner(note)
        return note if self._stretch == 1 else stretched(note, self._stretch)

    def _in_manner(self, note: Note) -> Note:
        manner, barline = self._manner, self._barline
        loudness = manner.loudness
        velocity = note.velocity if loudness is None else loudness.velocity(note.start, barline)
        if manner.swing is not None:
            self._look(manner.swing, note)
            note = manner.swing.swung(note, barline, self._swung)
        return Note(note.pitch, note.start, note.duration * manner.gate, velocity, note.part)

    def _look(self, swing: Swing, note: Note) -> None:
        """Find whether the beats that a note begins and ends in swing: not if a third comes first."""
        for time in (note.start, note.end):
            beat, place = swing.located(time, self._barline)
            if beat not in self._seen and is_off_beat(place):
                self._seen.add(beat)
                if not is_of_triplet(place):
                    self._swung.add(beat)


@dataclass(frozen=True)
class Knows:
    """What a model knows of how music is played, and chooses itself."""

    velocity: bool
    length: bool
    """How long notes sound, beside what a score says."""
    chords: bool
    """Whether it plays more than one voice: else of a melody with chords the melody tells."""

    @classmethod
    def of(cls, manifest: Manifest) -> Knows:
        """Return what the model of a file knows."""
        codec = manifest.codec
        return cls(
            "velocity" in codec.names, not (codec.is_of_scores or codec.is_text), not manifest.is_melody
        )


def manner_of(notes: Sequence[Note], metre: Metre, barline: float, knows: Knows) -> Manner:
    """Return how music is played, as far as a model is not to choose that.

    Args:
        notes: that the model answers, in any order.
        metre: of their bars.
        barline: any of their barlines.
        knows: what the model chooses.
    """
    return _manner(Same(notes), metre, barline % metre.beats, knows)


# A context is asked about when it arrives and with each request, and a request's first note waits for it.
@lru_cache(maxsize=64)
def _manner(notes: Same[Note], metre: Metre, barline: float, knows: Knows) -> Manner:
    last = sorted(notes.held, key=lambda note: note.start)[-NOTES:]
    told = last if knows.chords else skyline(last)
    swing = swing_of(told, metre, barline)
    straight = told if swing is None else swing.straightened(told, barline)
    return Manner(
        swing=swing,
        gate=1.0 if knows.length else gate_of(told),
        loudness=None if knows.velocity else loudness_of(straight, metre, barline),
    )
