"""A real `antiphon serve` in a process of its own, and a client that does nothing but look at the clock."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from antiphon.bridge.client.client import Client
from antiphon.bridge.protocol.osc import Message, NoteMessage, Value, encode, read
from antiphon.models.note import Note
from antiphon.models.score import Score

IDLE_SECONDS = 0.05
"""Between a context's ack and the request: long enough for the bridge to have read the context."""
PATIENCE = 10.0
"""Seconds of silence that end a benchmark."""
COMMAND = "import sys; from antiphon.bridge.cli.commands import main; sys.exit(main())"
"""What the command `antiphon` does, by this very Python."""
FAIL = b"/antiphon/fail\0"
ACK = b"/antiphon/ack\0"
NOTE = (b"/antiphon/note\0", b"/antiphon/notes\0")
DONE = b"/antiphon/done\0"


@contextmanager
def serving(models: Sequence[Path], *options: str, python: Path | str = sys.executable) -> Iterator[int]:
    """Start a bridge that has these models, all loaded; give its port; end it afterwards.

    ``python`` is that of an environment with Antiphon, perhaps another version of it.
    """
    with tempfile.TemporaryDirectory() as folder:
        for path in models:
            shutil.copy(path, folder)
        command = [str(python), "-c", COMMAND, "serve", "--port", "0", "--models", folder]
        log = Path(folder) / "bridge.log"
        with (
            log.open("w") as errors,
            subprocess.Popen(
                [*command, *options], stdout=subprocess.PIPE, stderr=errors, text=True
            ) as process,
        ):
            try:
                assert process.stdout is not None
                found = re.search(r"listens on \S+:(\d+)", process.stdout.readline())
                if not found:
                    process.wait(10)
                    raise RuntimeError(f"the bridge did not start: {log.read_text()}")
                port = int(found[1])
                with Client(port=port) as client:
                    for line in client.models():
                        client.load(line.name)
                yield port
            finally:
                process.terminate()
                process.wait(10)


def contexts(port: int, model: str, count: int, bars: int = 4) -> list[tuple[Note, ...]]:
    """Return contexts of four bars, each begun at a barline: what the model makes of nothing."""
    with Client(port=port) as client:
        takes = [client.generate(model=model, bars=bars, seed=seed)[0] for seed in range(count)]
    return [take.notes for take in takes]


@dataclass(frozen=True)
class Timing:
    """How long one request took, in seconds from just before its datagram was sent."""

    first: float
    """Until its first note was here."""
    last: float
    """Until its last note was here."""
    notes: int


class Asker:
    """One client: a bare socket, datagrams built before the clock starts, and read after it stopped."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(PATIENCE)

    def close(self) -> None:
        """Free the socket."""
        self.socket.close()

    def play(self, model: str) -> None:
        """Make a model this client's: the bridge reads a context for the model set when it arrives."""
        self.socket.send(encode(Message("/antiphon/set", ("model", model))))
        self._expect(b"/antiphon/get/reply\0")

    def context(self, name: Value, notes: Sequence[Note], wait: float = IDLE_SECONDS) -> None:
        """Send a context, wait for all its acks and then for the bridge to read it."""
        datagrams = context_datagrams(name, notes)
        for datagram in datagrams:
            self.socket.send(datagram)
        for _ in datagrams:
            self._expect(ACK)
        time.sleep(wait)

    def _expect(self, address: bytes) -> bytes:
        datagram = self.socket.recv(65536)
        if not datagram.startswith(address):
            raise RuntimeError(f"expected {address!r}, got {list(read(datagram))}")
        return datagram

    def ask(self, *datagrams: bytes, takes: int = 1) -> Timing:
        """Send datagrams whose last one is a request for so many takes; return when its notes came."""
        came: list[float] = []
        kept: list[bytes] = []
        send, receive, clock = self.socket.send, self.socket.recv, time.perf_counter
        began = clock()
        for datagram in datagrams:
            send(datagram)
        while takes:
            datagram = receive(65536)
            now = clock()
            if datagram.startswith(NOTE):
                came.append(now)
                kept.append(datagram)
            elif datagram.startswith(DONE):
                takes -= 1
            elif datagram.startswith(FAIL):
                raise RuntimeError(f"the bridge refused: {list(read(datagram))}")
        if not came:
            raise RuntimeError("an answer without notes cannot be timed: choose another --seed")
        return Timing(came[0] - began, came[-1] - began, sum(map(_notes, kept)))


def _notes(datagram: bytes) -> int:
    """Return how many notes a reply holds."""
    (message,) = read(datagram)
    assert isinstance(message, Message)
    return int(message.args[4]) if message.address == "/antiphon/notes" else 1


def context_datagrams(name: Value, notes: Sequence[Note], size: int = 48) -> list[bytes]:
    """Return the messages of a context."""
    ordered = Score.ordered(list(notes))
    chunks = [ordered[at : at + size] for at in range(0, len(ordered), size)]
    return [
        encode(NoteMessage("/antiphon/context", (name, seq, len(chunks), len(chunk)), chunk))
        for seq, chunk in enumerate(chunks)
    ]


def request_datagram(verb: str, name: Value, **options: Value) -> bytes:
    """Return a request."""
    return encode(Message(f"/antiphon/{verb}", (name, *[v for pair in options.items() for v in pair])))
