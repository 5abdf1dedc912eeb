"""A stage for tests over real sockets on the loopback: a server with a fake engine, and bare clients."""

from __future__ import annotations

import socket

from antiphon.bridge.protocol.osc import Message, build, read
from antiphon.bridge.server.server import Server
from fake_bridge import FakeEngine, FakeShelf


class Wire:
    """A client made of a bare socket."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(5)
        self.address = address
        self.port = self.socket.getsockname()[1]

    def send(self, address, *args):
        self.raw(build(Message("/antiphon/" + address, args)))

    def raw(self, data):
        self.socket.sendto(data, self.address)

    def hear(self):
        """The next message, as (address, *args)."""
        (message,) = read(self.socket.recv(65507))
        return (message.address, *message.args)

    def until(self, address):
        """All messages up to one of this address."""
        heard = []
        while not heard or heard[-1][0] != "/antiphon/" + address:
            heard.append(self.hear())
        return heard

    def quiet(self, seconds=0.1):
        self.socket.settimeout(seconds)
        try:
            return [self.hear()]
        except TimeoutError:
            return []
        finally:
            self.socket.settimeout(5)


class Stage:
    """A server with clients, tidied up after the test."""

    def __init__(self):
        self.engine = FakeEngine(threaded=True)
        self.shelf = FakeShelf()
        self.server = Server(self.engine, self.shelf, port=0)
        self.server.start()
        self.wires = []

    def wire(self):
        self.wires.append(Wire(self.server.address))
        return self.wires[-1]

    def close(self):
        self.server.close()
        for wire in self.wires:
            wire.socket.close()
