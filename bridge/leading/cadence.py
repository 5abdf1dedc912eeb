"""How a piece ends: a tune on its tonic, voices on its triad, the lowest on its root, and nothing after.

A model that is told where the end is comes to rest there, but mostly elsewhere than at home, or it runs on.
A tonic that the request names waits there; else the music so far tells which it may be, and what is unsure
leads less.
"""

from __future__ import annotations

from math import log

import numpy as np
import numpy.typing as npt

from ..request import GenerationRequest
from .opening import Context
from .tonality import Leaning

CLOSE = 12.0
"""Nats that home has gained by the end of the last bar, where its tonic is certain: so valid pieces spend as
much of their last bars on the tonic as music does (tests/benchmarks/endings.py)."""
REST = 3.0
"""Nats that the end has gained by then, after a note at home: so valid tunes rest as often as music does."""
_EVIDENCE = 16.0
"""Beats of music that tell the key, at most: a piece's notes are much alike, so more tell no more."""
_ENOUGH = 8.0
"""Beats of music from which on a key is led to in full."""
_UNLIKELY = 0.01
"""What is less likely counts as this, and gains nothing."""
_PROFILES = (
    (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
    (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
)
"""How much of the time each pitch class sounds in major and in minor, from the tonic up:
Albrecht and Shanahan 2013, "The use of large corpora to train a new type of key-finding algorithm"."""
_TRIADS = ((0, 4, 7), (0, 3, 7))
_KEYS = np.log([[np.roll(profile, tonic) for tonic in range(12)] for profile in _PROFILES])
_DEGREES = (np.arange(12)[:, None] - np.arange(12)) % 12
_ROOT, _TRIAD = (
    np.hstack([np.isin(_DEGREES, triad[:notes]) for triad in _TRIADS]).astype(np.float64) for notes in (1, 3)
)
"""Which pitch classes are the root, or of the triad, of each key: (pitch class, mode and tonic)."""

Keys = npt.NDArray[np.float64]
"""(mode, tonic): major and minor."""


def keys_of(beats: Leaning) -> Keys:
    """Return how likely music is in each key.

    Args:
        beats: how long each pitch class sounds, (12,).

    >>> keys_of(np.array([4, 0, 1, 0, 2, 1, 0, 3, 0, 1, 0, 1.0])).argmax()  # C major
    0
    """
    length = float(beats.sum())
    logits = _KEYS @ beats * min(1.0, _EVIDENCE / max(length, _EVIDENCE))
    likely = np.exp(logits - logits.max())
    return np.asarray(likely / likely.sum())


class Cadence:
    """Leads the last bar of one answer home.

    Args:
        tonic: its pitch class, None where music is to tell.
        scale: the pitch classes that may be chosen, None for all.
        beats: how long each pitch class sounds in the context, (12,).
    """

    def __init__(self, tonic: int | None, scale: frozenset[int] | None, beats: Leaning) -> None:
        self._tonic, self._beats = tonic, beats.copy()
        self._last: int | None = None
        allowed = np.array([scale is None or c in scale for c in range(12)], np.float64)
        self._possible = allowed * np.array([np.roll(allowed, -third) for _, third, _ in _TRIADS])
        if tonic is not None:
            named = (np.arange(12) == tonic).astype(np.float64)
            within = self._possible * named
            self._possible = within if within.any() else np.tile(named, (2, 1))

    def hear(self, pitch_class: int, beats: float) -> None:
        """Take one more note of the answer."""
        self._beats[pitch_class] += beats
        self._last = pitch_class

    def rest(self) -> float:
        """Return what the end has gained by the end of the last bar, in nats."""
        return 0.0 if self._last is None else REST * float(self._home(chord=False)[self._last])

    def leaning(self, *, chord: bool) -> Leaning:
        """Return what each pitch class has gained by the end of the last bar, in nats, (12,).

        Args:
            chord: whether the third and the fifth are at home, too.
        """
        return CLOSE * self._home(chord=chord)

    def _home(self, *, chord: bool) -> Leaning:
        """Return how much at home each pitch class is, 0 to 1, (12,)."""
        keys = keys_of(self._beats) * self._possible
        total = keys.sum()
        if not total:  # a scale without a triad
            return np.zeros(12)
        home = (_TRIAD if chord else _ROOT) @ (keys / total).ravel()
        sure = 1.0 if self._tonic is not None else min(1.0, float(self._beats.sum()) / _ENOUGH)
        return np.asarray(sure * (1 - np.log(np.maximum(home, _UNLIKELY)) / log(_UNLIKELY)))


def cadence_of(request: GenerationRequest, context: Context) -> Cadence | None:
    """Return what leads an answer home; None where it goes on, and of drums."""
    if not request.piece_ends or context.heard is None:
        return None
    return Cadence(request.tonic, request.scale, context.heard.beats)
