"""A request's hard limits as masks on the model's fields."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

from ...models.errors import RequestError
from ...models.field import FieldName
from ...models.file.manifest import Manifest
from ...models.file.step import MASKED
from ..request import GenerationRequest

Mask = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Constraints:
    """What may be chosen, as additive masks (code,): 0 or -1e9."""

    fixed: Mapping[FieldName, Mask]
    """Of the fields whose mask stays the same throughout a take."""
    ticks: tuple[float, ...]
    """The table of deltas, ascending, END not among them."""
    parts: int
    """How many parts may play."""
    allowed: tuple[frozenset[int], ...]
    """The codes that a step may choose, by field; the masks of deltas change, so there it is all."""

    def delta_within(self, least: int, most: int) -> Mask:
        """Return a new mask of a delta of ``least`` to ``most`` ticks, which the table must have some of."""
        mask = self.delta(least, ends=False)
        mask[bisect_right(self.ticks, most) : -1] = MASKED
        return mask

    def parts_within(self, least: int, most: int) -> Mask:
        """Return a new mask of the parts whose codes are ``least`` to ``most``."""
        mask = self.fixed["part"].copy()
        mask[:least] = mask[most + 1 :] = MASKED
        return mask

    def delta(self, least: int, ends: bool, most: float = inf) -> Mask:
        """Return a new mask of a delta between notes of the answer.

        Args:
            least: the fewest ticks; no more than the table's last.
            ends: whether END may be chosen.
            most: the most ticks; where the table has none up to there, its next ones.
        """
        mask = np.zeros(len(self.ticks) + 1, np.float32)
        first = bisect_left(self.ticks, least)
        mask[:first] = MASKED
        mask[max(bisect_right(self.ticks, most), first + 1) : -1] = MASKED
        mask[-1] = 0.0 if ends else MASKED
        return mask


@dataclass(frozen=True)
class _Asked:
    """What masks depend on. Equal for one manifest object, which is quicker told than equal manifests."""

    manifest: Manifest = field(compare=False)
    identity: int
    low: int
    high: int
    scale: frozenset[int] | None
    parts: frozenset[int] | None


def constraints(manifest: Manifest, request: GenerationRequest) -> Constraints:
    """Return the masks of a request; raises RequestError(bad_args) when they leave nothing."""
    low, high = request.low + request.lift, request.high + request.lift
    return _constraints(_Asked(manifest, id(manifest), low, high, request.scale, request.parts))


# Requests of a client differ in seed and length, seldom in these: making masks anew took a fifth of a
# millisecond of the first note's time, cold as it is after a pause. The key keeps its manifest, so an id
# stays the same object's.
@lru_cache(maxsize=64)
def _constraints(asked: _Asked) -> Constraints:
    manifest = asked.manifest
    codec = manifest.codec
    fixed: dict[FieldName, Mask] = {
        f.name: np.zeros(f.size, np.float32) for f in codec.fields if f.name != "delta"
    }
    fixed["pitch"] = _pitches(asked)
    parts = _parts(asked)
    if "part" in codec.names:
        values = codec["part"].array
        fixed["part"] = _mask(np.isin(values, sorted(parts)), "the model plays none of the parts asked for")
    free = frozenset(range(codec["delta"].size))
    allowed = [frozenset(np.flatnonzero(mask == 0).tolist()) for mask in fixed.values()]
    return Constraints(fixed, codec["delta"].values, len(parts), (free, *allowed))


def _parts(asked: _Asked) -> set[int]:
    """Return the parts that may play."""
    codec = asked.manifest.codec
    known = {int(v) for v in codec["part"].values} if "part" in codec.names else {0}
    if asked.parts is None:
        return known
    unknown = sorted(asked.parts - known)
    if unknown or not asked.parts:
        raise RequestError(
            "bad_args", f"parts {sorted(asked.parts)} must be among {', '.join(map(str, sorted(known)))}"
        )
    return known & asked.parts


def _pitches(asked: _Asked) -> Mask:
    manifest = asked.manifest
    values = manifest.codec["pitch"].array
    allowed = (values >= asked.low) & (values <= asked.high)
    if asked.scale is not None:
        playing = [p for i, p in enumerate(manifest.parts) if asked.parts is None or i in asked.parts]
        if any(part.is_drum for part in playing):
            raise RequestError("bad_args", f"model {manifest.name!r} plays drums, which have no scale")
        allowed &= np.isin(manifest.codec.pitch_classes, sorted(asked.scale))
    text = f"no pitch of model {manifest.name!r} is in range {asked.low}..{asked.high}"
    return _mask(allowed, text + (" and in the scale" if asked.scale is not None else ""))


def _mask(allowed: npt.NDArray[Any], otherwise: str) -> Mask:
    """Return a mask of what is allowed; raises RequestError with ``otherwise`` when nothing is."""
    if not allowed.any():
        raise RequestError("bad_args", otherwise)
    return np.where(allowed, 0.0, MASKED).astype(np.float32)
