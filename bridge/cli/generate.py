"""`antiphon generate`: music from nothing, without a bridge."""

from __future__ import annotations

import argparse

from ...models.interrupt import kept_interrupt
from ..engine.engine import Engine
from ..protocol.options import new_seed
from ..runtime.shelf import ModelShelf
from ..session.resolve import model_name, resolve
from .options import add_models, add_request_options, existing, request_options
from .result import Result, add_output_options, check_output_options, check_text_options, show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments `generate` has."""
    add_models(parser)
    add_request_options(parser, context=False)
    add_output_options(parser, context=False)


def run(args: argparse.Namespace) -> int:
    """Generate, show and write."""
    options = request_options(args)
    check_output_options(args)
    shelf = ModelShelf(existing(args.models))
    manifest = shelf.manifest(model_name(options, shelf.default))
    check_text_options(args, manifest.codec.is_text)
    request = resolve({}, options, None, manifest, new_seed())
    with kept_interrupt() as heed, Engine(shelf) as engine:
        takes = engine.generate(request, heed)
    start = request.start_beat * request.stretch
    show(Result(takes, start, request.metre, request.tempo, manifest.parts), args)
    return 0
