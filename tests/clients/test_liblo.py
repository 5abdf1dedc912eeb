"""liblo's oscsend asks, its oscdump hears. They share no port, so every request names where replies go."""

from __future__ import annotations

import shlex
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator

import pytest
from antiphon.bridge.client.client import Client
from antiphon.bridge.protocol.osc import Message, encode
from antiphon.models.note import Note
from heard import Reply, failures, flat, heard, same
from program import PATIENCE_SECONDS, Bridge, Program, free_port, is_free

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(
        not (shutil.which("oscsend") and shutil.which("oscdump")), reason="liblo-tools are not installed"
    ),
]
VALUES = {"i": int, "f": float, "s": str}


class Oscdump(Program):
    """oscdump, hearing."""

    def __init__(self, words: list[str], port: int) -> None:
        super().__init__(words)
        self.port = port
        # It does not say when it listens: what it hears does.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
            for _ in range(int(PATIENCE_SECONDS * 20)):
                knock.sendto(encode(Message("/knock")), ("127.0.0.1", port))
                if self.has(r"/knock", 0.05):
                    return
        raise AssertionError(f"oscdump does not hear at {port}: {self.lines}")

    def replies(self) -> list[Reply]:
        """Return what it has printed: a time, the address, types, and the values, text in quotes."""
        found = []
        for line in self.lines:
            words = shlex.split(line)[1:]
            types = words[1] if len(words) > 1 else ""
            assert set(types) <= set(VALUES), line
            values = (VALUES[kind](word) for kind, word in zip(types, words[2:], strict=True))
            found.append((words[0], *values))
        return found


@pytest.fixture
def oscdump() -> Iterator[Oscdump]:
    port = free_port()
    with Oscdump(["oscdump", "-L", str(port)], port) as program:  # -L: a pipe gets each line at once
        yield program


def oscsend(bridge: Bridge, address: str, types: str, *values: object) -> None:
    """Send one message."""
    words = ["oscsend", "127.0.0.1", str(bridge.port), address, types, *map(str, values)]
    subprocess.run(words, check=True, timeout=PATIENCE_SECONDS)


def test_hello_and_generate(bridge: Bridge, client: Client, oscdump: Oscdump) -> None:
    oscsend(bridge, "/antiphon/hello", "is", oscdump.port, "oscsend")
    oscdump.until("/antiphon/hello/reply")
    asked = ("bars", 24, "scale", "D dorian", "seed", 11, "takes", 2)
    oscsend(bridge, "/antiphon/generate", "ssisisssisi", "tune", "reply_port", oscdump.port, *asked)
    for _ in range(2):  # in the order in which they are ready
        oscdump.until("/antiphon/done")
    replies = oscdump.replies()
    assert ("/antiphon/ack", "tune", 0) in replies
    expected = client.generate(bars=24, scale="D dorian", seed=11, takes=2)
    assert [heard(replies, "tune", take) for take in range(2)] == [same(take) for take in expected]
    assert sum(reply[0] == "/antiphon/notes" for reply in replies) > 2, "takes of several messages"


def test_context_and_continue_from_two_ports(
    bridge: Bridge, client: Client, oscdump: Oscdump, riff: tuple[Note, ...]
) -> None:
    # Each oscsend has a port of its own: the bridge lends the context to the continue from the same host.
    oscsend(bridge, "/antiphon/context", "siii" + "iffii" * 3, "riff", 0, 1, 3, *flat(riff))
    asked = ("bars", 4, "temperature", 0.9, "seed", 7)
    oscsend(bridge, "/antiphon/continue", "ssisisfsi", "riff", "reply_port", oscdump.port, *asked)
    oscdump.until("/antiphon/done")
    temperature = struct.unpack("f", struct.pack("f", 0.9))[0]  # as a 32-bit float says it
    expected = client.continue_(riff, bars=4, temperature=temperature, seed=7)[0]
    assert expected.notes[0].start >= 4.0
    assert heard(oscdump.replies(), "riff") == same(expected)


def test_an_answer_of_more_than_200_notes(
    bridge: Bridge, client: Client, oscdump: Oscdump, riff: tuple[Note, ...]
) -> None:
    oscsend(bridge, "/antiphon/context", "siii" + "iffii" * 3, "riff", 0, 1, 3, *flat(riff))
    asked = ("model", "folk", "bars", 120, "seed", 3)
    oscsend(bridge, "/antiphon/continue", "ssisssisi", "riff", "reply_port", oscdump.port, *asked)
    oscdump.until("/antiphon/done")
    (take,) = client.continue_(riff, model="folk", bars=120, seed=3)
    assert len(take.notes) > 200
    assert heard(oscdump.replies(), "riff") == same(take)


def test_a_request_is_cancelled_from_another_port(bridge: Bridge, oscdump: Oscdump) -> None:
    asked = ("model", "chorale", "bars", 250, "takes", 4)
    oscsend(bridge, "/antiphon/generate", "ssisssisi", "long", "reply_port", oscdump.port, *asked)
    oscdump.until("/antiphon/ack")
    oscsend(bridge, "/antiphon/cancel", "s", "long")
    oscdump.until("/antiphon/fail")
    assert [fail[:2] for fail in failures(oscdump.replies())] == [("long", "cancelled")]


@pytest.mark.parametrize(
    ("address", "option", "code", "message"),
    [
        ("/antiphon/generate", ("bras", 4), "bad_args", "did you mean 'bars'"),
        ("/antiphon/generate", ("bars", 1000), "bad_args", "0.25..256"),
        ("/antiphon/continue", ("bars", 4), "no_context", "/antiphon/context"),
    ],
)
def test_what_is_wrong_is_heard(
    bridge: Bridge, oscdump: Oscdump, address: str, option: tuple[str, int], code: str, message: str
) -> None:
    oscsend(bridge, address, "ssisi", "new", "reply_port", oscdump.port, *option)
    oscdump.until("/antiphon/fail")
    [fail] = failures(oscdump.replies())
    assert fail[:2] == ("new", code)
    assert message in fail[2]


def test_an_unknown_address_is_heard(bridge: Bridge, oscdump: Oscdump) -> None:
    oscsend(bridge, "/antiphon/hello", "i", oscdump.port)
    oscsend(bridge, "/antiphon/genrate", "ssi", "tune", "reply_port", oscdump.port)
    oscdump.until("/antiphon/fail")
    [fail] = failures(oscdump.replies())
    assert fail[:2] == ("/antiphon/genrate", "unknown_address")
    assert "/antiphon/generate" in fail[2]


def test_the_greeting_s_lines_work(bridge: Bridge) -> None:
    hear, ask = bridge.tip("liblo")
    assert hear == "oscdump 9101 &"
    port = 9101
    if not is_free(port):  # the only change to what is printed
        port = free_port()
        ask = ask.replace(" 9101 ", f" {port} ")
    # A terminal gets each line at once without -L.
    with Oscdump(["oscdump", "-L", str(port)], port) as oscdump:
        subprocess.run(shlex.split(ask), check=True, timeout=PATIENCE_SECONDS)
        oscdump.until("/antiphon/(done|fail)")
        answer = heard(oscdump.replies(), "tune")
    assert answer.notes
    assert answer.end_beats == 16.0
