"""Scales by name or by pitch class."""

from __future__ import annotations

import difflib
from typing import NamedTuple

from ...models.errors import RequestError

MODES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "ionian": (0, 2, 4, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "aeolian": (0, 2, 3, 5, 7, 8, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "whole tone": (0, 2, 4, 6, 8, 10),
    "octatonic": (0, 2, 3, 5, 6, 8, 9, 11),
    "chromatic": tuple(range(12)),
}
"""Semitones above the tonic."""

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHORT = {"m": "minor", "min": "minor", "maj": "major"}
"""Modes as chords write them; not M for major, which a host may make of m by writing all in capitals."""
_SPOKEN = {"flat": "b", "sharp": "#"}
_GERMAN = {"Es": "Eb", "As": "Ab"}
"""Flats, to whom they are so called; where a host takes # for something of its own, s stands for a sharp."""
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "s": 1, "b": -1, "♭": -1}


class Scale(NamedTuple):
    """What a request keeps to."""

    classes: frozenset[int]
    """Pitch classes; C is 0."""
    tonic: int | None
    """The one that is home, where it was named."""


def parse_scale(text: str) -> Scale:
    """Return the scale of ``"D dorian"``, ``"Dm"``, ``"0,2,4,5,7,9,11"`` or ``"D 0,2,4,5,7,9,11"``.

    A tonic alone means major, one with ``m`` or ``min`` behind it natural minor; before pitch classes it
    says which of them is home. Raises RequestError ``bad_args`` on anything else.

    >>> sorted(parse_scale("A minor pentatonic").classes), parse_scale("A minor pentatonic").tonic
    ([0, 2, 4, 7, 9], 9)
    >>> parse_scale("B flat major") == parse_scale("Bb") == parse_scale("Bbmaj")
    True
    >>> parse_scale("D 2,5,9").tonic, parse_scale("2,5,9").tonic
    (2, None)
    """
    words = text.replace(",", " ").split()
    if not words:
        raise RequestError("bad_args", 'scale is empty; write "D dorian" or pitch classes "0,2,4,5,7,9,11"')
    if words[0].isdecimal():
        return Scale(_pitch_classes(text, words), None)
    if len(words) > 1 and words[1].lower() in _SPOKEN:
        words[:2] = [words[0] + _SPOKEN[words[1].lower()]]
    words = _written_out(words)
    tonic = _tonic(text, words[0])
    if len(words) > 1 and words[1].isdecimal():
        classes = _pitch_classes(text, words[1:])
        if tonic not in classes:
            raise RequestError("bad_args", f"scale {text!r}: {words[0]} is not among its pitch classes")
        return Scale(classes, tonic)
    named = " ".join(words[1:]) or "major"
    mode = named.lower()
    if mode not in MODES:
        near = difflib.get_close_matches(mode, MODES, n=1, cutoff=0.0)[0]
        raise RequestError("bad_args", f"scale {text!r}: no mode {named!r}; did you mean {near!r}?")
    return Scale(frozenset((tonic + step) % 12 for step in MODES[mode]), tonic)


def _pitch_classes(text: str, words: list[str]) -> frozenset[int]:
    """Return the numbers of a list, each 0..11."""
    if not all(word.isdecimal() and len(word) <= 2 and int(word) < 12 for word in words):
        raise RequestError("bad_args", f"scale {text!r}: pitch classes must be in range 0..11")
    return frozenset(int(word) for word in words)


def _written_out(words: list[str]) -> list[str]:
    """Return a tonic and the words of its mode, with ``minor`` for ``Dm``, ``Dmin`` and ``D min``.

    >>> _written_out(["F#m", "pentatonic"])
    ['F#', 'minor', 'pentatonic']
    """
    tonic, *mode = words
    ending = next((short for short in _SHORT if _plain(tonic).endswith(short) and tonic != short), None)
    if ending is not None:
        tonic, mode = tonic[: -len(ending)], [ending, *mode]
    return [tonic, *(_SHORT.get(_plain(word), word) for word in mode)]


def _plain(word: str) -> str:
    """Return a word in small letters, but for a capital M of its own or behind a note."""
    return word if word.endswith("M") else word.lower()


def _tonic(text: str, name: str) -> int:
    """Return the pitch class of a note name such as ``F#`` or ``Bb``."""
    letter, accidental = name[0].upper(), name[1:]
    if letter + accidental in _GERMAN:
        flat = _GERMAN[letter + accidental]
        either = f"write {flat!r} or '{letter} sharp'"
        raise RequestError("bad_args", f"scale {text!r}: {name!r} may be {flat} or {letter}#; {either}")
    if letter not in _LETTERS or accidental not in _ACCIDENTALS:
        raise RequestError("bad_args", f"scale {text!r}: {name!r} is not a note name such as D, F# or Bb; "
                           'the mode comes after a space, as in "D minor"')  # fmt: skip
    return (_LETTERS[letter] + _ACCIDENTALS[accidental]) % 12
