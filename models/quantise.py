"""When a player meant notes to begin: onsets put on the grid of a score.

For each beat the division that explains its onsets best: a player misses the written place by a normally
distributed error, and finer or odder divisions are less likely. That is the model of Cemgil, Desain and
Kappen, "Rhythm quantization for transcription" (Computer Music Journal 24:2, 2000), with each beat on its
own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import floor, log

from .metre import MetreMap
from .note import Note

SPREAD = 0.04
"""Standard deviation of a player's onsets in beats: 20 ms at 120 beats a minute."""
TOGETHER = 1 / 16
"""Beats within which notes begin that a player means as a chord; a grace note counts with its note."""
EXACT = 0.01
"""Beats by which a time of a score may be off: files round it to ticks, OSC to 32 bits."""
SLIPS = 0.1
"""Share of a score's notes that may lie off the grid: ornaments, and tuplets that it lacks."""
_TICKS = 24
"""To a beat: three are a 32nd, four a triplet sixteenth."""
_LOST = 3.0
"""What it costs that two onsets share a place."""
BELIEF = 4
"""Beats of music that say as much about how its beats are divided as is known beforehand."""
_SIMPLE = ((1, 1.0), (2, 0.75), (4, 0.45), (3, 0.08), (6, 0.007), (8, 0.007))
"""Divisions of a beat, and how likely each is beside none."""
_COMPOUND = ((1, 1.0), (3, 0.75), (6, 0.45), (4, 0.007), (12, 0.007))
"""The same for the dotted beats of 6/8, 9/8 and 12/8."""


def off_grid(beats: Iterable[float]) -> bool:
    """Return whether more than a few of some times lie on no 32nd and no triplet sixteenth."""
    off = count = 0
    for beat in beats:
        ticks = beat * _TICKS
        tick = round(ticks)
        off += abs(ticks - tick) > EXACT * _TICKS or (tick % 3 != 0 and tick % 4 != 0)
        count += 1
    return off > SLIPS * count


def chords(notes: Iterable[Note], within: float = TOGETHER) -> list[list[Note]]:
    """Return notes that begin together, by onset; a chord's highest note first."""
    found: list[list[Note]] = []
    for note in sorted(notes, key=lambda n: n.start):
        if found and note.start - found[-1][0].start <= within:
            found[-1].append(note)
        else:
            found.append([note])
    return [sorted(chord, key=lambda n: -n.pitch) for chord in found]


def quantise(notes: Sequence[Note], metres: MetreMap, unit: float = 0.0) -> list[Note]:
    """Return notes with their onsets on the grid, and with the ends that they had.

    Args:
        notes: in any order, in beats.
        metres: where the beats are.
        unit: leaves out divisions that are no multiple of so many beats; 0 leaves out none.
    """
    beats: dict[tuple[float, float], list[tuple[float, list[Note]]]] = {}
    for chord in chords(notes):
        onset = sum(note.start for note in chord) / len(chord)
        beats.setdefault(_beat(onset, metres), []).append((onset, chord))
    heard = [
        ([(onset - start) / length for onset, _ in here], length) for (start, length), here in beats.items()
    ]
    counts: Counter[int] = Counter()
    for _ in range(2):  # the second time knowing what the music's other beats are like
        counts, before = Counter(), counts
        written = [_places(onsets, length, unit, before) for onsets, length in heard]
        counts.update(division for division, _ in written)
    moved: list[Note] = []
    for ((start, length), here), (_, places) in zip(beats.items(), written, strict=True):
        for place, (_, chord) in zip(places, here, strict=True):
            at = start + place * length
            moved += [replace(n, start=at, duration=max(n.end - at, EXACT)) for n in chord]
    return moved


def _beat(onset: float, metres: MetreMap) -> tuple[float, float]:
    """Return the beat that an onset lies in: where it starts and its length, both in quarter notes."""
    bar = metres.bar_at(onset)
    length = bar.metre.pulse
    return bar.start + floor((onset - bar.start) / length) * length, length


def _places(
    onsets: Sequence[float], length: float, unit: float, before: Mapping[int, int]
) -> tuple[int, list[float]]:
    """Return a division of a beat and where on it onsets were meant, in parts of the beat.

    Args:
        onsets: in parts of the beat.
        length: of the beat, in quarter notes.
        unit: see quantise.
        before: how many of the music's beats have which division.
    """
    best: tuple[float, int, list[float]] | None = None
    for division, prior in _SIMPLE if length == 1.0 else _COMPOUND:
        step = length / division
        if unit and abs(step / unit - round(step / unit)) > EXACT:
            continue
        places = [round(onset * division) for onset in onsets]
        missed = (onset - place / division for onset, place in zip(onsets, places, strict=True))
        cost = sum((miss * length / SPREAD) ** 2 / 2 for miss in missed)
        cost += _LOST * (len(places) - len(set(places))) - log(prior + before.get(division, 0) / BELIEF)
        if best is None or cost < best[0]:
            best = (cost, division, [place / division for place in places])
    return best[1:] if best else (0, list(onsets))
