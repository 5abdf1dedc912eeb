"""Clients that have gone, as Windows tells of them: a later call fails that has nothing to do with them."""

from __future__ import annotations

import errno
import socket
from typing import Any

import pytest
from antiphon.bridge.protocol.osc import Message


class Winsock:
    """A socket that is told of a datagram that found nobody when it next receives and when it next sends.

    learn.microsoft.com on recvfrom and sendto, WSAECONNRESET.
    """

    def __init__(self, real: socket.socket, gone: int) -> None:
        self.real, self.gone = real, gone
        self.owed = {"recvfrom": 0, "sendto": 0}

    def tell(self, call: str) -> None:
        if self.owed[call]:
            self.owed[call] -= 1
            raise ConnectionResetError(errno.ECONNRESET, "An existing connection was forcibly closed")

    def sendto(self, datagram: bytes, host: Any) -> int:
        self.tell("sendto")
        if host[1] != self.gone:
            return self.real.sendto(datagram, host)
        self.owed = {"recvfrom": self.owed["recvfrom"] + 1, "sendto": 1}
        return len(datagram)

    def recvfrom(self, size: int) -> Any:
        self.tell("recvfrom")
        return self.real.recvfrom(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def test_who_has_gone_costs_nobody_else_an_answer(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        gone = probe.getsockname()
    wire = stage.wire()
    monkeypatch.setattr(stage.server, "_socket", Winsock(stage.server._socket, gone[1]))
    for number in range(5):
        stage.server.send(Message("/antiphon/pong", (number,)), gone)
        wire.send("ping", number)
        assert wire.hear() == ("/antiphon/pong", number)
