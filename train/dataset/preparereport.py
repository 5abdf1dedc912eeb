"""What became of every file: a line each, and totals by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

from ...models.codec import EncodingReport
from ...models.file.step import POSITION_STRIDE
from ...models.printable import printable
from ...models.wholefile import write_json, write_lines
from ..corpus.sources import Skipped
from .dataset import SplitName
from .selection import Selection
from .survey import Survey

_LOSSES = {
    "shortened": "durations beyond the table, kept as its largest",
    "durations_moved": "durations that the table lacks, moved to the nearest",
    "rests_shortened": "long rests, shortened by whole bars",
    "moved": "onsets between the values of the delta table, moved to the nearest",
    "unknown_pitches": "pitches that training lacks, moved to the nearest",
    "unknown_parts": "notes of parts that the table lacks",
}
_LEFT_OUT = {
    "not_asked": "notes left out, of parts that were not asked for",
    "doubled": "notes left out, under the melody or struck twice at once",
}
_LONG_BARS = (
    f"notes in bars of more than {POSITION_STRIDE} ticks, where attention overlooks some: give fewer "
    "--ticks-per-beat"
)


def write_report(out: Path, selection: Selection, kept: Survey, losses: EncodingReport) -> dict[str, Any]:
    """Write report.txt and report.json; return the totals."""
    totals = _totals(selection, kept, losses)
    if selection.remarks:
        totals["remarks"] = selection.remarks
    totals["long_bars"] = kept.long_bars
    _write(out, _lines(selection, kept), totals)
    return totals


def write_text_report(
    out: Path,
    texts: Mapping[SplitName, Mapping[str, str]],
    skipped: Sequence[Skipped],
    remarks: Sequence[str],
) -> dict[str, Any]:
    """Write report.txt and report.json of a data set of text; return the totals."""
    reasons = Counter(skip.reason for skip in skipped)
    totals: dict[str, Any] = {
        "read": sum(map(len, texts.values())),
        "skipped": dict(sorted(reasons.items())),
    }
    if remarks:
        totals["remarks"] = list(remarks)
    read = (
        _line("read", split, f"{len(text)} characters", name)
        for split, mine in texts.items()
        for name, text in mine.items()
    )
    _write(out, chain(read, map(_skipped_line, skipped)), totals)
    return totals


def _write(out: Path, lines: Iterable[str], totals: dict[str, Any]) -> None:
    """Write the lines and the totals, as text and as JSON."""
    write_lines(out / "report.txt", chain(lines, ["", summary(totals)]))
    write_json(out / "report.json", totals, indent=1)


def _line(*cells: str) -> str:
    """Return a line of the report; whatever a name holds, it stays one."""
    return "\t".join(map(printable, cells))


def _skipped_line(skip: Skipped) -> str:
    return _line("skipped", skip.reason, skip.detail, skip.name)


def _lines(selection: Selection, kept: Survey) -> Iterator[str]:
    """Yield a line for every piece read and every file or piece skipped."""
    for split, label, notes in kept.pieces:
        yield _line("read", split, f"{notes} notes", label)
    for label, same in selection.duplicates:
        yield _line("skipped", "duplicate", f"of {same}", label)
    yield from map(_skipped_line, selection.skipped)


def _totals(selection: Selection, kept: Survey, losses: EncodingReport) -> dict[str, Any]:
    reasons = Counter(skip.reason for skip in selection.skipped)
    if selection.duplicates:
        reasons["duplicate"] += len(selection.duplicates)
    return {
        "read": len(kept.pieces),
        "skipped": dict(sorted(reasons.items())),
        "split_by": dict(sorted(selection.authorities.items())),
        "encoding": asdict(losses),
        "left_out": {why: kept.left_out[why] for why in _LEFT_OUT},
    }


def summary(totals: dict[str, Any]) -> str:
    """Return the totals as lines of text; a data set of text has none of notes."""
    pieces = "piece" if totals["read"] == 1 else "pieces"
    lines = [f"{totals['read']} {pieces} read, {sum(totals['skipped'].values())} files or pieces skipped"]
    lines += [f"  {count:8} {reason}" for reason, count in totals["skipped"].items()]
    lines += map(printable, totals.get("remarks", ()))
    if "encoding" not in totals:
        return "\n".join(lines)
    lines.append("splits by " + ", ".join(f"{name}: {count}" for name, count in totals["split_by"].items()))
    encoding = totals["encoding"]
    lines.append(f"{encoding['notes']} notes encoded")
    lines += [f"  {encoding[key]:8} {what}" for key, what in _LOSSES.items() if encoding[key]]
    left_out = totals["left_out"]
    lines += [f"  {left_out[key]:8} {what}" for key, what in _LEFT_OUT.items() if left_out[key]]
    if totals["long_bars"]:
        lines.append(f"  {totals['long_bars']:8} {_LONG_BARS}")
    return "\n".join(lines)
