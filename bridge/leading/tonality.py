"""How far an answer is led towards a key: nats by pitch class, added to what the model says itself.

A model hears the key of what it is given and drifts out of it while it reads its own notes, the one of
chorales above all; and nothing tells it which note of a scale is the tonic.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from ...models.note import Note

Leaning = npt.NDArray[np.float64]
"""(12,)"""
STRANGE = 1.0
"""What a pitch class loses that a context neither has nor leads one to expect. Chosen on valid splits
(tests/benchmarks/leaning.py)."""
HOME = (0.25, 0.18)
"""Shares of the time of a tune that its tonic and the fifth above have: of 4,754 dance tunes, in any mode."""
HOME_OF_VOICES = (0.19, 0.20)
"""The same of chorales."""
UNLED = 0.16
"""The share that either has of answers that nothing leads there."""
_HEARD_BEFORE = 16.0
"""Beats of music with that share that are taken to have been heard before any."""
PULL = 2.0
"""Nats that the tonic or the fifth gains for each factor of e by which it has had less than its share. Chosen
on the valid split of the tunes, as MOST is (tests/benchmarks/home.py)."""
MOST = 0.8
"""Nats that it gains at most."""
_SURE = 0.75
"""Beats of notes outside it that make a key e times less likely."""
_HEARD = 0.5
"""Beats of a pitch class that make it half at home."""
KEY_NOTES = 256
"""Notes of a context, its last, that tell its key."""
_MAJOR = (0, 2, 4, 5, 7, 9, 11)
KEYS = np.array([[(c - tonic) % 12 in _MAJOR for c in range(12)] for tonic in range(12)], np.float64)
"""The pitch classes of the twelve major scales, which are those of their modes, too, (key, class)."""


@dataclass(frozen=True)
class Heard:
    """What a context tells of its key."""

    beats: Leaning
    """How long each pitch class sounds, (12,)."""
    notes: int
    """How many told it."""
    leaning: Leaning
    """What they say, (12,)."""


def hear(notes: Sequence[Note]) -> Heard:
    """Return what notes, sorted by onset, tell of their key."""
    told = notes[-KEY_NOTES:]
    beats = told_by(told)
    return Heard(beats, len(told), of_heard(beats))


def told_by(notes: Sequence[Note]) -> Leaning:
    """Return how long each pitch class sounds in notes, in beats, (12,)."""
    classes = np.array([note.pitch % 12 for note in notes], np.int64)
    return np.bincount(classes, [note.duration for note in notes], minlength=12).astype(np.float64)


def of_heard(heard: Leaning) -> Leaning:
    """Return what music says: strangers to it, and to the keys that it may be in, lose up to STRANGE.

    Args:
        heard: how long each pitch class sounded, in beats, (12,).
    """
    inside = KEYS @ heard
    likely = np.exp((inside - inside.max()) / _SURE)
    at_home = np.maximum(likely @ KEYS / likely.sum(), heard / (heard + _HEARD))
    return np.asarray(STRANGE * (at_home - 1.0))


def told_tonic(scale: Collection[int] | None, tonic: int | None, heard: Leaning) -> int:
    """Return the code of the condition `tonic`: 1 for C to 12 for B.

    Data sets that tell it hold music that was moved to C major or A minor, and call the tonic of both C: so
    it is that of the major scale whose notes the music has. They tell it of every piece, and a model has
    learnt nothing of an unknown one: it is C where nothing says more.

    Args:
        scale: pitch classes that are asked for; None where the music is to tell.
        tonic: its tonic, None where it names none.
        heard: how long each pitch class sounded, in beats, (12,).

    >>> told_tonic({9, 11, 0, 2, 4, 5, 7}, 9, np.zeros(12))  # A minor
    1
    """
    if scale is None:
        return int((KEYS @ heard).argmax()) + 1
    inside = KEYS[:, sorted(scale)].sum(axis=1)
    if tonic is not None:  # of several scales that have all the notes, major on the tonic, else its relative
        inside[[tonic, (tonic + 3) % 12]] += 0.5, 0.25
    return int(inside.argmax()) + 1


def of_tonic(tonic: int, heard: Leaning, shares: tuple[float, float] = HOME) -> Leaning:
    """Return what a named tonic says: it and its fifth gain while they sound less than they do in music.

    Args:
        tonic: its pitch class.
        heard: how long each pitch class sounded, in beats, (12,).
        shares: of the time, that the two should have.

    >>> of_tonic(2, np.full(12, 4.0))[[2, 9]].tolist()  # a twelfth of the time each
    [0.8, 0.8]
    """
    leaning = np.zeros(12)
    total = float(heard.sum()) + _HEARD_BEFORE
    for home, share in zip((tonic, (tonic + 7) % 12), shares, strict=True):
        had = (float(heard[home]) + UNLED * _HEARD_BEFORE) / total
        leaning[home] = min(max(PULL * log(share / had), 0.0), MOST)
    return leaning
