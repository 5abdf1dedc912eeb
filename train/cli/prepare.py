"""`antiphon prepare`: music files to a data set."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..dataset.prepare import prepare
from ..dataset.prepareconfig import PrepareConfig, load, part_rule
from ..dataset.preparereport import summary

_NOT_CONFIG = {"sources"}
"""Here the files to read, in a configuration their licences."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `antiphon prepare`."""
    parser.add_argument("sources", nargs="+", type=Path, help="folders, zips or files of MIDI, ABC, MusicXML")
    parser.add_argument("--out", required=True, type=Path, help="folder of the data set")
    parser.add_argument("--config", type=Path, help="TOML file with the options below; flags win over it")
    parser.add_argument("--processes", type=int, help="how many at once (default: one a core)")
    parser.add_argument("--overwrite", action="store_true", help="replace a data set that is there already")
    parser.add_argument("--ticks-per-beat", type=int, help="grid (default 24)")
    parser.add_argument("--fields", type=_words, help="delta,part,pitch,duration,velocity,offset or fewer")
    parser.add_argument("--velocity-bins", type=int, help="0 leaves velocity out")
    parser.add_argument("--offset-bins", type=int, help="0 leaves micro-timing out")
    parser.add_argument("--drum-map", help="gm or td11: keep drums; without it they are left out")
    parser.add_argument("--text", action="store_true", default=None, help="keep ABC tunes as text")
    parser.add_argument("--melody", action="store_true", default=None, help="keep the highest voice alone")
    parser.add_argument("--parts", type=_parts, help="names of the parts, in the sources' order")
    parser.add_argument("--index", action="append", help="CSV with a column split (may be repeated)")
    parser.add_argument("--include", action="append", help="glob of files to read (may be repeated)")
    parser.add_argument("--exclude", action="append", help="glob of files to leave out (may be repeated)")
    parser.add_argument(
        "--like", metavar="DATASET", help="take fields' tables and metres from another data set"
    )
    parser.add_argument("--min-notes", type=int, help="leave out shorter pieces (default 2)")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _parts(text: str) -> tuple[Any, ...]:
    return tuple(part_rule(word) for word in _words(text))


def run(args: argparse.Namespace) -> int:
    """Prepare a data set from parsed arguments; return the exit status.

    Raises:
        ConfigError, DatasetError: with a sentence for the person at the keyboard.
    """
    known = PrepareConfig.__dataclass_fields__.keys() - _NOT_CONFIG
    given = {key: value for key, value in vars(args).items() if key in known}
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    config = load(args.config, given)
    try:
        info = prepare(
            args.sources, args.out, config, processes=args.processes, overwrite=args.overwrite, progress=True
        )
    except KeyboardInterrupt:
        after = "begins anew: of text nothing is kept" if config.text else "goes on where it was"
        print(f"\nstopped; the same command {after}", file=sys.stderr)
        return 130
    print(f"{summary(info['report'])}\n{args.out}: {_counts_line(info)}")
    return 0


def _counts_line(info: dict[str, Any]) -> str:
    what = "characters" if info["codec"]["fields"][0]["name"] == "char" else "notes"
    counts = info["counts"].items()
    return ", ".join(f"{split} {c['pieces']} pieces, {c['notes']} {what}" for split, c in counts)
