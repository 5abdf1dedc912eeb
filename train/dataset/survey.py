"""What a data set keeps, counted in one pass over its shards, each of which is read from disk for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ...models.codec import Codec
from ...models.file.step import POSITION_STRIDE
from ...models.metre import Metre
from .dataset import SplitName
from .selection import Selection


@dataclass
class Survey:
    """The pieces kept, and what the report counts of their notes."""

    pieces: list[tuple[SplitName, str, int]] = field(default_factory=list)
    """Split, label and notes of each, in the sources' order."""
    monophonic: bool = True
    """Whether no part of any piece sounds two notes at once."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Notes of these pieces that are not in the data set: :attr:`.shard.Entry.not_asked` and ``doubled``."""
    long_bars: int = 0
    """Notes in bars that have more ticks than positions in attention's memory."""

    def of(self, split: SplitName) -> list[tuple[str, int]]:
        """Return label and notes of a split's pieces."""
        return [(label, notes) for its, label, notes in self.pieces if its == split]


def survey(selection: Selection, codec: Codec) -> Survey:
    """Count what a selection keeps; bars are counted in the codec's ticks."""
    found = Survey()
    for entry, split in selection.pieces():
        found.pieces.append((split, entry.label, entry.notes))
        found.monophonic &= entry.monophonic
        found.left_out.update(not_asked=entry.not_asked, doubled=entry.doubled)
        found.long_bars += sum(
            count
            for metre, count in entry.metre_notes.items()
            if codec.bar_ticks(Metre.parse(metre)) > POSITION_STRIDE
        )
    return found
