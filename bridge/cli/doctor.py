"""`antiphon doctor`: is everything there, does it work, and what to do where it does not."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

from ...models.printable import printable_lines
from .checks import Finding, Level, check_models, check_onnxruntime, check_port, check_python, check_trip
from .options import add_bridge_address, add_models

_MARKS = {Level.GOOD: "ok  ", Level.NOTE: "note", Level.BAD: "BAD "}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments `doctor` has."""
    add_models(parser)
    add_bridge_address(parser)


def run(args: argparse.Namespace) -> int:
    """Print the findings; return 1 when one of them is bad."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        check_python,
        check_onnxruntime,
        lambda: check_models(args.models),
        lambda: check_port(args.host, args.port),
        lambda: check_trip(args.models),
    )
    bad = 0
    for check in checks:
        for finding in check():
            print(printable_lines(f"{_MARKS[finding.level]}  {finding.text}"), flush=True)
            if finding.advice:
                print(f"      → {finding.advice}")
            bad += finding.level is Level.BAD
    print("\nAll is well." if not bad else f"\n{bad} thing{'s' * (bad > 1)} to put right.")
    return int(bad > 0)
