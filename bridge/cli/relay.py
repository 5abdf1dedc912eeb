"""`antiphon ask … --out FILE.notes`: asks on behalf of a script that has no network."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from ...models.errors import AntiphonError, ConfigError, RequestError
from ..client.client import Client
from .notelist import SUFFIX, AnswerFile, read_notes
from .options import request_options

EXIT_REFUSED = 2
_FILES_APART = ("wav", "abc", "score", "png")
"""What `ask` writes without a list of notes."""


def relay(args: argparse.Namespace) -> int:
    """Ask and write what comes line by line; return the exit status.

    Whatever goes wrong stands in the file, as the script that waits for it reads nothing else.
    """
    with AnswerFile(args.out) as answer:
        try:
            with Client(args.host, args.port, name="ask") as bridge:
                _ask(bridge, args, answer)
        except AntiphonError as error:
            answer.fail(error.code if isinstance(error, RequestError) else "bad_args", str(error))
            return EXIT_REFUSED
        except KeyboardInterrupt:
            answer.fail("cancelled", "stopped")
            raise
        except Exception as error:  # a mistake of ours: the script must not take it for an empty answer
            answer.fail("model_error", f"{type(error).__name__}: {error}")
            raise
    return 0


def _ask(bridge: Client, args: argparse.Namespace, answer: AnswerFile) -> None:
    if args.verb == "models":
        hello = bridge.hello()
        for name in hello.capabilities:
            answer.verb(name)
        for line in bridge.models():
            answer.model(line.name, line.title)
        return
    if given := [name for name in _FILES_APART if getattr(args, name) is not None]:
        raise ConfigError(f"--{given[0]} does not go with --out FILE{SUFFIX}; ask for it by itself")
    if args.input is not None and args.input.suffix != SUFFIX:
        raise ConfigError(f"--in {args.input}: a {SUFFIX} answer needs a {SUFFIX} list to continue")
    notes = None if args.input is None else read_notes(args.input)
    takes = bridge.request(
        args.verb, notes, request_options(args), on_progress=answer.progress, stop=_gone(args.wanted)
    )
    for take in takes:
        answer.take(take)


def _gone(path: Path | None) -> Callable[[], bool]:
    """Return what tells whether a file has vanished."""
    return lambda: path is not None and not path.exists()
