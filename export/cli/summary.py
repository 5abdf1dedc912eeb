"""`antiphon summary RUN`: what a trained network is made of, and what one note of it costs."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...models.errors import ExportError
from ...models.refusal import reason
from ...models.wholefile import write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `antiphon summary`."""
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a run")
    parser.add_argument("--png", type=Path, metavar="FILE.png", help="draw the network")
    parser.add_argument("--json", type=Path, metavar="FILE.json", help="write the figures")


def run(args: argparse.Namespace) -> int:
    """Show what a run's network is made of; returns the exit status."""
    from ...train.fit.savedrun import load_run
    from ..card import manifest_for
    from ..conversion.convert import convert
    from ..diagram import draw_diagram
    from ..graph.stepgraph import StepGraph
    from ..summary import cost_of, layers_of, report, table_bytes

    config, dataset, network = load_run(args.run)
    manifest = manifest_for(config, dataset, network, "float32")
    graph = convert(StepGraph(network), manifest)
    layers, cost = layers_of(network), cost_of(graph, manifest)
    unit = "character" if dataset.codec.is_text else "note"
    print(report(layers, cost, table_bytes(graph), unit))
    if args.png:
        with _refusals_of(args.png):
            draw_diagram(network.shape, args.png)
        print(f"drew {args.png}")
    if args.json:
        found: dict[str, Any] = {"layers": [asdict(layer) for layer in layers], "step": asdict(cost)}
        with _refusals_of(args.json):
            write_json(args.json, found, indent=1)
    return 0


@contextlib.contextmanager
def _refusals_of(path: Path) -> Iterator[None]:
    """Raise ExportError that names the file being written: a full disk names none."""
    try:
        yield
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {reason(error)}") from error
