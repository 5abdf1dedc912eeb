"""200,000 damaged datagrams: each is answered or refused, and the bridge goes on as if nothing had been."""

from __future__ import annotations

import faulthandler
import logging
import random
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from antiphon.bridge.client.client import Client
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.protocol.osc import Message, encode, read
from antiphon.bridge.protocol.table import REPLY_TABLE, REQUESTS
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.server.backlog import Backlog
from antiphon.bridge.server.server import Server
from antiphon.models.note import Note

COUNT = 200_000
OVER_UDP = 3_000
HANG_SECONDS = 300
GROWTH = 40_000
"""Blocks of memory that the second half may add: a leak of one a datagram would add 100,000."""
LATE = ("/antiphon/load", "/antiphon/sync")
"""Requests whose only reply may come later, from another thread."""
VALUES = (0, 1, -1, 7, 48, 2**31 - 1, -(2**31), 0.5, -1e30, float("nan"), float("inf"), "", "x", "auto",
          "bars", "seed", "folk", "../../etc/passwd", "x" * 300, "é\n", "4/4", 9.0, 65536)  # fmt: skip
CONTEXT = (Note(60, 0.0, 1.0), Note(62, 1.0, 1.0), Note(64, 2.0, 2.0))


def seeds() -> list[bytes]:
    """Return valid requests of every address."""
    some = {
        "/antiphon/hello": (0, "fuzz", 1), "/antiphon/ping": (1, "a"), "/antiphon/load": ("tiny",),
        "/antiphon/set": ("bars", 1), "/antiphon/get": ("bars",),
        "/antiphon/context": ("c", 0, 1, 2, 60, 0.0, 1.0, 90, 0, 62, 1.0, 1.0, 90, 0),
        "/antiphon/generate": ("g", "bars", 1, "seed", 3), "/antiphon/continue": ("c", "beats", 2, "seed", 3),
        "/antiphon/resend": ("g", 0, 0), "/antiphon/cancel": ("g",), "/antiphon/notify": (0,),
        "/antiphon/sync": (5,),
    }  # fmt: skip
    made = [encode(Message(entry.address, some.get(entry.address, ()))) for entry in REQUESTS]
    return [*made, bundle(made[0], made[1]), bundle(bundle(made[1]), made[7])]


def bundle(*elements: bytes) -> bytes:
    return b"#bundle\0" + b"\0" * 7 + b"\1" + b"".join(struct.pack(">i", len(e)) + e for e in elements)


def damaged(chance: random.Random, whole: list[bytes]) -> bytes:
    """Return a datagram that something has happened to."""
    kind = chance.randrange(10)
    if kind == 0:
        return chance.randbytes(chance.randrange(65))
    if kind == 1:  # well-formed, with arguments that do not belong there
        address = chance.choice(REQUESTS).address + chance.choice(["", "", "", "s", "/x"])
        return encode(Message(address, tuple(chance.choice(VALUES) for _ in range(chance.randrange(9)))))
    if kind == 2:
        made = bundle(*(damaged(chance, whole) for _ in range(chance.randrange(4))))
        for _ in range(chance.choice([0, 0, 1, 10])):
            made = bundle(made)
        return made
    data = bytearray(chance.choice(whole))
    if kind == 3:
        return bytes(data[: chance.randrange(len(data) + 1)])
    if kind == 4:
        other = chance.choice(whole)
        return bytes(data[: chance.randrange(len(data))]) + other[chance.randrange(len(other)) :]
    if kind == 5:
        at = chance.randrange(len(data) + 1)
        return bytes(data[:at]) + chance.randbytes(chance.randint(1, 12)) + bytes(data[at:])
    if kind == 7 and b"," in data:  # tags that do not fit the bytes
        at = data.index(b",") + 1
        data[at : at + 1] = chance.choice([b"b", b"[", b"h", b"d", b"T", b"s", b"c", b"\0"])
        return bytes(data)
    if kind == 6:  # a length or a count
        at = chance.randrange(0, len(data), 4)
        data[at : at + 4] = struct.pack(">i", chance.choice([-1, 0, 1, -4, 2**31 - 1, -(2**31), 3, 65536]))
        return bytes(data)
    for _ in range(chance.randint(1, 6)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


@pytest.fixture
def server(engine: Engine, shelf: ModelShelf) -> Iterator[Server]:
    faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
    with Server(engine, shelf, host="127.0.0.1", port=0) as server:
        yield server
    faulthandler.cancel_dump_traceback_later()


def notes_of(server: Server) -> tuple[Note, ...]:
    """Return what an honest client gets."""
    with Client("127.0.0.1", server.address[1], timeout=30.0) as client:
        return client.continue_(CONTEXT, model="tiny", bars=2, seed=11)[0].notes


def test_each_datagram_is_answered_or_refused(
    server: Server, engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = notes_of(server)
    put, here = server._pacer.put, threading.get_ident()
    replies = 0

    def count(datagram: bytes, host: tuple[str, int], *who: tuple[str, int], once: bool) -> None:
        nonlocal replies
        if host[0] != "127.0.0.9":
            put(datagram, host)
        elif threading.get_ident() == here:  # the engine's notes answer an earlier datagram
            replies += 1

    monkeypatch.setattr(server._pacer, "put", count)
    chance, whole = random.Random(2026), seeds()
    backlog = Backlog()
    silent: list[bytes] = []
    memory: list[int] = []
    for number in range(COUNT):
        datagram = damaged(chance, whole)
        heard = replies
        backlog.put(datagram, ("127.0.0.9", 20_000 + number % 40))
        while backlog:
            server._answer(*backlog.pop())
        if replies == heard:
            silent.append(datagram)
        if number in (COUNT // 2, COUNT - 1):
            settle(engine)
            memory.append(sys.getallocatedblocks())
    monkeypatch.undo()
    assert errors(caplog) == []
    assert [datagram for datagram in silent if not may_be_silent(datagram)] == []
    assert len(silent) < COUNT / 10
    assert memory[1] < memory[0] + GROWTH
    assert notes_of(server) == before


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged as an error."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def may_be_silent(datagram: bytes) -> bool:
    """Whether no reply at once is right: an empty bundle, only requests that are answered later, or replies,
    to which a bridge says nothing so that two of them cannot talk for ever."""
    return all(m.address in (*LATE, *REPLY_TABLE) for m in read(datagram))


def settle(engine: Engine) -> None:
    """Wait until the engine has nothing left to do."""
    while engine.queued:
        time.sleep(0.01)


def test_the_same_over_udp(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    chance, whole = random.Random(7), seeds()
    before = notes_of(server)
    client = Client("127.0.0.1", server.address[1], timeout=30.0)
    with client, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for number in range(OVER_UDP):
            stranger.sendto(damaged(chance, whole), server.address)
            if number % 30 == 29:
                client.ping()
    assert errors(caplog) == []
    assert notes_of(server) == before
