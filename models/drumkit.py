"""Which drum of a model's kit stands for one of General MIDI that it lacks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from .note import Note

_ALIKE: tuple[tuple[int, ...], ...] = (
    (35, 36),
    (38, 40),
    (37, 31, 33, 75, 76, 77, 39),
    (39, 38, 40),
    (42, 44, 70, 69, 82, 54),
    (46, 26),
    (43, 41, 45, 64, 66, 61),
    (45, 47, 43, 63, 60),
    (48, 50, 47, 45, 62, 60, 65),
    (49, 57, 55, 52),
    (57, 52, 55, 49),
    (51, 59),
    (53, 56, 80, 81, 67, 68, 51),
)
"""Drums, the one of a usual kit first, and those that play much the same."""


def on_kit(notes: Sequence[Note], kit: Collection[float]) -> list[Note]:
    """Return notes with every pitch that the kit lacks played on the drum that is most like it."""
    lacking = {note.pitch for note in notes} - {int(pitch) for pitch in kit}
    found = {pitch: _alike(pitch, kit) for pitch in lacking}
    return [replace(note, pitch=found.get(note.pitch, note.pitch)) for note in notes]


def _alike(pitch: int, kit: Collection[float]) -> int:
    near = [
        (row.index(pitch), place, other)
        for row in _ALIKE
        if pitch in row
        for place, other in enumerate(row)
        if other in kit
    ]
    return min(near)[2] if near else pitch
