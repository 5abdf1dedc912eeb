"""What all benchmarks share: turns, percentiles, one table, and what the machine was doing meanwhile."""

# ruff: noqa: E402 (libraries read how many threads they may have when they are imported)
from __future__ import annotations

import os

# One thread each, as the bridge runs its models.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

HIGH_LOAD = 0.5
"""Processes that already ran when the benchmark began, on average of the minute before."""
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))  # tiny_model, made_music

Cell = str | float | int | None


@dataclass
class Table:
    """The one table of a benchmark."""

    title: str
    columns: Sequence[str]
    rows: list[list[Cell]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Lines below the table: what was skipped, how it was measured."""

    def add(self, *cells: Cell) -> None:
        """Add a row; None is shown as a dash."""
        assert len(cells) == len(self.columns), (cells, self.columns)
        self.rows.append(list(cells))

    def markdown(self) -> str:
        """Return the table in Markdown, numbers with three figures."""
        lines = [f"| {' | '.join(self.columns)} |", f"|{'---|' * len(self.columns)}"]
        lines += [f"| {' | '.join(map(_text, row))} |" for row in self.rows]
        return "\n".join(lines)


def _text(cell: Cell) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return str(cell)


def load_average() -> float | None:
    """Return how many processes ran, on average of the last minute; None where the system cannot tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


@dataclass(frozen=True)
class Machine:
    """Where and beside what a benchmark ran."""

    processor: str
    cores: int
    system: str
    python: str
    load_before: float | None
    load_after: float | None = None

    @property
    def warning(self) -> str:
        """A line when other programs were running, else nothing."""
        if self.load_before is None or self.load_before <= HIGH_LOAD:
            return ""
        return (
            f"WARNING: the load was {self.load_before:.2f} before this began. Times are too long; "
            "ratios within the table hold better, but run it again on a quiet machine."
        )

    def line(self) -> str:
        """Return all of it as one line."""
        loads = [f"{x:.2f}" if x is not None else "unknown" for x in (self.load_before, self.load_after)]
        return (
            f"{self.processor}, {self.cores} cores, {self.system}, Python {self.python}; "
            f"load {loads[0]} before, {loads[1]} after"
        )


def machine() -> Machine:
    """Look at the machine; call it first."""
    return Machine(
        _processor(), os.cpu_count() or 1, platform.system(), platform.python_version(), load_average()
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def finish(args: argparse.Namespace, table: Table, before: Machine) -> int:
    """Print the table and write the JSON; return the exit status."""
    where = Machine(**{**asdict(before), "load_after": load_average()})
    print(f"## {table.title}\n\n{table.markdown()}\n")
    for line in (*table.notes, where.line(), where.warning):
        if line:
            print(line)
    if args.json:
        data = {**asdict(table), "machine": asdict(where), "quick": bool(args.quick)}
        args.json.write_text(json.dumps(data, indent=1), encoding="utf-8")
    return 0


def arguments(doc: str | None, *, models: bool = True) -> argparse.ArgumentParser:
    """Return a parser with what every benchmark takes."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    if models:
        parser.add_argument(
            "models", nargs="*", type=Path, metavar="MODEL.onnx", help="default: the shipped ones"
        )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table and the machine there too")
    parser.add_argument("--quick", action="store_true", help="a few rounds: shows that it runs, not how fast")
    return parser


def model_files(args: argparse.Namespace) -> list[Path]:
    """Return the model files to measure; ends the program when there is none."""
    from antiphon.bridge.runtime.shelf import shipped_folder

    folder = shipped_folder()
    found = args.models or (sorted(folder.glob("*.onnx")) if folder else [])
    if not found:
        raise SystemExit("no model ships with this copy: name some MODEL.onnx")
    return list(found)


def rounds(
    contestants: Mapping[str, Callable[[], float]], count: int, warm_up: int = 1
) -> dict[str, list[float]]:
    """Let all contestants take turns; return what each said in every round but the first ``warm_up``.

    Every round begins with another contestant, so that none always runs in the shadow of the same
    other one.

    Args:
        contestants: each runs once and returns its own measure, such as seconds.
        count: rounds that count.
        warm_up: rounds before that.
    """
    said: dict[str, list[float]] = {name: [] for name in contestants}
    names = list(contestants)
    for number in range(warm_up + count):
        first = number % len(names)
        for name in (*names[first:], *names[:first]):
            value = contestants[name]()
            if number >= warm_up:
                said[name].append(value)
    return said


def timed(call: Callable[[], object], times: int = 1) -> Callable[[], float]:
    """Return a contestant that calls ``call`` several times and says the mean seconds."""

    def run() -> float:
        began = time.perf_counter()
        for _ in range(times):
            call()
        return (time.perf_counter() - began) / times

    return run


def percentile(values: Iterable[float], percent: float) -> float:
    """Return a percentile; 50 is the median."""
    return float(np.percentile(list(values), percent))


def median(values: Iterable[float]) -> float:
    """Return the median."""
    return percentile(values, 50)
