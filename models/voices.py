"""Who plays which note: chords of one part shared among voices that sound one note at a time.

Hosts send what lies on one track as one part. A model of several voices has learnt each as a melody of its
own, and one that knows a single melody has never met a chord.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from .note import Note
from .quantise import EXACT, SLIPS, chords

LEGATO = 0.35
"""Beats by which a player's note may reach into the next of its voice."""
GRACE = 0.15
"""Beats that a grace note lasts at most."""


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


def separate(notes: Sequence[Note], voices: int) -> list[Note]:
    """Return notes of which no two of a voice begin together, with each note's voice as its part.

    Notes that already do so, but for a few, keep their parts. Voice 0 is the highest. Where more notes
    begin than there are voices, the outer ones stay; of a melody with chords below, the melody.
    """
    if voices == 1:
        return skyline(notes)
    return _voices(notes, voices) if overlaps(notes) > SLIPS else list(notes)


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


def _voices(notes: Sequence[Note], voices: int) -> list[Note]:
    """Give each chord, from its top, to the free voices that were nearest."""
    highest, lowest = max(n.pitch for n in notes), min(n.pitch for n in notes)
    at = [highest - (highest - lowest) * i / (voices - 1) for i in range(voices)]
    busy = [float("-inf")] * voices
    given: list[Note] = []
    for chord in chords(notes, EXACT):
        free = [voice for voice in range(voices) if busy[voice] <= chord[0].start + LEGATO]
        if len(free) < min(len(chord), voices):
            free = list(range(voices))
        for note, voice in _paired(chord, free, at):
            given.append(replace(note, part=voice))
            at[voice], busy[voice] = note.pitch, note.end
    return given


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
