"""`antiphon serve`: the bridge, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
import logging
import signal
import sys
from types import FrameType

from ...models.errors import ConfigError
from ..address import ANYWHERE
from ..engine.engine import Engine
from ..protocol.table import HOST, PORT
from ..runtime.shelf import ModelShelf
from ..server.loglimit import LogLimit
from ..server.pacer import Host
from ..server.server import Server
from ..version import version
from .interrupt import heed_the_impatient, heeding_the_closing
from .options import add_bridge_address, add_models, existing
from .options import host as read_host
from .options import port as read_port

SWITCH_SECONDS = 0.0005
"""How long a thread may keep Python's lock while another wants it; Python's 5 ms are half an audio buffer."""
WINDOWS_SWITCH_SECONDS = 0.001
"""The least that Windows can wait for the lock: Python counts whole milliseconds there (Python/condvar.h),
and a thread that waits for none asks again and again, and interrupts the other at every step."""
POLL_SECONDS = 0.2
"""How often a call to stop is looked for."""
MAX_QUEUE = 4096
"""What `--queue` may be: more would only wait until they are given up."""
CALLS_TO_STOP = ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP")
"""Signals; the third is Windows' alone, which lacks the last."""
log = logging.getLogger("antiphon.server")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments `serve` has."""
    add_bridge_address(parser, "the address to listen at; 0.0.0.0 opens the bridge to your network")
    add_models(parser)
    parser.add_argument("--default", metavar="MODEL", help="the model of requests that name none")
    parser.add_argument(
        "--workers", type=int, metavar="N", help="threads that run models (default: one a core, at most 2)"
    )
    parser.add_argument(
        "--queue", type=int, default=64, metavar="N",
        help="requests that may wait before others are told busy (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--announce", action="append", type=_address, default=[], metavar="HOST:PORT",
        help="send /antiphon/startup and /antiphon/shutdown there; may be repeated",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or another call to stop; a second one ends what does not end by itself."""
    sys.setswitchinterval(WINDOWS_SWITCH_SECONDS if sys.platform == "win32" else SWITCH_SECONDS)
    if not log.isEnabledFor(logging.DEBUG):  # who looks for a fault wants every line
        for handler in logging.getLogger().handlers:
            handler.addFilter(LogLimit())
    folders = existing(args.models)
    if args.workers is not None and not 1 <= args.workers <= 64:
        raise ConfigError(f"--workers {args.workers} must be in range 1..64")
    if not 1 <= args.queue <= MAX_QUEUE:
        raise ConfigError(f"--queue {args.queue} must be in range 1..{MAX_QUEUE}")
    shelf = ModelShelf(folders, default=args.default, provider_level=logging.INFO)
    if args.default:
        shelf.info(args.default)
    called = _calls_to_stop()
    with (
        heeding_the_closing(called),
        Engine(shelf, workers=args.workers, queue_limit=args.queue) as engine,
    ):
        server = Server(engine, shelf, host=args.host, port=args.port, announce=args.announce)
        # Bound it is already, and threads that load models may silence what is printed beside them.
        print(welcome(server.address, [info.name for info in shelf.models()]), flush=True)
        with server:
            while not called and not server.wait(POLL_SECONDS):
                pass
            if called:
                heed_the_impatient(called)
        with contextlib.suppress(OSError):  # the terminal may have been closed
            print("\nThe bridge is closed.", flush=True)
    return 0


def welcome(address: Host, models: list[str]) -> str:
    """Return what a newcomer can try next."""
    host, port = address
    named = host if ":" not in host else f"[{host}]"
    listening = [
        f"Antiphon {version()} listens on {named}:{port} (UDP), models: {', '.join(models) or 'none'}."
    ]
    if not models:
        listening.append("No model is here yet: start again with --models DIR.")
    if not ipaddress.ip_address(host).is_loopback:
        listening.append(
            "Everybody on your network can reach it; --host 127.0.0.1 keeps it to this computer."
        )
    near = ANYWHERE.get(host, host)
    ask = "".join([
        "" if near == HOST else f" --host {near}",
        "" if port == PORT else f" --port {port}",
    ])  # fmt: skip
    return "\n".join([
        *listening,
        "Try next:",
        f"  command line   antiphon ask generate --bars 8{ask}",
        "  liblo          oscdump 9101 &",
        f"                 oscsend {near} {port} /antiphon/generate ssisi tune reply_port 9101 bars 4",
        f"  Max            [udpsend {near} {port}] and [udpreceive 9101]",
        "                 send it: /antiphon/hello 9101, then /antiphon/generate tune bars 4",
        f"  Pure Data      [connect {near} {port}( → [netsend -u -b] → right outlet → [oscparse] → [print]",
        "                 [list tune bars 4( → [oscformat /antiphon/generate] → [list prepend send] →",
        "                 [list trim] → the same [netsend -u -b]",
        "Ctrl-C ends it.",
    ])  # fmt: skip


def _address(text: str) -> Host:
    """Read HOST:PORT; raises ArgumentTypeError."""
    host, _, number = text.rpartition(":")
    if not host:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form HOST:PORT")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    return read_host(host), read_port(number)


def _calls_to_stop() -> list[int]:
    """Return a list that Ctrl-C, SIGTERM, Ctrl-Break and a terminal that is closed add to.

    A closed one ends nothing where that is to be ignored, as under nohup. A handler that raised could break
    off any code, the taking of a lock among it, and the bridge would hang.
    """
    called: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        called.append(number)

    for name in CALLS_TO_STOP:
        number = getattr(signal, name, None)
        if number is not None and not (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
            signal.signal(number, note)
    return called
