"""Which pieces a data set keeps: each once, in one split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..corpus.sources import Skipped
from .dataset import SplitName
from .shard import Entry, Shard
from .splits import Splits

STRENGTH: dict[SplitName, int] = {"train": 0, "valid": 1, "test": 2}
"""Of equal pieces the one in the stronger split stays: what is tested was never trained on."""


@dataclass
class Selection:
    """The pieces kept, by shard and place, and what became of the others."""

    shards: Sequence[Path]
    skipped: list[Skipped]
    """The files and pieces that could not be read or were not asked for."""
    kept: list[list[SplitName | None]] = field(default_factory=list)
    """(shard, piece): its split, None for a duplicate."""
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    """(piece, the piece that it repeats)"""
    authorities: Counter[str] = field(default_factory=Counter)
    """How many pieces an index, a name or a hash assigned."""
    remarks: list[str] = field(default_factory=list)
    """What of the indexes counts for nothing."""

    def pieces(self) -> Iterator[tuple[Entry, SplitName]]:
        """Yield the pieces kept with their splits; one shard's are in memory at a time."""
        for base, splits in zip(self.shards, self.kept, strict=True):
            for entry, split in zip(Shard.load(base).entries, splits, strict=True):
                if split is not None:
                    yield entry, split


def select(shards: Sequence[Path], unread: Sequence[Skipped], splits: Splits) -> Selection:
    """Assign a split to every piece of the shards and drop duplicates, transposed ones too.

    Args:
        shards: what was read.
        unread: files that were skipped before any was read.
        splits: what says the splits.

    Raises:
        ConfigError: an index that was asked for names none of the pieces.
    """
    selection = Selection(shards, list(unread))
    best: dict[str, tuple[int, int, int, str]] = {}  # fingerprint -> strength, shard, piece, label
    for number, base in enumerate(shards):
        row: list[SplitName | None] = []
        selection.kept.append(row)
        shard = Shard.load(base)
        selection.skipped += shard.skipped
        for place, entry in enumerate(shard.entries):
            split, authority = splits.of(entry.file, entry.name, entry.split, entry.place)
            selection.authorities[authority] += 1
            row.append(split)
            _keep_best(selection, best, entry, (STRENGTH[split], number, place, entry.label))
    selection.remarks = splits.remarks()
    return selection


def _keep_best(
    selection: Selection,
    best: dict[str, tuple[int, int, int, str]],
    entry: Entry,
    new: tuple[int, int, int, str],
) -> None:
    """Keep the new piece or the equal one before it."""
    old = best.get(entry.fingerprint)
    if old is None:
        best[entry.fingerprint] = new
        return
    winner, loser = (new, old) if new[0] > old[0] else (old, new)
    best[entry.fingerprint] = winner
    selection.kept[loser[1]][loser[2]] = None
    selection.duplicates.append((loser[3], winner[3]))
