"""Music files to a data set.

Three passes, each over shards on disk, so that memory stays bounded: read every file (in several
processes), choose splits, duplicates and tables, encode.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ...models.codec import Codec, EncodingReport
from ...models.errors import ConfigError, DatasetError
from ..corpus.sources import Item, Skipped, Work, chunk_key, chunks, find, let_go
from .abctext import prepare_text
from .dataset import SPLITS, Dataset, begin_again
from .encodeshard import EncodeJob, encode_shard, encoded_parts
from .prepareconfig import PrepareConfig
from .preparereport import write_report
from .selection import Selection, select
from .shard import is_finished, write_shard
from .splits import Splits
from .survey import survey
from .tables import tables_like, tables_of
from .workers import run_jobs
from .workfolder import open_work, readers
from .writeset import check_tables, write_info, write_split

log = logging.getLogger("antiphon.prepare")
Result = TypeVar("Result")


@dataclass(frozen=True)
class _ReadJob:
    """A unit of work and where its shard goes."""

    base: Path
    chunk: tuple[Work, ...]


def prepare(
    sources: Sequence[Path],
    out: Path,
    config: PrepareConfig,
    *,
    processes: int | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> dict[str, Any]:
    """Make a data set of ``sources`` in the folder ``out``; return what dataset.json holds.

    Stopped and run again, it reads only what it had not read: shards are kept in ``out``/.work
    until the data set is finished.

    Raises:
        ConfigError: a source or index that is missing or wrong, or an ``out`` that is no folder.
        DatasetError: ``out`` holds a data set already, or not one piece could be read.
    """
    there = next(path for path in (out, *out.parents) if path.exists())
    if not there.is_dir():
        raise ConfigError(f"--out {out}: {there} is a file; choose a folder")
    if (out / "dataset.json").exists() and not overwrite:
        raise DatasetError(f"{out} holds a data set already; choose another folder or add --overwrite")
    splits, found = _splits(find(sources, config.include, config.exclude), config)
    if config.text:
        return prepare_text(found, out, config, splits)
    given = tables_like(Dataset.load(config.like), config) if config.like else None
    by = readers()
    work = open_work(out, by)
    show = partial(_progress, enabled=progress)
    shards, unread = _read(found, work, by, config, processes, show)
    selection = select(shards, unread, splits)
    if not any(split for row in selection.kept for split in row):
        raise DatasetError(f"not one piece could be read: {_why_nothing(selection)}")
    codec, metres = given or tables_of(selection, config)
    check_tables(codec)
    begin_again(out)
    losses = _encode(selection, codec, metres, processes, show)
    info = _finish(out, selection, config, codec, metres, losses)
    shutil.rmtree(work, ignore_errors=True)  # on Windows somebody may look at a file; the set is finished
    return info


def _splits(found: Iterable[Item | Skipped], config: PrepareConfig) -> tuple[Splits, list[Item | Skipped]]:
    """Return what says the splits, the indexes asked for or those beside the music, and what is left."""
    indexes: list[Item] = []
    others: list[Item | Skipped] = []
    for one in found:
        if isinstance(one, Item) and one.kind == "index":
            indexes.append(one)
        else:
            others.append(one)
    return Splits.read(map(Path, config.index)) if config.index else Splits.found(indexes), others


def _progress(results: Iterable[Result], total: int, what: str, *, enabled: bool) -> Iterable[Result]:
    from tqdm import tqdm

    hidden = None if enabled else True  # None: shown on a terminal, hidden in a file
    bar: Iterable[Result] = tqdm(results, total=total, desc=what, unit="chunk", disable=hidden)
    return bar


def _read(
    found: Sequence[Item | Skipped],
    work: Path,
    by: str,
    config: PrepareConfig,
    processes: int | None,
    show: Callable[..., Iterable[Any]],
) -> tuple[list[Path], list[Skipped]]:
    """Read every file into shards; return them in the sources' order, and the files left unread."""
    unread = [one for one in found if isinstance(one, Skipped)]
    items = [one for one in found if isinstance(one, Item)]
    settings = config.settings() + by
    jobs = [_ReadJob(work / chunk_key(chunk, settings), chunk) for chunk in chunks(items)]
    todo = [job for job in jobs if not is_finished(job.base)]
    if len(todo) < len(jobs):
        log.info("%d of %d chunks were read before", len(jobs) - len(todo), len(jobs))
    for _ in show(run_jobs(partial(_read_job, config), todo, processes), len(todo), "reading"):
        pass
    let_go()
    return [job.base for job in jobs], unread


def _read_job(config: PrepareConfig, job: _ReadJob) -> None:
    write_shard(job.base, job.chunk, config)


def _encode(
    selection: Selection,
    codec: Codec,
    metres: tuple[str, ...],
    processes: int | None,
    show: Callable[..., Iterable[Any]],
) -> EncodingReport:
    """Encode every shard; return what was lost."""
    losses = EncodingReport()
    rows = zip(selection.shards, selection.kept, strict=True)
    jobs = [EncodeJob(base, tuple(row), codec, metres) for base, row in rows]
    for report in show(run_jobs(encode_shard, jobs, processes), len(jobs), "encoding"):
        losses += report
    return losses


def _finish(
    out: Path,
    selection: Selection,
    config: PrepareConfig,
    codec: Codec,
    metres: tuple[str, ...],
    losses: EncodingReport,
) -> dict[str, Any]:
    """Write the arrays, the report and, last, dataset.json."""
    kept = survey(selection, codec)
    counts = {}
    for split in SPLITS:
        codes, clocks = (encoded_parts(selection.shards, split, what) for what in ("codes", "clock"))
        counts[split] = write_split(out, split, codec, kept.of(split), codes, clocks)
    return write_info(
        out,
        codec,
        metres,
        [rule.part for rule in config.part_rules],
        monophonic=kept.monophonic,
        sources=[dict(source) for source in config.sources],
        counts=counts,
        report=write_report(out, selection, kept, losses),
    )


def _why_nothing(selection: Selection) -> str:
    """Return the first reason in words."""
    skipped = selection.skipped
    if not skipped:
        return "the sources are empty"
    real = [skip for skip in skipped if skip.reason != "not a music file"] or skipped
    why = ": ".join(filter(None, (real[0].reason, real[0].detail)))
    return f"{len(skipped)} skipped, such as {real[0].name}: {why}"
