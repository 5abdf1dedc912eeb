"""One note, the way a host sees it."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_VELOCITY = 80
"""Of a note of which nobody says how loud it is."""


@dataclass(frozen=True, slots=True)
class Note:
    """A note on the host's own timeline.

    >>> Note(pitch=60, start=0.0, duration=1.0).end
    1.0
    """

    pitch: int
    """MIDI pitch, 0..127; middle C is 60."""
    start: float
    """Onset in beats (quarter notes)."""
    duration: float
    """Length in beats, above 0."""
    velocity: int = DEFAULT_VELOCITY
    """MIDI velocity, 1..127."""
    part: int = 0
    """Index of the part that plays it, from 0."""

    @property
    def end(self) -> float:
        """When the note stops, in beats."""
        return self.start + self.duration

    @property
    def order(self) -> tuple[float, int, int]:
        """The codec's sorting key: start, part, pitch."""
        return (self.start, self.part, self.pitch)
