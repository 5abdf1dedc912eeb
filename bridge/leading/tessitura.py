"""Where the voices of an answer lie: as high as in what it answers, though a model drifts.

A model that chooses intervals knows only roughly how high it began, and goes on from wherever it has got to:
the voices of an answer to four bars lay three semitones from those on average, of the music that followed
half as many. What leads them back makes that music itself likelier, too (tests/benchmarks/tessitura.py).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from copy import copy
from statistics import fmean

import numpy as np

from ...models.codec import Codec, Codes
from ...models.file.manifest import Manifest
from .choir import homes_of
from .constraints import Mask

OUTSIDE = 0.4
"""Nats that a pitch loses for each semitone outside the range of the notes that tell where voices lie."""
DRIFT = 0.04
"""Nats that it loses for each semitone above another, times each that the voices are too high."""
HALF = 68
"""Notes that tell where voices lie, of which half of the above is lost: a bar tells little, a page much."""
MAX_NOTES = 128
"""Notes that tell it: the last of a context, or else the answer's own first."""
RECENT = 12
"""Notes of the answer that tell where voices are."""
_AT_ONCE = 16
"""Notes of the answer's own from which where voices lie is found anew."""


class Tessitura:
    """Leads one answer, or waits to lead answers to one context (:meth:`within`).

    Args:
        codec: of a model of voices.
        codes: the context, (note, field).
        known: how high voices mostly lie, by the code of their part; none where nobody knows. Beside those
            that were heard they tell where the others are to lie.
    """

    def __init__(self, codec: Codec, codes: Codes, known: Sequence[float] = ()) -> None:
        self._pitch, self._part = codec.names.index("pitch"), codec.names.index("part")
        self._pitches = codec["pitch"].array.astype(np.float32)
        self._heights = self._pitches - self._pitches.mean()  # what all pitches gain is no choice
        self._voices = codec["part"].size
        self._told = codes[-MAX_NOTES:]
        self._own: list[list[int]] = []
        self._away: deque[float] = deque([0.0] * RECENT, maxlen=RECENT)
        self._known = known if len(codes) else ()
        self._heard: dict[int, float] = {}
        """The mean pitch of each voice that has been heard, by the code of its part."""
        self.homes: dict[int, float] = {}
        """How high each voice mostly lies, as far as it was heard or is known."""
        self._missing = 0.0
        """Notes that the voices which the context lacks would have had there."""
        self._leaning = np.zeros_like(self._pitches)
        self._weight = 0.0
        if len(codes):
            heard = len(np.unique(self._told[:, self._part]))
            self._missing = len(self._told) * (self._voices / heard - 1)
            self._settle()

    def within(self, low: int, high: int) -> Tessitura | None:
        """Return what leads one more answer; None where a voice lies outside the pitches asked for."""
        if not all(low <= home <= high for home in self._heard.values()):
            return None
        other = copy(self)
        other._own, other._away = self._own.copy(), self._away.copy()
        return other

    def _settle(self) -> None:
        """Find where voices lie."""
        if self._own:
            self._told = np.concatenate([self._told, np.array(self._own, self._told.dtype)])
            self._own = []
        parts, heights = self._told[:, self._part], self._pitches[self._told[:, self._pitch]]
        notes, sums = np.bincount(parts).tolist(), np.bincount(parts, heights).tolist()
        self._heard = {part: sums[part] / count for part, count in enumerate(notes) if count}
        self.homes = self._supposed() | self._heard
        lowest, highest = heights.min(), heights.max()
        told = len(self._told) + self._missing
        share = told / (told + HALF)
        if len(self._heard) == self._voices:  # others may lie elsewhere
            outside = np.maximum(np.maximum(self._pitches - highest, lowest - self._pitches), 0)
            self._leaning = (-share * OUTSIDE) * outside
        self._weight = share * DRIFT / RECENT

    def _supposed(self) -> dict[int, float]:
        """Return where voices lie beside those that were heard, as they mostly do."""
        if not self._known or len(self._heard) == self._voices:
            return {}
        higher = fmean(home - self._known[part] for part, home in self._heard.items())
        return {part: higher + home for part, home in enumerate(self._known)}

    def hear(self, codes: Sequence[int]) -> None:
        """Take one more note of the answer."""
        part, pitch = codes[self._part], codes[self._pitch]
        height = float(self._pitches[pitch])
        self._away.append(height - self.homes.get(part, height))
        if len(self._told) < MAX_NOTES:
            self._own.append(list(codes))
            if len(self._own) == _AT_ONCE:
                self._settle()

    def lead(self, mask: Mask) -> Mask:
        """Return a mask of the next pitch, (code,), with what leads it home."""
        return mask + self._leaning - (self._weight * sum(self._away)) * self._heights


def tessitura_of(manifest: Manifest, codes: Codes) -> Tessitura | None:
    """Return what leads answers to a context; None for drums and for a model of one part.

    A tune may go where it likes: leading it makes the music that follows less likely.
    """
    if not manifest.has_voices or manifest.codec.index("part") is None:
        return None
    return Tessitura(manifest.codec, codes, homes_of(manifest))
