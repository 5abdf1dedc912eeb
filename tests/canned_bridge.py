"""A bridge that gives every request the same notes, for tests of what clients do with them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from antiphon.bridge.protocol.osc import MAX_DATAGRAM, Message, Value, encode, read
from antiphon.bridge.protocol.table import PROTOCOL
from antiphon.models.note import Note


@contextmanager
def canned_bridge(notes: Sequence[Note], end_beats: float) -> Iterator[int]:
    """Answer with notes, as many as a message holds, in the order given; yield the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=(sock, notes, end_beats))
        thread.start()
        yield sock.getsockname()[1]
        sock.sendto(b"", sock.getsockname())
        thread.join()


def _serve(sock: socket.socket, notes: Sequence[Note], end_beats: float) -> None:
    """Answer until an empty datagram comes."""
    replies_to: dict[tuple[str, int], int] = {}
    while datagram := sock.recvfrom(MAX_DATAGRAM):
        data, sender = datagram
        if not data:
            return
        (message,) = read(data)
        verb, args = message.address.removeprefix("/antiphon/"), message.args
        if verb == "hello":
            replies_to[sender] = int(args[0]) or sender[1]
        for address, *values in _answer(verb, args, notes, end_beats):
            reply = Message(f"/antiphon/{address}", tuple(values))
            sock.sendto(encode(reply), (sender[0], replies_to.get(sender, sender[1])))


def _answer(
    verb: str, args: tuple[Value, ...], notes: Sequence[Note], end_beats: float
) -> Iterator[tuple[str | Value, ...]]:
    """Return the replies to a message."""
    if verb == "hello":
        yield "hello/reply", "antiphon", "9.0.0", PROTOCOL, args[0], "generate,continue"
    elif verb == "models":
        yield "models/done", 0
    elif verb == "context":
        yield "ack", args[0], args[1]
    elif verb in ("generate", "continue"):
        flat = [value for n in notes for value in (n.pitch, n.start, n.duration, n.velocity, n.part)]
        yield "ack", args[0], 0
        yield "notes", args[0], 0, 0, 1, len(notes), *flat
        yield "done", args[0], 0, len(notes), end_beats, 5, 1.5
