"""Addresses of sockets, looked up as the hosts' programs do."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""What listens everywhere, and how it is reached on the same computer: Windows sends to no such address."""
RECEIVE_BUFFER = 4 << 20
"""Bytes that the system is asked to hold of what has come."""


def looked_up(host: str, port: int) -> tuple[int, Any]:
    """Return the family and the address of a UDP host, of IPv4 where it has one.

    Windows and macOS tell ::1 first for `localhost`, and an address of IPv6 for a neighbour's name. Max and
    most hosts send by IPv4, and a bridge that listens on 0.0.0.0 hears nothing else.

    Raises OSError where there is none, and UnicodeError for what no name can be.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    return family, address


def bound(family: int, address: Any) -> socket.socket:
    """Return a UDP socket that has its port to itself; raises OSError.

    On Windows another socket could have the port of one that listens everywhere, on 127.0.0.1 alone, and
    would be sent what was meant for it: neither it nor its user would be told.
    """
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if exclusive := getattr(socket, "SO_EXCLUSIVEADDRUSE", None):
            sock.setsockopt(socket.SOL_SOCKET, exclusive, 1)
        if family == socket.AF_INET6:  # Windows' own hears IPv6 alone, and others' on :: both
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def ask_for_room(sock: socket.socket) -> None:
    """Ask the system to hold more of what comes: by itself it holds some hundred datagrams."""
    with contextlib.suppress(OSError):  # where Linux gives less than was asked for, BSD gives nothing
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
