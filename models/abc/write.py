"""Notes to ABC: what a model of text reads of the music before its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from ..metre import Metre, MetreMap
from ..note import Note
from ..transcribe import transcribe
from .field import LETTERS_BY_FIFTHS, accidentals_of
from .symbol import NATURAL, event

UNIT = Fraction(1, 2)
"""Beats of the unit note: L:1/8."""
SIXTEENTH = Fraction(1, 4)
DIVISIONS = (8, 6)
"""Into how many parts a beat is divided at most."""
_KEY_LINE = re.compile(r"^K:.*[^\s]", re.MULTILINE)
_MODES_BY_FIFTHS = {
    -1: " Lydian",
    0: "",
    1: " Mixolydian",
    2: " Dorian",
    3: "m",
    4: " Phrygian",
    5: " Locrian",
}
"""How tunes spell a mode, by the fifths from its signature's major tonic to its own."""
_LIKELY = (2, 1, 0, 3, -1, -2, 4, -3, 5, -4, -5, -6)
"""Signatures in the order in which fiddlers meet them: a tie goes to the first. Six sharps are six flats:
tunes hardly ever have either, and a model's alphabet need not have a # for F#."""


def signature(pitch_classes: Iterable[int]) -> int:
    """Return the key signature that leaves the fewest notes out, in sharps (flats below 0).

    Args:
        pitch_classes: one for each note, or each once.
    """
    counts = [0] * 12
    for pitch_class in pitch_classes:
        counts[pitch_class % 12] += 1
    return max(_LIKELY, key=lambda sharps: sum(counts[c] for c in _classes(sharps)))


def key_name(sharps: int) -> str:
    """Return what K: says for a signature, as a major key.

    >>> key_name(2)
    'D'
    """
    return _spelt(sharps)


def mode_name(tonic: int | None, sharps: int, classes: frozenset[int]) -> str:
    """Return what K: says for a scale with a tonic; nothing where it is no mode of the signature.

    >>> mode_name(2, 0, frozenset({0, 2, 4, 5, 7, 9, 11})), mode_name(9, 1, frozenset({9, 0, 4}))
    ('D Dorian', 'A Dorian')
    """
    if tonic is None or not classes | {tonic} <= _classes(sharps):
        return ""
    fifths = next(f for f in _MODES_BY_FIFTHS if (7 * (sharps + f)) % 12 == tonic)
    return _spelt(sharps + fifths) + _MODES_BY_FIFTHS[fifths]


def _spelt(fifths: int) -> str:
    """Return the note so many fifths above C, -8 to 12."""
    place = fifths + 8
    return LETTERS_BY_FIFTHS[place % 7] + ("b", "", "#")[place // 7]


def in_octave(text: str, octaves: int) -> str:
    """Return a tune that sounds so many octaves higher than its notes are written.

    >>> in_octave("X:1\\nK:D\\nABc|", -1)
    'X:1\\nK:D octave=-1\\nABc|'
    """
    return _KEY_LINE.sub(rf"\g<0> octave={octaves}", text, count=1) if octaves else text


_Event = tuple[str, Fraction, str]
"""What sounds, how many beats it lasts, and its tie."""


def write_bars(notes: Sequence[Note], start: float, end: float, metre: Metre, sharps: int) -> str:
    """Return a melody between two barlines as ABC in L:1/8, every bar closed by its barline.

    Sixteenths, triplets and their halves are written as they are; what was played between them is
    transcribed. Of notes that sound together the highest is kept. ``start`` and ``end`` are in beats, whole
    bars apart.

    >>> write_bars([Note(62, 0, 1), Note(66, 1, 2)], 0, 4, Metre(2, 4), 2)
    'D2F2-|F2z2|'
    >>> write_bars([Note(62 + n % 2 * 2, n / 3, 1 / 3) for n in range(6)], 0, 2, Metre(2, 4), 2)
    '(3DED(3EDE|'
    >>> write_bars([Note(62, 0.02, 0.9), Note(66, 0.98, 2.6)], 0, 4, Metre(4, 4), 2)
    'D2F6|'
    """
    melody = _melody(notes, start, end, metre)
    bar, at = Fraction(metre.beats), Fraction(0)
    written: list[str] = []
    events: list[_Event] = []
    altered: dict[str, int] = {}
    for pitch, begin, length in melody:
        for what, until in ((None, begin), (pitch, begin + length)):
            while at < until:
                stop = min(until, (at // bar + 1) * bar)
                value = _note_value(stop - at)
                stop = at + value
                text = "z" if what is None else _pitch(what, sharps, altered)
                tie = "-" if what is not None and stop < until else ""
                events.append((text, value, tie))
                at = stop
                if at % bar == 0:
                    written += [*_joined(events), "|"]
                    events = []
                    altered.clear()
    return "".join(written)


def _joined(events: Sequence[_Event]) -> Iterator[str]:
    """Yield a bar's notes and rests as ABC, three of a triplet as tune books have them: (3ABc."""
    index, at = 0, Fraction(0)
    while index < len(events):
        stem, value, tie = events[index]
        group = events[index : index + 3]
        is_triplet = len(group) == 3 and all(length == value for _, length, _ in group)
        if is_triplet and value.denominator % 3 == 0 and at % (3 * value) == 0:
            yield "(3" + "".join(_short(event(note, value / UNIT * 3 / 2)) + tied for note, _, tied in group)
        else:
            group = [(stem, value, tie)]
            yield _short(event(stem, value / UNIT)) + tie
        index, at = index + len(group), at + len(group) * value


def _melody(
    notes: Sequence[Note], start: float, end: float, metre: Metre
) -> list[tuple[int | None, Fraction, Fraction]]:
    """Return (pitch, begin, length) in beats from ``start``, one at a time, with a rest up to the end."""
    played = [replace(note, start=note.start - start) for note in notes if note.start < end]
    total = _place(end - start)
    onsets: dict[Fraction, Note] = {}
    for note in transcribe(played, MetreMap(((0.0, metre),)), voices=1):
        # What is played just before the last barline stays before it.
        at = _place(note.start)
        at = at if at < total else total - SIXTEENTH
        if at >= 0 and (at not in onsets or onsets[at].pitch < note.pitch):
            onsets[at] = note
    melody: list[tuple[int | None, Fraction, Fraction]] = []
    for at, following in pairwise([*sorted(onsets), total]):
        until = _place(onsets[at].end)
        melody.append((onsets[at].pitch, at, min(until - at if until > at else SIXTEENTH, following - at)))
    return [*melody, (None, total, Fraction(0))]


def _place(beats: float) -> Fraction:
    """Return the nearest time that notes and triplets up to their halves can have."""
    return min((Fraction(round(beats * n), n) for n in DIVISIONS), key=lambda place: abs(beats - place))


def _note_value(beats: Fraction) -> Fraction:
    """Return the longest plain or dotted note, or triplet of one, that fits into a length."""
    value = Fraction(64 if beats.denominator % 3 else Fraction(128, 3))
    while value > beats:
        value /= 2
    return value * Fraction(3, 2) if value * Fraction(3, 2) <= beats else value


def _classes(sharps: int) -> frozenset[int]:
    accidentals = accidentals_of(sharps)
    return frozenset((natural + accidentals.get(letter, 0)) % 12 for letter, natural in NATURAL.items())


def _pitch(pitch: int, sharps: int, altered: dict[str, int]) -> str:
    """Return a pitch as ABC, with an accidental where the bar so far says otherwise; notes it down."""
    best, signature = None, accidentals_of(sharps)
    for letter, natural in NATURAL.items():
        for semitones in (0, 1, -1):
            if (natural + semitones - pitch) % 12:
                continue
            octave = (pitch - semitones - natural) // 12
            now = altered.get(letter, signature.get(letter, 0))
            cost = (now != semitones, abs(semitones), semitones != (1 if sharps >= 0 else -1))
            if best is None or cost < best[0]:
                best = (cost, letter, octave, semitones)
    assert best is not None
    (accidental, _, _), letter, octave, semitones = best
    sign = {0: "=", 1: "^", -1: "_"}[semitones] if accidental else ""
    altered[letter] = semitones  # in every octave, ABC 2.1 section 11.3
    if octave >= 1:
        return sign + letter.lower() + "'" * (octave - 1)
    return sign + letter + "," * -octave


def _short(event: str) -> str:
    """Return a note or rest with a half as tune books write it, A/ for A/2."""
    return event[:-1] if event.endswith("/2") else event
