"""`antiphon benchmark frames DATA`: train and score on the published piano-roll sets."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

from ...models.errors import AntiphonError
from ...models.wholefile import write_lines
from ..dataset.rolls import SETS

log = logging.getLogger("antiphon.train")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `antiphon benchmark`."""
    parser.add_argument("what", choices=("frames",), help="piano rolls, nats a frame")
    parser.add_argument("data", type=Path, help=f"folder with {', '.join(SETS.values())}")
    parser.add_argument("--out", type=Path, default=Path("frames"), help="folder for data sets and runs")
    parser.add_argument("--sets", nargs="+", choices=tuple(SETS), default=tuple(SETS), metavar="SET",
                        help=f"of {', '.join(SETS)} (default: all)")  # fmt: skip
    parser.add_argument("--split", choices=("valid", "test"), default="test",
                        help="what is scored (default: test)")  # fmt: skip
    parser.add_argument("--steps", type=int, help="updates, instead of each configuration's own")


def run(args: argparse.Namespace) -> int:
    """Train and score as told; returns 1 when a set could not be."""
    from ..evaluation.benchmark import benchmark, prepare, table

    found: dict[str, dict[str, Any]] = {}
    for name in args.sets:
        try:
            prepare(args.data, name, args.out)
            found[name] = benchmark(name, args.out, args.split, args.steps)
        except AntiphonError as error:  # the other sets are still wanted
            log.error("%s: %s", name, error)
            found[name] = {"error": str(error)}
    text = table(found, args.split)
    args.out.mkdir(parents=True, exist_ok=True)  # not there yet where no set could be read
    write_lines(args.out / "frames.md", text.split("\n"))
    print(text)
    return int(any("error" in one for one in found.values()))
