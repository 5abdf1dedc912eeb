"""The table of request options as command-line options."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...models.errors import ConfigError
from ..protocol.options import OPTIONS, OptionValue, parse
from ..protocol.table import HOST, PORT

_NETWORK_ONLY = ("reply_port", "mode")
_CONTEXT_ONLY = ("phrase",)
"""What says something of a context, and nothing where there is none."""
_HERE = {
    "start": "; or how a tune in ABC begins, as --text",
    "text": r'; \n ends a line: "X:1\nT:"',
}
"""What the options can do on the command line alone."""


def add_request_options(parser: argparse.ArgumentParser, context: bool = True) -> None:
    """Add ``--bars``, ``--scale`` and all the others; without a context, those that it needs none for."""
    group = parser.add_argument_group("what to play")
    left_out = _NETWORK_ONLY if context else _NETWORK_ONLY + _CONTEXT_ONLY
    for option in OPTIONS:
        if option.key not in left_out:
            flag = "--" + option.key.replace("_", "-")
            doc = option.doc + _HERE.get(option.key, "")
            default = f"{option.default:g}" if isinstance(option.default, float) else option.default
            text = doc.replace("%", "%%") + f" (default: {default})"
            group.add_argument(flag, dest=option.key, metavar=option.key.upper(), help=text)


def request_options(args: argparse.Namespace) -> dict[str, OptionValue]:
    """Return the options that were given; raises RequestError that says what is wrong."""
    given = {o.key: value for o in OPTIONS if (value := getattr(args, o.key, None)) is not None}
    if ":" in given.get("start", ""):  # not a beat: how a tune begins
        given["text"] = given.pop("start")
    if "text" in given:  # a shell hands \n on as two characters
        given["text"] = given["text"].replace("\\n", "\n")
    return parse([part for pair in given.items() for part in pair])


def add_bridge_address(parser: argparse.ArgumentParser, where: str = "where the bridge is") -> None:
    """Add ``--host`` and ``--port``."""
    parser.add_argument("--host", type=host, default=HOST, help=f"{where} (default: %(default)s)")
    parser.add_argument("--port", type=port, default=PORT, help="its UDP port (default: %(default)s)")


def add_models(parser: argparse.ArgumentParser, what: str = "model files beside those that ship") -> None:
    """Add ``--models``."""
    parser.add_argument(
        "--models",
        action="append",
        type=Path,
        default=[],
        metavar="DIR",
        help=f"a folder of {what}; may be repeated",
    )


def existing(folders: list[Path]) -> list[Path]:
    """Return the folders named by ``--models``; raises ConfigError where one is none."""
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"--models {folder} is not a folder")
    return folders


def host(text: str) -> str:
    """Read a host's name or address; raises ArgumentTypeError for what none can have."""
    try:
        text.encode("idna")  # as Python does when it looks the name up
    except UnicodeError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no name of a computer; 127.0.0.1 is this one"
        ) from error
    return text


def port(text: str) -> int:
    """Read a port; raises ArgumentTypeError."""
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"port {text!r} must be a number in range 0..65535")
    return int(text)
