"""`antiphon evaluate RUN`: what a run has learned, held against a 5-gram."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ...models.errors import ConfigError, DatasetError
from ...models.printable import printable
from ...models.refusal import reason
from ..dataset.arrayfile import write_json
from ..dataset.dataset import SPLITS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `antiphon evaluate`."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a run")
    parser.add_argument("--split", choices=SPLITS, default="test", help="which pieces (default: test)")
    parser.add_argument("--json", type=Path, help="write the figures here too")


def run(args: argparse.Namespace) -> int:
    """Evaluate runs; returns the exit status."""
    found: dict[str, Any] = {}
    if args.json and (args.json.is_dir() or not args.json.absolute().parent.is_dir()):
        raise ConfigError(f"--json {args.json}: name a file in a folder that exists")
    from ..evaluation import textscore
    from ..evaluation.evaluate import beside_baseline, by_source, figures, table
    from ..fit.passages import pieces_of
    from ..fit.savedrun import load_run

    for folder in args.runs:
        config, dataset, network = load_run(folder)
        if not pieces_of(dataset, args.split):
            raise DatasetError(f"{dataset.path}: the {args.split} split holds no piece; try another --split")
        if dataset.codec.is_text:
            bits = textscore.bits_a_character(network, dataset, args.split)
            found[str(folder)] = {"bits a character": bits}
            print(f"{config.card.name}, {args.split} split\n\n{textscore.table(bits)}\n")
            continue
        one = figures(network, dataset, args.split)
        found[str(folder)] = {"figures": one, "by source": by_source(network, dataset, args.split)}
        print(f"{config.card.name}, {args.split} split, {beside_baseline(one)}\n")
        print(f"{table(one)}\n")
        for name, value in found[str(folder)]["by source"].items():
            print(printable(f"  {name}: {value:.3f}"))
    if args.json:
        try:
            write_json(args.json, found, indent=1)
        except OSError as error:
            raise ConfigError(f"{args.json} cannot be written: {reason(error)}") from error
    return 0
