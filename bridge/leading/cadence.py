"""How a piece ends: a tune on its tonic, voices on its triad, the lowest of them on its root.

A model that is told where the end is comes to rest there, but mostly elsewhere than at home. A tonic that the
request names waits there; else the music itself tells which it may be, and what is unsure leads less. A tune
that is home is led to stop, and voices are not, which come home one after the other.
"""

from __future__ import annotations

from math import log

import numpy as np
import numpy.typing as npt

from ...models.file.manifest import Manifest
from ..request import GenerationRequest
from .context import Context
from .tonality import Leaning

CLOSE = 12.0
"""Nats that home has gained by the end, where its tonic is certain: so valid pieces spend as much of their
last bars on the tonic as music does (tests/benchmarks/endings.py)."""
CLOSE_OF_VOICES = 20.0
"""The same of voices, whose other notes depend on one another, and where only what is near gains."""
REST = 8.0
"""Nats that the end itself has gained by then, where a tune is home: it struck its tonic again and again
until the bar was over, three times at the end of half of its answers, of tunes one in five (the same)."""
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

    >>> int(keys_of(np.array([4, 0, 1, 0, 2, 1, 0, 3, 0, 1, 0, 1.0])).argmax())  # C major
    0
    """
    length = float(beats.sum())
    logits = _KEYS @ beats * min(1.0, _EVIDENCE / max(length, _EVIDENCE))
    likely = np.exp(logits - logits.max())
    return np.asarray(likely / likely.sum())


class Cadence:
    """Leads the end of one answer home.

    Args:
        tonic: its pitch class, None where music is to tell.
        scale: the pitch classes that may be chosen, None for all.
        beats: how long each pitch class sounds in the context, (12,).
        nats: what a certain home has gained by the end.
    """

    def __init__(
        self, tonic: int | None, scale: frozenset[int] | None, beats: Leaning, nats: float = CLOSE
    ) -> None:
        self._nats = nats
        self._tonic, self._beats, self._last = tonic, beats.copy(), -1
        self._found: Keys | None = None
        """What the music so far tells; None where it was not asked since the last note."""
        allowed = np.array([scale is None or c in scale for c in range(12)], np.float64)
        self._possible = allowed * np.array([np.roll(allowed, -third) for _, third, _ in _TRIADS])
        if tonic is not None:
            named = (np.arange(12) == tonic).astype(np.float64)
            within = self._possible * named
            self._possible = within if within.any() else np.tile(named, (2, 1))

    def hear(self, pitch_class: int, beats: float) -> None:
        """Take one more note of the answer."""
        self._beats[pitch_class] += beats
        self._last, self._found = pitch_class, None

    def at_home(self) -> float:
        """Return how likely the last note of the answer is the tonic; less where little music tells it."""
        return 0.0 if self._last < 0 else float(self._tonics().sum(axis=0)[self._last]) * self._sure()

    def leaning(self, *, chord: bool) -> Leaning:
        """Return what each pitch class has gained by the end, in nats, (12,).

        Args:
            chord: whether the third and the fifth are at home, too.
        """
        home = (_TRIAD if chord else _ROOT) @ self._tonics().ravel()
        gained = 1 - np.log(np.maximum(home, _UNLIKELY)) / log(_UNLIKELY)
        return np.asarray(self._nats * self._sure() * gained)

    def _tonics(self) -> Keys:
        """Return how likely the tonic is that of each key; nothing in a scale without a triad."""
        if self._found is None:  # asked for up to three times a note
            keys = keys_of(self._beats) * self._possible
            self._found = np.asarray(keys / (keys.sum() or 1.0))
        return self._found

    def _sure(self) -> float:
        """Return how far a tonic is trusted: one that is named wholly, another as far as music tells it."""
        return 1.0 if self._tonic is not None else min(1.0, float(self._beats.sum()) / _ENOUGH)


def cadence_of(manifest: Manifest, request: GenerationRequest, context: Context) -> Cadence | None:
    """Return what leads an answer home; None where it goes on, and of drums."""
    if not request.piece_ends or context.heard is None:
        return None
    nats = CLOSE_OF_VOICES if manifest.has_voices else CLOSE
    return Cadence(request.tonic, request.scale, context.heard.beats, nats)
