"""`antiphon evaluate RUN`: what a run has learned, held against a 5-gram."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

from ...models.errors import AntiphonError, ConfigError, DatasetError
from ...models.printable import printable
from ...models.refusal import reason, refusal
from ...models.wholefile import write_json
from ..dataset.dataset import SPLITS, SplitName

log = logging.getLogger("antiphon.train")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `antiphon evaluate`."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a run")
    parser.add_argument("--split", choices=SPLITS, default="test", help="which pieces (default: test)")
    parser.add_argument("--json", type=Path, help="write the figures here too")


def run(args: argparse.Namespace) -> int:
    """Evaluate runs; returns 1 when any of several failed, which costs the others nothing."""
    found: dict[str, Any] = {}
    if args.json and (args.json.is_dir() or not args.json.absolute().parent.is_dir()):
        raise ConfigError(f"--json {args.json}: name a file in a folder that exists")
    for folder in args.runs:
        try:
            found[str(folder)] = {"split": args.split, **_evaluate(folder, args.split)}
        except (AntiphonError, OSError) as error:
            if len(args.runs) == 1:
                raise
            log.error("%s", refusal(error) if isinstance(error, OSError) else error)
            continue
        if args.json:  # after each run: what comes after it may fail, or be stopped
            _write(args.json, found)
    return int(len(found) < len(set(args.runs)))


def _evaluate(folder: Path, split: SplitName) -> dict[str, Any]:
    """Print what a run has learned; return its figures."""
    from ..evaluation import textscore
    from ..evaluation.evaluate import beside_baseline, by_source, figures, table
    from ..fit.passages import pieces_of
    from ..fit.savedrun import load_run, weights_id

    config, dataset, network = load_run(folder)
    weights = weights_id(folder)
    if not pieces_of(dataset, split):
        raise DatasetError(f"{dataset.path}: the {split} split holds no piece; try another --split")
    if dataset.codec.is_text:
        bits = textscore.bits_a_character(network, dataset, split)
        print(f"{config.card.name}, {split} split\n\n{textscore.table(bits)}\n")
        return {"weights": weights, "bits a character": bits}
    one, sources = figures(network, dataset, split), by_source(network, dataset, split)
    print(f"{config.card.name}, {split} split, {beside_baseline(one)}\n")
    print(f"{table(one)}\n")
    for name, value in sources.items():
        print(printable(f"  {name}: {value:.3f}"))
    return {"weights": weights, "figures": one, "by source": sources}


def _write(path: Path, found: dict[str, Any]) -> None:
    try:
        write_json(path, found, indent=1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {reason(error)}") from error
