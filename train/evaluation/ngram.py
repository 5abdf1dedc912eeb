"""The baseline: an interpolated Witten-Bell n-gram over the same fields.

A field is predicted from the fields already chosen for its note and the whole tuples of the notes
before it; shorter contexts drop the oldest note first, then the farthest field, down to a uniform
distribution. Witten and Bell 1991, "The zero-frequency problem", method C, interpolated.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from ...models.codec import Codec
from ..fit.passages import Piece

Context = tuple[int, ...]
ORDER = 5
"""Notes in a context, the one predicted included: it looks at 4 notes before."""


class NGram:
    """Counts of one data set.

    Args:
        codec: the fields.
        relative: read pitches as intervals from the note before. Not the same fields any more, but a
            stronger baseline for tunes in many keys.
    """

    def __init__(self, codec: Codec, *, relative: bool = False) -> None:
        self.codec, self.relative = codec, relative
        self.sizes = [f.size for f in codec.fields]
        if relative:
            self.sizes[codec.names.index("pitch")] = 255
        self.counts: list[defaultdict[Context, Counter[int]]] = [defaultdict(Counter) for _ in codec.fields]

    def _rows(self, piece: Piece) -> list[Context]:
        codes = np.asarray(piece.codes, np.int32)
        if self.relative:
            column = self.codec.names.index("pitch")
            pitch = np.asarray(self.codec["pitch"].values, np.int32)[codes[:, column]]
            codes = codes.copy()
            codes[:, column] = np.diff(pitch, prepend=64) + 127
        end = (self.codec.end, *[-1] * (codes.shape[1] - 1))
        return [*map(tuple, codes.tolist()), end]

    def _contexts(self, before: list[Context], chosen: Context) -> Iterator[Context]:
        """Yield contexts from the shortest to the longest."""
        for fields in range(len(chosen) + 1):
            yield chosen[len(chosen) - fields :]
        context = chosen
        for note in reversed(before):
            context = (*note, *context)
            yield context

    def _events(self, piece: Piece) -> Iterator[tuple[int, list[Context], int]]:
        """Yield (field, contexts, code) of every prediction in a piece; END has only its delta."""
        rows = self._rows(piece)
        blank = (-2,) * len(self.sizes)
        padded = [blank] * (ORDER - 1) + rows
        for i, row in enumerate(rows):
            before = padded[i : i + ORDER - 1]
            for field in range(len(row) if row[0] != self.codec.end else 1):
                yield field, list(self._contexts(before, row[:field])), row[field]

    def fit(self, pieces: Iterable[Piece]) -> NGram:
        """Count pieces."""
        for piece in pieces:
            for field, contexts, code in self._events(piece):
                for context in contexts:
                    self.counts[field][context][code] += 1
        return self

    def probability(self, field: int, contexts: list[Context], code: int) -> float:
        """Return the interpolated probability of a code."""
        p = 1.0 / self.sizes[field]
        for context in contexts:
            seen = self.counts[field].get(context)
            if seen is None:
                break  # a longer context cannot have been seen either
            total, kinds = seen.total(), len(seen)
            p = (seen.get(code, 0) + kinds * p) / (total + kinds)
        return p

    def nats_a_note(self, pieces: Iterable[Piece]) -> np.ndarray:
        """Return the loss of pieces by field, END included, divided by their notes."""
        total, notes = np.zeros(len(self.sizes)), 0
        for piece in pieces:
            notes += len(piece)
            for field, contexts, code in self._events(piece):
                total[field] -= np.log(self.probability(field, contexts, code))
        return np.asarray(total / max(notes, 1))
