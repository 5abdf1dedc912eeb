"""A bridge that says hello and then nothing, for tests of clients."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from antiphon.bridge.protocol.osc import MAX_DATAGRAM, Message, encode, read
from antiphon.bridge.protocol.table import PROTOCOL


@contextmanager
def silent_bridge(protocol: int = PROTOCOL) -> Iterator[int]:
    """Answer greetings alone, where they ask for it; yield the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_greet, args=(sock, protocol))
        thread.start()
        yield sock.getsockname()[1]
        sock.sendto(b"", sock.getsockname())
        thread.join()


def _greet(sock: socket.socket, protocol: int) -> None:
    """Greet until an empty datagram comes."""
    while datagram := sock.recvfrom(MAX_DATAGRAM):
        data, (host, port) = datagram
        if not data:
            return
        (message,) = read(data)
        if isinstance(message, Message) and message.address == "/antiphon/hello":
            to = int(message.args[0]) or port
            reply = ("antiphon", "9.0.0", protocol, to, "generate,continue")
            sock.sendto(encode(Message("/antiphon/hello/reply", reply)), (host, to))
