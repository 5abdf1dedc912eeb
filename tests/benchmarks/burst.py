"""10,000 datagrams as fast as one sender can: how many are answered. None may be lost.

One thread sends without a pause, another one collects the answers, as they come at the protocol's pace.
Each datagram carries a number, and counts as answered when an answer with that number came.
"""

from __future__ import annotations

import argparse
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import measure
from antiphon.bridge.protocol.osc import Message, encode, read
from antiphon.models.file.modelfile import ModelInfo
from antiphon.models.note import Note
from serving import context_datagrams, request_datagram, serving

COLUMNS = (
    "datagrams", "bytes each", "sent", "answered", "lost", "sent a second", "answered a second",
    "dropped by the system",
)  # fmt: skip
SILENCE = 3.0
"""Seconds without an answer after which the rest counts as lost."""
FULL_CONTEXT = tuple(Note(60 + i % 12, i / 4, 0.25) for i in range(48))


def ping(number: int, model: str) -> bytes:
    """Return the smallest question."""
    return encode(Message("/antiphon/ping", (number,)))


def context(number: int, model: str) -> bytes:
    """Return a context of 48 notes, the largest message of the protocol."""
    return context_datagrams(number, FULL_CONTEXT)[0]


def generate(number: int, model: str) -> bytes:
    """Return a request; most of a burst can only be answered ``busy``."""
    return request_datagram("generate", number, model=model, bars=1, seed=number)


KINDS: dict[str, tuple[Callable[[int, str], bytes], tuple[str, ...]]] = {
    "ping": (ping, ("/antiphon/pong",)),
    "context of 48 notes": (context, ("/antiphon/ack",)),
    "generate": (generate, ("/antiphon/done", "/antiphon/fail")),
}
"""What is sent, and which answers settle it."""


class Collector(threading.Thread):
    """Receives until all is answered or nothing more comes."""

    def __init__(self, sock: socket.socket, wanted: int) -> None:
        super().__init__(daemon=True)
        self._socket, self._wanted = sock, wanted
        self.datagrams: list[bytes] = []
        self.sending = True
        self.last = 0.0

    def run(self) -> None:
        """Keep every datagram, unread: reading them now would slow the sender."""
        while len(self.datagrams) < self._wanted or self.sending:
            try:
                self.datagrams.append(self._socket.recv(65536))
            except TimeoutError:
                if self.sending:
                    continue
                return
            self.last = time.perf_counter()

    def answered(self, settling: Sequence[str]) -> set[int]:
        """Return the numbers that were answered."""
        messages = [m for datagram in self.datagrams for m in read(datagram) if isinstance(m, Message)]
        return {int(m.args[0]) for m in messages if m.address in settling and isinstance(m.args[0], int)}


def burst(port: int, kind: str, count: int, model: str) -> list[measure.Cell]:
    """Send ``count`` datagrams of a kind; return the table's row."""
    build, settling = KINDS[kind]
    datagrams = [build(number, model) for number in range(1, count + 1)]
    replies = 1 if kind != "generate" else count  # how many messages a request brings is unknown
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
        sock.connect(("127.0.0.1", port))
        sock.settimeout(SILENCE)
        collector = Collector(sock, count * replies)
        collector.start()
        dropped = _dropped(port)
        send, began = sock.send, time.perf_counter()
        for datagram in datagrams:
            send(datagram)
        sent = time.perf_counter() - began
        collector.sending = False
        collector.join()
    answered = len(collector.answered(settling))
    lost_here = None if dropped is None else (_dropped(port) or 0) - dropped
    return [
        kind, max(map(len, datagrams)), count, answered, count - answered, count / sent,
        answered / max(collector.last - began, 1e-9), lost_here,
    ]  # fmt: skip


def _dropped(port: int) -> int | None:
    """Return how many datagrams the system dropped before the bridge's socket; None if it does not say."""
    table = Path("/proc/net/udp")
    if not table.exists():
        return None
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    return sum(int(row[-1]) for row in rows if int(row[1].rpartition(":")[2], 16) == port)


def main() -> int:
    """Measure as told on the command line."""
    parser = measure.arguments(__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    args: argparse.Namespace = parser.parse_args()
    before = measure.machine()
    if args.quick:
        args.count = 200
    table = measure.Table(f"A burst of {args.count} datagrams", COLUMNS)
    files = measure.model_files(args)[:1]
    for kind in KINDS:
        with serving(files) as port:
            table.add(*burst(port, kind, args.count, ModelInfo.read(files[0]).name))
    table.notes.append(
        "Answered: pong; ack; done or fail. Answers come at the protocol's pace, 32 every 5 ms."
    )
    return measure.finish(args, table, before)


if __name__ == "__main__":
    raise SystemExit(main())
