"""`antiphon models`: what is at hand, without a bridge.

Files are asked what they say of themselves, in a millisecond each. To run each, which takes a hundred, is
the work of `antiphon doctor`.
"""

from __future__ import annotations

import argparse

from ...models.printable import printable
from ..runtime.shelf import ModelShelf
from .options import add_models, existing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments `models` has."""
    add_models(parser)


def run(args: argparse.Namespace) -> int:
    """List the models; return 1 when there are none."""
    shelf = ModelShelf(existing(args.models))
    models = shelf.models()
    for info in models:
        card = info.manifest
        parts = ", ".join(part.name or str(index) for index, part in enumerate(card.parts))
        print(printable(f"{info.name:12}{card.title}"))
        size = f"{info.megabytes:.1f} MB, {card.quantisation}, {card.parameters:,} parameters"
        print(printable(f"{'':12}parts: {parts}; {size}"))
        for source in card.sources:
            origin = f"{source.name} ({source.licence}) {source.attribution}".rstrip()
            print(printable(f"{'':12}trained on {origin}"))
        print(printable(f"{'':12}{info.path}"))
    if not models:
        print("There is no model; name a folder with --models DIR.")
    return int(not models)
