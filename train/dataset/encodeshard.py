"""Shards to codes: the last pass, once the tables are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from ...models.codec import Codec, Encoded, EncodingReport
from .arrayfile import write_array
from .dataset import SPLITS, SplitName
from .shard import Shard, load_notes, notes_of


@dataclass(frozen=True)
class EncodeJob:
    """One shard to encode."""

    base: Path
    kept: tuple[SplitName | None, ...]
    """Each piece's split, None where it is dropped."""
    codec: Codec
    metres: tuple[str, ...]


def encode_shard(job: EncodeJob) -> EncodingReport:
    """Write the codes and clocks of a shard's pieces beside it, split by split; return what was lost."""
    report = EncodingReport()
    entries = Shard.load(job.base).entries
    codes: dict[SplitName, list[npt.NDArray[np.int16]]] = {split: [] for split in SPLITS}
    clocks: dict[SplitName, list[npt.NDArray[np.int32]]] = {split: [] for split in SPLITS}
    for entry, split, table in zip(entries, job.kept, load_notes(job.base, entries), strict=True):
        if split is None:
            continue
        encoded = job.codec.encode(notes_of(table), entry.metre_map)
        report += encoded.report
        codes[split].append(encoded.codes.astype(np.int16))
        clocks[split].append(clock_of(encoded, job.metres))
    for split in SPLITS:
        _write(_file(job.base, split, "codes"), codes[split])
        _write(_file(job.base, split, "clock"), clocks[split])
    return report


def _write(path: Path, parts: Sequence[npt.NDArray[np.integer]]) -> None:
    """Write the arrays as one; of none, take away what a run with other splits may have left."""
    if parts:
        write_array(path, np.concatenate(parts))
    else:
        path.unlink(missing_ok=True)


def clock_of(encoded: Encoded, metres: Sequence[str]) -> npt.NDArray[np.int32]:
    """Return the clock of every note, (note, 5): see :data:`.dataset.CLOCK`."""
    codes = {name: index + 1 for index, name in enumerate(metres)}
    metre = np.array([codes.get(str(m), 0) for m in encoded.metres], dtype=np.int32)
    columns = (encoded.ticks, encoded.bars, encoded.places, encoded.bar_ticks, metre)
    return np.stack(columns, axis=1).astype(np.int32)


def _file(base: Path, split: SplitName, what: str) -> Path:
    return base.with_suffix(f".{split}.{what}.npy")


def encoded_parts(
    shards: Iterable[Path], split: SplitName, what: Literal["codes", "clock"]
) -> Iterator[npt.NDArray[np.integer]]:
    """Yield the arrays that :func:`encode_shard` wrote for a split, shard by shard."""
    for base in shards:
        path = _file(base, split, what)
        if path.exists():
            yield np.load(path)
