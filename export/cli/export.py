"""`antiphon export RUN... --out DIR`: trained runs to model files, verified and reported."""

from __future__ import annotations

import argparse
import logging
import tempfile
from dataclasses import asdict
from pathlib import Path

from ...models.errors import ExportError
from ...models.refusal import reason, refusal
from ...models.wholefile import write_json, write_lines
from ...train.config.config import TrainConfig
from ..report import Report, report_table

log = logging.getLogger("antiphon.export")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `antiphon export`."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a run, or a folder of runs")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model files and the report")
    parser.add_argument("--weights", choices=("int8", "float32"), default="int8",
                        help="how they are kept (default: int8, smaller and quicker)")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Export runs and write export.json and export.md; returns 1 when any failed."""
    runs, reports = find_runs(args.runs)
    from tqdm import tqdm

    from ..export import export

    _make_folder(args.out)
    for empty in reports:  # a typing error is said before the minutes that the other runs take
        log.error("%s", empty.error)
    for folder in tqdm(runs, unit="run", disable=None):
        try:
            _check_name(folder, reports)
            reports.append(export(folder, args.out, args.weights))
        except KeyboardInterrupt:
            # What it was making is thrown away, of which TensorFlow would complain at length.
            logging.getLogger("tensorflow").setLevel(logging.CRITICAL)
            if any(r.file for r in reports):  # those files stay, and nobody else knows their figures
                _tell(reports, args.out)
            raise
        except Exception as error:  # one failing run must not stop the others, whatever broke in it
            why = refusal(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
            log.error("%s: %s", folder, why, exc_info=log.isEnabledFor(logging.DEBUG))
            reports.append(Report(run=str(folder), error=why.replace("\n", " ")[:300]))
    _tell(reports, args.out)
    return int(any(r.error for r in reports))


def _make_folder(out: Path) -> None:
    """Make a folder; raises ExportError where no file can be made in it: the work takes minutes."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"--out {out} cannot be a folder: {reason(error)}") from error
    try:
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise ExportError(f"--out {out} takes no files: {reason(error)}") from error


def _tell(reports: list[Report], out: Path) -> None:
    """Print the report and write it down, in this order: a full disk leaves the one on the screen."""
    table = report_table(reports)
    print(table)
    write_json(out / "export.json", [asdict(r) for r in reports], indent=1)
    write_lines(out / "export.md", table.split("\n"))


def find_runs(folders: list[Path]) -> tuple[list[Path], list[Report]]:
    """Return the runs among folders and below them, and a report on each folder that holds none.

    A run that is named in several ways is there once, by the first of them. Raises ExportError where there
    is no run at all.
    """
    runs: dict[Path, Path] = {}
    """By where they really are, as they were named."""
    empty: dict[Path, None] = {}
    for folder in folders:
        found = [path.parent for path in sorted(folder.rglob("config.json"))]
        if not found:
            empty[folder] = None
        for run in found:
            runs.setdefault(run.resolve(), run)
    reasons = {folder: f"no run (a folder with config.json) in {folder}" for folder in empty}
    if not runs:
        raise ExportError("; ".join(reasons.values()))
    return list(runs.values()), [Report(run=str(folder), error=reason) for folder, reason in reasons.items()]


def _check_name(folder: Path, before: list[Report]) -> None:
    """Raise ExportError where a run's file would take the place of another run's, just written."""
    name = TrainConfig.load(folder / "config.json").card.name
    same = next((r for r in before if r.name == name), None)
    if same is not None:
        raise ExportError(
            f"its card.name, {name}, is that of {same.run} too, which is in {same.file} now: export it into "
            "another --out"
        )
