"""`antiphon prepare`: files a second, on the Groove MIDI Dataset and on made-up MIDI files.

Numbers of processes take turns; every turn starts from nothing. Groove is looked for in
../shared/data/groove, or wherever --groove says; without it its rows say skipped.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import measure
import numpy as np
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.midi.write import write_midi
from antiphon.models.note import Note
from antiphon.models.score import Part, Score
from antiphon.train.dataset.prepare import prepare
from antiphon.train.dataset.prepareconfig import PartRule, PrepareConfig, load

COLUMNS = ("source", "processes", "files", "notes", "seconds", "files a second", "notes a second", "speed-up")
SUFFIXES = (".mid", ".midi")
DRUMS = measure.ROOT / "train" / "configs" / "drums.prepare.toml"


def make_music(folder: Path, files: int, notes: int = 400) -> None:
    """Write MIDI files of two voices that wander along a scale."""
    rng = np.random.default_rng(7)
    scale = np.array([0, 2, 4, 5, 7, 9, 11])
    parts = (Part("high", 0), Part("low", 32))
    for number in range(files):
        degrees = np.clip(np.cumsum(rng.integers(-2, 3, notes)), -7, 13)
        lengths = rng.choice([0.25, 0.5, 1.0], notes)
        starts = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
        made = [
            Note(int(60 + 12 * (d // 7) + scale[d % 7]) - 24 * (i % 2), float(s), float(n), 80, i % 2)
            for i, (d, s, n) in enumerate(zip(degrees, starts, lengths, strict=True))
        ]
        score = Score(tuple(Score.ordered(made)), MetreMap(((0.0, Metre(4, 4)),)), parts=parts)
        write_midi(score, folder / f"{number:05d}.mid")


def count_files(source: Path) -> int:
    """Return how many MIDI files a folder and the zips in it hold."""
    if source.suffix == ".zip":
        with zipfile.ZipFile(source) as archive:
            return sum(Path(name).suffix.lower() in SUFFIXES for name in archive.namelist())
    files = [path for path in source.rglob("*") if path.is_file()]
    inside = sum(count_files(path) for path in files if path.suffix == ".zip")
    return inside + sum(path.suffix.lower() in SUFFIXES for path in files)


def once(source: Path, config: PrepareConfig, processes: int, counts: dict[str, int]) -> float:
    """Prepare a source from nothing; return seconds."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "dataset"
        began = time.perf_counter()
        prepare([source], out, config, processes=processes)
        seconds = time.perf_counter() - began
        info = json.loads((out / "dataset.json").read_text())
    counts["notes"] = sum(split["notes"] for split in info["counts"].values())
    return seconds


def contest(
    table: measure.Table, name: str, source: Path, config: PrepareConfig, args: argparse.Namespace
) -> None:
    """Add a source's rows."""
    counts: dict[str, int] = {}
    contestants: dict[str, Callable[[], float]] = {
        str(n): partial(once, source, config, n, counts) for n in args.processes
    }
    said = measure.rounds(contestants, args.rounds, warm_up=0)
    files = count_files(source)
    alone = said[str(args.processes[0])]
    for n in args.processes:
        seconds = measure.median(said[str(n)])
        faster = measure.median(a / b for a, b in zip(alone, said[str(n)], strict=True))
        notes = counts["notes"]
        table.add(name, n, files, notes, seconds, files / seconds, notes / seconds, faster)


def main() -> int:
    """Measure as told on the command line."""
    parser = measure.arguments(__doc__, models=False)
    parser.add_argument("--groove", type=Path, default=measure.ROOT.parent / "shared" / "data" / "groove")
    parser.add_argument("--processes", type=int, nargs="+", help="default: 1 and one a core")
    parser.add_argument("--files", type=int, default=500, help="made-up files")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    before = measure.machine()
    args.processes = args.processes or sorted({1, before.cores})
    if args.quick:
        args.files, args.rounds, args.processes = 12, 1, [1]
    table = measure.Table("Prepare", COLUMNS)
    if args.quick or not args.groove.is_dir():
        table.add("groove", *[None] * (len(COLUMNS) - 1))
        table.notes.append(f"groove: skipped, {'as --quick asks' if args.quick else f'no {args.groove}'}.")
    else:
        contest(table, "groove", args.groove, load(DRUMS, {}), args)
    with tempfile.TemporaryDirectory() as folder:
        make_music(Path(folder), args.files)
        config = PrepareConfig(parts=(PartRule("high"), PartRule("low")))
        contest(table, "made-up MIDI files", Path(folder), config, args)
    table.notes.append(
        f"Medians of {args.rounds} turns; notes are those in the data set, without duplicates."
    )
    return measure.finish(args, table, before)


if __name__ == "__main__":
    raise SystemExit(main())
