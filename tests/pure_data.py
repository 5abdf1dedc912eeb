"""[antiphon] for Pure Data in Pd itself, without a window: told by TCP, heard by what it prints."""

from __future__ import annotations

import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from antiphon.bridge.client.client import Take
from antiphon.bridge.protocol.osc import Message, Value, encode, read
from antiphon.bridge.protocol.table import PROTOCOL
from antiphon.models.note import Note
from program import Program, free_port

FOLDER = Path(__file__).parents[1] / "bridge/clients/puredata"
WRONG = re.compile(r"error:|couldn't|no method|no such|connection failed")
needs_pd = pytest.mark.skipif(not shutil.which("pd"), reason="Pure Data (puredata-core) is not installed")


class Patch:
    """A patch with [antiphon] between [netreceive] and three [print]s."""

    def __init__(self, program: Program, control: socket.socket) -> None:
        self.program, self._control, self._at = program, control, 0

    def say(self, *messages: str) -> None:
        """Send messages to the object."""
        self._control.sendall("".join(f"{message};\n" for message in messages).encode())

    def until(self, status: str) -> list[str]:
        """Wait for a status; return all lines up to it that were not returned before."""
        pattern = rf"^status: {status}"
        self.program.until(pattern)
        # More may have come since, such as notes that play.
        new = self.program.lines[self._at :]
        lines = new[: next(i for i, line in enumerate(new) if re.search(pattern, line)) + 1]
        self._at += len(lines)
        return lines


@contextmanager
def patch(folder: Path, port: int) -> Iterator[Patch]:
    control = free_port()
    file = folder / "drive.pd"
    boxes = (
        f"obj 0 0 netreceive {control}", "obj 0 0 antiphon", "obj 0 0 print note", "obj 0 0 print play",
        "obj 0 0 print status",
    )  # fmt: skip
    cords = ("0 0 1 0", "1 0 2 0", "1 1 3 0", "1 2 4 0")
    lines = [*(f"#X {box};" for box in boxes), *(f"#X connect {cord};" for cord in cords)]
    file.write_text("\n".join(["#N canvas 0 0 400 300 12;", *lines, ""]))
    words = ["pd", "-nogui", "-noaudio", "-nomidi", "-stderr", "-path", FOLDER, "-open", file]
    with Program(words) as program, socket.socket() as sock:
        for _ in range(200):
            try:
                sock.connect(("127.0.0.1", control))
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        made = Patch(program, sock)
        made.say(f"connect 127.0.0.1 {port}")
        yield made
        assert [line for line in program.lines if WRONG.search(line) and "status:" not in line] == []


class ByHand:
    """A bridge whose every word is the test's."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        (_, self._client) = sock.recvfrom(9216)

    def tell(self, address: str, *args: Value) -> None:
        """Send the patch a message."""
        self._sock.sendto(encode(Message(f"/antiphon/{address}", args)), self._client)

    def told(self, address: str, *, but: Value | None = None) -> tuple[Value, ...]:
        """Return the arguments of its next message to an address, one with another id than ``but``."""
        while True:
            (message,) = read(self._sock.recvfrom(9216)[0])
            if message.address == f"/antiphon/{address}" and message.args[:1] != (but,):
                return message.args

    def greet(self) -> None:
        self.tell("hello/reply", "antiphon", "9.0.0", PROTOCOL, self._client[1], "generate,continue")


@contextmanager
def by_hand(folder: Path) -> Iterator[tuple[Patch, ByHand]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(30.0)
        with patch(folder, sock.getsockname()[1]) as pd:
            bridge = ByHand(sock)
            bridge.greet()
            pd.until("ready 9")
            yield pd, bridge


def notes(lines: list[str]) -> list[list[float]]:
    return [[float(word) for word in line.split()[1:]] for line in lines if line.startswith("note: ")]


def close(lines: list[str], take: Take) -> None:
    got = notes(lines)
    assert len(got) == len(take.notes)
    for values, n in zip(got, take.notes, strict=True):
        assert values == pytest.approx([n.pitch, n.start, n.duration, n.velocity, n.part], abs=2e-3)


def context(song: tuple[Note, ...]) -> list[str]:
    return [f"note {n.pitch} {n.start:.9g} {n.duration:.9g} {n.velocity} {n.part}" for n in song]
