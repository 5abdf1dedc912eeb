"""What was played, as a score would have it: the form in which a model of scores has learnt music.

A model that never saw a note late, held too long, or two on one voice goes on badly from such music
(tests/benchmarks/played.py measures how much). Music that is on the grid already stays as it is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from .metre import MetreMap
from .note import Note
from .quantise import EXACT, off_grid, quantise
from .voices import LEGATO, separate

HELD_OVER = 1 / 8
"""How much of a note's length may reach past where it was meant to end."""
UNIT = 0.25
"""Beats to which a length is rounded that reaches nothing: a sixteenth."""


def transcribe(
    notes: Sequence[Note],
    metres: MetreMap,
    *,
    voices: int | None,
    homes: Sequence[float] = (),
    timing: bool = True,
    unit: float = 0.0,
) -> list[Note]:
    """Return notes as a score has them, sorted by onset, part and pitch; fewer, where too many sound.

    Args:
        notes: what was played, in beats.
        metres: its bars.
        voices: how many parts sound one note at a time each; None lets notes sound together as they do.
        homes: how high each of them mostly lies, the highest first; none where that is not known.
        timing: whether onsets and lengths are written as a score has them; False leaves them as played.
        unit: beats of which all intervals between onsets must be multiples; 0 for any grid.
    """
    written = list(notes)
    moved = timing and off_grid(note.start for note in written)
    if moved:
        written = quantise(written, metres, unit)
    if voices is not None:
        written = separate(written, voices, homes)
    if timing and (moved or off_grid(note.end for note in written)):
        written = _rounded(written, metres) if voices is None else _lengths(written, metres)
    return sorted(written, key=lambda n: n.order)


def _lengths(notes: Sequence[Note], metres: MetreMap) -> list[Note]:
    """Let each note last up to the next of its part, or its last to the barline, if it sounded half as long.

    Players let go early or late; a melody is written without rests where it is not cut short on purpose.
    """
    following: dict[int, float] = {}
    written = []
    for note in sorted(notes, key=lambda n: n.start, reverse=True):
        until = following.get(note.part)
        if until is None:
            over = max(LEGATO, HELD_OVER * note.duration)
            until = metres.next_barline(max(note.end - over, note.start + EXACT))
        room = until - note.start
        following[note.part] = note.start
        if room > EXACT:  # of two at once, which a score with a slip may have, either keeps its length
            length = room if 2 * note.duration >= room else min(_whole(note.duration), room)
            note = replace(note, duration=length)
        written.append(note)
    return written


def _rounded(notes: Sequence[Note], metres: MetreMap) -> list[Note]:
    """Let each note last up to the onset or barline near its end, else a whole number of sixteenths."""
    onsets = sorted({note.start for note in notes})
    written = []
    for note in notes:
        near = bisect_right(onsets, note.end)
        stops = [beat for beat in onsets[max(near - 1, 0) : near + 1] if beat > note.start + EXACT]
        stops.append(metres.next_barline(max(note.end - UNIT, note.start + EXACT)))
        until = min(stops, key=lambda beat: abs(beat - note.end))
        close = abs(until - note.end) <= UNIT
        written.append(replace(note, duration=until - note.start if close else _whole(note.duration)))
    return written


def _whole(beats: float) -> float:
    return max(round(beats / UNIT), 1) * UNIT
