"""A bad network between a client and the bridge: datagrams get lost, doubled, and overtake one another."""

from __future__ import annotations

import random
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from antiphon.bridge.protocol.osc import MAX_DATAGRAM, Message, encode, read

LATE_SECONDS = 0.02
"""How long a datagram that is overtaken stays behind."""
Address = tuple[str, int]


@dataclass
class Lossy:
    """What the network does, and what it did.

    A client that names a reply port (in `/antiphon/hello`, or as an option) hears through the
    network all the same: the bridge is told to answer the sender, and the network knows the port.
    """

    bridge: int
    lost: float = 0.05
    doubled: float = 0.05
    late: float = 0.05
    seed: int = 1
    port: int = 0
    """Where clients send to instead of the bridge's port."""
    counts: dict[str, int] = field(default_factory=lambda: {"passed": 0, "lost": 0, "doubled": 0, "late": 0})

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._clients = _open(self.port)
        self.port = self._clients.getsockname()[1]
        self._upstream: dict[Address, socket.socket] = {}
        self._reply_to: dict[socket.socket, Address] = {}
        self._delayed: list[tuple[float, socket.socket, bytes, Address]] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._clients, selectors.EVENT_READ)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._thread.join(5.0)
        for sock in (self._clients, *self._upstream.values()):
            sock.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._closed.is_set():
            for key, _ in self._selector.select(0.005):
                self._take(key.fileobj)
            now = time.monotonic()
            due = [entry for entry in self._delayed if entry[0] <= now]
            self._delayed = [entry for entry in self._delayed if entry[0] > now]
            for _, sock, datagram, to in due:
                sock.sendto(datagram, to)

    def _take(self, sock: socket.socket) -> None:
        """Pass a datagram on, in whichever direction it goes."""
        try:
            datagram, sender = sock.recvfrom(MAX_DATAGRAM)
        except ConnectionError:
            return
        if sock is self._clients:
            upstream = self._upstream_of(sender)
            self._pass(upstream, self._without_port(datagram, upstream), ("127.0.0.1", self.bridge))
        else:
            self._pass(self._clients, datagram, self._reply_to[sock])

    def _pass(self, sock: socket.socket, datagram: bytes, to: Address) -> None:
        kinds = ("lost", "doubled", "late", "passed")
        shares = (self.lost, self.doubled, self.late, 1.0 - self.lost - self.doubled - self.late)
        (kind,) = self._random.choices(kinds, shares)
        self.counts[kind] += 1
        for _ in range({"passed": 1, "doubled": 2}.get(kind, 0)):
            sock.sendto(datagram, to)
        if kind == "late":
            self._delayed.append((time.monotonic() + LATE_SECONDS, sock, datagram, to))

    def _upstream_of(self, client: Address) -> socket.socket:
        """Return the socket by which the bridge knows a client."""
        if client not in self._upstream:
            self._upstream[client] = sock = _open(0)
            self._reply_to[sock] = client
            self._selector.register(sock, selectors.EVENT_READ)
        return self._upstream[client]

    def _without_port(self, datagram: bytes, upstream: socket.socket) -> bytes:
        """Return a client's datagram with its reply port taken out and noted."""
        messages = list(read(datagram))
        if len(messages) != 1 or not isinstance(messages[0], Message):
            return datagram
        args = list(messages[0].args)
        at = 0 if messages[0].address == "/antiphon/hello" and args else None
        if "reply_port" in args[:-1]:
            at = args.index("reply_port") + 1
        if at is None or not isinstance(args[at], int | float) or not args[at]:
            return datagram
        self._reply_to[upstream] = (self._reply_to[upstream][0], int(args[at]))
        args[at] = 0
        return encode(Message(messages[0].address, tuple(args)))


def _open(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind(("127.0.0.1", port))
    return sock


@contextmanager
def lossy(bridge: int, **shares: float) -> Iterator[Lossy]:
    """Stand between clients and the bridge at that port."""
    network = Lossy(bridge, **shares)  # type: ignore[arg-type]
    try:
        yield network
    finally:
        network.close()
