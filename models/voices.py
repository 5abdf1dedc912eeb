"""Who plays which note: chords of one part shared among voices that sound one note at a time.

Hosts send what lies on one track as one part. A model of several voices has learnt each as a melody of its
own, and one that knows a single melody has never met a chord.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import fmean

from .note import Note
from .quantise import EXACT, SLIPS, chords

LEGATO = 0.35
"""Beats by which a player's note may reach into the next of its voice."""
GRACE = 0.15
"""Beats that a grace note lasts at most."""
_HEIGHTS = (0.79, 0.66, 0.52, 0.32)
"""How high soprano, alto, tenor and bass mostly lie in the range of all: of 229 chorales."""


def homes(voices: int, low: float, high: float) -> list[float]:
    """Return how high each of some voices mostly lies, the highest first.

    Args:
        voices: at least 2.
        low: the lowest pitch of all of them.
        high: the highest.

    >>> homes(4, 38, 79)
    [70.4, 65.1, 59.3, 51.1]
    """
    last = len(_HEIGHTS) - 1
    found = []
    for voice in range(voices):
        at = voice * last / (voices - 1)
        below = min(int(at), last - 1)
        height = _HEIGHTS[below] + (at - below) * (_HEIGHTS[below + 1] - _HEIGHTS[below])
        found.append(round(low + height * (high - low), 1))
    return found


def overlaps(notes: Iterable[Note]) -> float:
    """Return the share of notes that begin while their part sounds another one, legato not counted."""
    ends: dict[int, float] = {}
    starts: dict[int, float] = {}
    count = met = 0
    for note in sorted(notes, key=lambda n: n.start):
        count += 1
        together = note.start - starts.get(note.part, float("-inf")) <= EXACT
        met += together or ends.get(note.part, float("-inf")) > note.start + LEGATO
        starts[note.part] = note.start
        ends[note.part] = max(note.end, ends.get(note.part, note.end))
    return met / max(count, 1)


def voice_of(pitch: float, homes: Sequence[float]) -> int:
    """Return which voice a single line is: the nearest, but for one near the upper half, which is a tune.

    A tune is the highest voice.

    Args:
        pitch: how high it lies.
        homes: how high each voice mostly lies, the highest first.

    >>> [voice_of(pitch, (70.4, 65.1, 59.3, 51.1)) for pitch in (72, 64, 60, 50)]
    [0, 0, 2, 3]
    """
    nearest = min(range(len(homes)), key=lambda voice: abs(pitch - homes[voice]))
    return 0 if 2 * nearest < len(homes) else nearest


def separate(notes: Sequence[Note], voices: int, homes: Sequence[float] = ()) -> list[Note]:
    """Return notes of which no two of a voice begin together, with each note's voice as its part.

    Notes that already do so, but for a few, keep their parts. Voice 0 is the highest. Where more notes
    begin than there are voices, the outer ones stay; of a melody with chords below, the melody. Where fewer
    sound, they are those voices that lie nearest.

    Args:
        notes: in any order.
        voices: how many there are.
        homes: how high each mostly lies, the highest first; without, they share the range of the notes.
    """
    if voices == 1:
        return skyline(notes)
    return _voices(notes, voices, homes) if overlaps(notes) > SLIPS else list(notes)


def skyline(notes: Iterable[Note]) -> list[Note]:
    """Return the notes with nothing above them, whichever part they are of.

    The skyline of Uitdenbogerd and Zobel, "Manipulation of music for melody matching" (ACM Multimedia 1998).
    """
    kept: list[Note] = []
    held: list[Note] = []
    for chord in chords(notes, EXACT):
        top = next((note for note in chord if note.duration > GRACE), chord[0])
        held = [note for note in held if note.end > top.start + LEGATO]
        if all(note.pitch <= top.pitch for note in held):
            kept.append(top)
            held.append(top)
    return kept


def _voices(notes: Sequence[Note], voices: int, homes: Sequence[float]) -> list[Note]:
    """Give each chord, from its top, to the free voices that were nearest."""
    lines = _lines(notes)
    at = _spread(lines[0], lines[-1], voices)
    if len(lines) > voices:
        lines = at.copy()
    playing = _matched(lines, homes or at) if len(lines) > 1 else [voice_of(lines[0], homes or at)]
    for voice, pitch in zip(playing, lines, strict=True):
        at[voice] = pitch
    busy = [float("-inf")] * voices
    given: list[Note] = []
    for chord in chords(notes, EXACT):
        idle = {voice for voice in range(voices) if busy[voice] <= chord[0].start + LEGATO}
        free = [voice for voice in playing if voice in idle]
        if len(free) < len(chord):
            free = sorted(idle)
        if len(free) < min(len(chord), voices):
            free = list(range(voices))
        for note, voice in _paired(chord, free, at):
            given.append(replace(note, part=voice))
            at[voice], busy[voice] = note.pitch, note.end
    return given


def _lines(notes: Sequence[Note]) -> list[float]:
    """Return how high each line lies, the highest first: as many as sound in all but a few chords."""
    sounding: list[list[int]] = []
    held: list[Note] = []
    for chord in chords(notes, EXACT):
        held = [note for note in held if note.end > chord[0].start + LEGATO] + chord
        sounding.append(sorted((note.pitch for note in held), reverse=True))
    sizes = sorted(map(len, sounding))
    most = sizes[int((len(sizes) - 1) * (1 - SLIPS))]
    return [fmean(line) for line in zip(*(each for each in sounding if len(each) == most), strict=True)]


def _spread(highest: float, lowest: float, voices: int) -> list[float]:
    """Return as many heights, evenly from one to another."""
    return [highest - (highest - lowest) * voice / (voices - 1) for voice in range(voices)]


def _paired(chord: Sequence[Note], free: Sequence[int], at: Sequence[float]) -> list[tuple[Note, int]]:
    """Return which note goes to which voice, in order, by the least motion of all."""
    pitches = [float(note.pitch) for note in chord]
    wanted = [at[voice] for voice in free]
    if len(chord) <= len(free):
        return [(chord[i], free[j]) for i, j in enumerate(_matched(pitches, wanted))]
    inner = _matched(wanted[1:-1], pitches[1:-1])
    outer = [0, *(1 + j for j in inner), len(chord) - 1][: len(free)]
    return [(chord[j], free[i]) for i, j in enumerate(outer)]


def _matched(few: Sequence[float], many: Sequence[float]) -> list[int]:
    """Return an index of ``many`` for each of ``few``, ascending, with the least sum of distances."""
    room = len(many) - len(few)
    costs = [0.0] * (room + 1)  # by how many of ``many`` have been left out so far
    chosen: list[list[int]] = []
    for i, value in enumerate(few):
        best, skipped, row, nexts = float("inf"), 0, [], []
        for left in range(room + 1):
            if costs[left] < best:
                best, skipped = costs[left], left
            nexts.append(best + abs(value - many[i + left]))
            row.append(skipped)
        costs = nexts
        chosen.append(row)
    left = min(range(room + 1), key=costs.__getitem__)
    found = []
    for i in reversed(range(len(few))):
        found.append(i + left)
        left = chosen[i][left]
    return found[::-1]
