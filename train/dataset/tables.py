"""A codec's tables chosen from the training pieces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ...models.codec import Codec
from ...models.errors import ConfigError
from ...models.field import Field, offset_table, tables_from, velocity_table
from .dataset import Dataset
from .prepareconfig import PrepareConfig
from .selection import Selection
from .shard import Entry, Floats, Shard, load_notes, to_ticks

_ALWAYS_BEATS = 16
"""Every half beat up to here (four bars of 4/4) has a code, whatever the data."""
_LONGEST_BEATS = 64
"""Rarer lengths beyond here share the largest code below."""
_METRE_SHARE = 0.005
"""A metre of fewer training notes than this is "another one" to the model."""


def tables_of(selection: Selection, config: PrepareConfig) -> tuple[Codec, tuple[str, ...]]:
    """Return the codec and the metres that the pieces kept for training ask for."""
    tally = _Tally(config)
    for base, splits in zip(selection.shards, selection.kept, strict=True):
        if "train" not in splits:
            continue
        entries = Shard.load(base).entries
        for entry, split, table in zip(entries, splits, load_notes(base, entries), strict=True):
            if split == "train":
                tally.add(entry, table)
    return tally.codec(), tally.metre_names()


class _Tally:
    """Counts what pieces use."""

    def __init__(self, config: PrepareConfig) -> None:
        self._config = config
        self.deltas: Counter[int] = Counter()
        self.durations: Counter[int] = Counter()
        self.pitches: Counter[int] = Counter()
        self.metres: Counter[str] = Counter()

    def add(self, entry: Entry, table: Floats) -> None:
        """Count one piece."""
        tpb = self._config.ticks_per_beat
        starts = np.sort(to_ticks(table[:, 1], tpb))
        longest = _LONGEST_BEATS * tpb
        self.deltas.update([entry.first_place])
        self.deltas.update(_within(np.diff(starts), 0, longest))
        self.durations.update(_within(np.maximum(to_ticks(table[:, 2], tpb), 1), 1, longest))
        self.pitches.update(table[:, 0].astype(int).tolist())
        self.metres.update(entry.metre_notes)

    def metre_names(self) -> tuple[str, ...]:
        """Return the metres worth a code, most frequent first."""
        total = sum(self.metres.values())
        ranked = sorted(self.metres.items(), key=lambda pair: (-pair[1], pair[0]))
        return tuple(name for name, count in ranked if count >= _METRE_SHARE * total)

    def codec(self) -> Codec:
        """Return the codec these pieces ask for."""
        config = self._config
        tpb = config.ticks_per_beat
        halves = [half * tpb // 2 for half in range(1, 2 * _ALWAYS_BEATS + 1)]
        drums_only = all(rule.is_drum for rule in config.part_rules)
        velocity_bins, offset_bins = config.bins
        tables: dict[str, Sequence[float]] = {
            "delta": tables_from(self.deltas, [0, *halves], config.least),
            "part": range(len(config.part_rules)),
            "pitch": sorted(self.pitches) if drums_only and self.pitches else range(128),
            "duration": [v for v in tables_from(self.durations, halves, config.least) if v > 0],
            "velocity": velocity_table(velocity_bins),
            "offset": offset_table(offset_bins),
        }
        return Codec(tuple(Field(name, tuple(tables[name])) for name in config.field_names), tpb)


def tables_like(dataset: Dataset, config: PrepareConfig) -> tuple[Codec, tuple[str, ...]]:
    """Return the codec and the metres of another data set; raises ConfigError where it keeps other things."""
    theirs, own = dataset.codec, config.field_names
    if theirs.names != own:
        raise ConfigError(
            f"like: {dataset.path} has the fields {', '.join(theirs.names)}, not {', '.join(own)}"
        )
    if theirs.ticks_per_beat != config.ticks_per_beat:
        raise ConfigError(
            f"like: {dataset.path} has {theirs.ticks_per_beat} ticks a beat, not {config.ticks_per_beat}"
        )
    parts = tuple(rule.part for rule in config.part_rules)
    if dataset.parts != parts:
        names = ", ".join(part.name for part in dataset.parts)
        raise ConfigError(f"like: the parts of {dataset.path} are others: {names}")
    return theirs, dataset.metres


def _within(values: np.ndarray[tuple[int, ...], np.dtype[np.int64]], low: int, high: int) -> list[int]:
    """Return the values from ``low`` to ``high``."""
    return [int(v) for v in values[(values >= low) & (values <= high)]]
