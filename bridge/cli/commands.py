"""The command `antiphon`: finds the subcommand and loads its room only then."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import errno
import importlib
import io
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...models.errors import AntiphonError
from ...models.printable import printable_lines
from ...models.refusal import refusal
from ..version import version
from .logline import LogLine
from .plainer import NAME as PLAINER

log = logging.getLogger("antiphon")
EXIT_ERROR = 2
EXIT_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand."""

    module: str
    """Has ``add_arguments(parser)`` and ``run(args) -> exit status``. By name, so that no room that a
    bridge has no need of is imported, or even known to the import checker. Loads what ``extra`` brings
    in ``run`` alone: a bridge's installation has help for every command."""
    doc: str
    extra: str = ""
    """The extra that brings what the work needs; none for the bridge's own."""


COMMANDS: Mapping[str, Command] = {
    "serve": Command("antiphon.bridge.cli.serve", "start the bridge that OSC programs ask for notes"),
    "ask": Command("antiphon.bridge.cli.ask", "ask a running bridge, as a DAW would"),
    "generate": Command("antiphon.bridge.cli.generate", "make music without a bridge"),
    "render": Command("antiphon.bridge.cli.render", "turn a MIDI or ABC file into sound"),
    "models": Command("antiphon.bridge.cli.models", "list the models at hand, as their files tell"),
    "clients": Command("antiphon.bridge.cli.clients", "put Antiphon into Max, Live, REAPER, Pd …"),
    "doctor": Command("antiphon.bridge.cli.doctor", "check the installation, run each model, say what to do"),
    "prepare": Command("antiphon.train.cli.prepare", "turn music files into a data set", "train"),
    "train": Command("antiphon.train.cli.train", "train a model", "train"),
    "evaluate": Command("antiphon.train.cli.evaluate", "measure a trained model on held-out pieces", "train"),
    "benchmark": Command("antiphon.train.cli.benchmark", "measure on the published piano rolls", "train"),
    "summary": Command("antiphon.export.cli.summary", "show what a trained network is made of", "train"),
    "export": Command("antiphon.export.cli.export", "turn runs into model files", "train"),
}


class _Module(Protocol):
    """What a subcommand's module has."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say which arguments the subcommand has."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it; return the exit status."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand; return the exit status: 2 for what the user can put right, 130 for Ctrl-C."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=PLAINER)  # a console without ♯ or █ shows # and goes on
    with _some_output():
        return _run(words)


@contextlib.contextmanager
def _some_output() -> Iterator[None]:
    """Let what is printed go nowhere where there is no standard output or error, as under pythonw."""
    missing = [name for name in ("stdout", "stderr") if getattr(sys, name) is None]
    with contextlib.ExitStack() as opened:
        for name in missing:
            setattr(sys, name, opened.enter_context(Path(os.devnull).open("w", encoding="utf-8")))
            opened.callback(setattr, sys, name, None)
        yield


def _run(words: list[str]) -> int:
    """Run a subcommand and turn what goes wrong into a line and a status."""
    try:
        return _said(words)
    except AntiphonError as error:
        print(printable_lines(f"antiphon: {error}"), file=sys.stderr)
        return EXIT_ERROR
    except KeyboardInterrupt:
        print("\nantiphon: stopped", file=sys.stderr)
        return EXIT_INTERRUPTED
    except OSError as error:
        if _is_reader_gone(error):
            # Python would complain once more when it flushes.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        log.debug("here it happened", exc_info=True)
        print(printable_lines(f"antiphon: {refusal(error)}"), file=sys.stderr)
        return EXIT_ERROR


def _said(words: list[str]) -> int:
    """Run a subcommand; what it has printed has gone out at its end, and not when Python ends."""
    try:
        status = _dispatch(words)
    except SystemExit:  # as --help ends
        sys.stdout.flush()
        raise
    sys.stdout.flush()
    return status


def _is_reader_gone(error: OSError) -> bool:
    """Return whether the reader of a pipe (head, less) has left: Windows calls that an invalid argument."""
    invalid = sys.platform == "win32" and error.errno == errno.EINVAL and error.filename is None
    return invalid or isinstance(error, BrokenPipeError)


def _dispatch(words: list[str]) -> int:
    """Find the subcommand and run it with the words after it."""
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview())
        return 0 if words else EXIT_ERROR
    if words[0] in ("-V", "--version"):
        print(f"antiphon {version()}")
        return 0
    name = words[0]
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.0)[0]
        raise AntiphonError(f"no command {name!r}; did you mean {near!r}? `antiphon --help` lists all")
    command = COMMANDS[name]
    module = load(command)
    parser = argparse.ArgumentParser(
        prog=f"antiphon {name}", description=command.doc[0].upper() + command.doc[1:] + "."
    )
    parser.add_argument(
        "--log-level", default="info", choices=("debug", "info", "warning", "error"), help="how much to tell"
    )
    module.add_arguments(parser)
    args = parser.parse_args(words[1:])
    how = "%(asctime)s %(name)s: %(message)s" if args.log_level == "debug" else "%(message)s"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogLine(how))
    logging.basicConfig(level=args.log_level.upper(), handlers=[handler], force=True)
    try:
        return module.run(args)
    except ModuleNotFoundError as error:
        if not command.extra or (error.name or "").startswith("antiphon"):
            raise
        raise AntiphonError(
            f"`antiphon {name}` needs {error.name}, which is not installed: "
            f'pip install "antiphon[{command.extra}]"'
        ) from error


def load(command: Command) -> _Module:
    """Import a subcommand's module."""
    module: _Module = importlib.import_module(command.module)
    return module


def overview() -> str:
    """Return what `antiphon --help` shows."""
    lines = [f"  {name:10}{command.doc}" for name, command in COMMANDS.items()]
    return "\n".join(
        ["usage: antiphon COMMAND …", "", "Your DAW calls, a model answers.", "", *lines, "",
         "`antiphon COMMAND --help` says more."]
    )  # fmt: skip
