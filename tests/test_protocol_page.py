"""The conversation in docs/protocol.md is one that a bridge really has, datagram by datagram."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from antiphon.bridge.protocol.osc import Message
from antiphon.bridge.protocol.table import REPLY_TABLE
from program import Bridge
from stage import Wire

PAGE = (Path(__file__).parents[1] / "docs" / "protocol.md").read_text(encoding="utf-8")
LINES = re.findall(r"^    ([→←] .+(?:\n {8}.+)*)", PAGE, re.MULTILINE)
READ = {"i": int, "f": float, "s": str}
PORT = 9101
FREE = {"version", "n", "notes", "total", "nats_per_note",
        "index", "pitch", "start", "duration", "velocity", "part"}  # fmt: skip
"""What depends on the model, and on how a processor rounds."""


def parse(line: str) -> tuple[str, Message, str]:
    """Return a line's direction, message and types."""
    arrow, address, *rest = shlex.split(re.sub(r"\n +", " ", line))
    types, values = (rest[0], rest[1:]) if rest else ("", [])
    assert len(types) == len(values), line
    return arrow, Message(address, tuple(READ[t](v) for t, v in zip(types, values, strict=True))), types


CONVERSATION = [parse(line) for line in LINES]


def tags(args: tuple[Any, ...]) -> str:
    """Return the types of arguments."""
    return "".join("s" if isinstance(v, str) else "i" if isinstance(v, int) else "f" for v in args)


def fixed(message: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a reply without what is free, its types included."""
    address, *args = message
    known = [argument.name for argument in REPLY_TABLE[address].arguments]
    kept = [value for name, value in zip(known, args, strict=False) if name not in FREE]
    return (address, *kept, tags(tuple(kept)))


def hear(wire: Wire, count: int) -> Iterator[tuple[Any, ...]]:
    """Yield so many replies, several notes in a row counting as one, and progress not at all."""
    last = ""
    while count:
        reply = wire.hear()
        if reply[0] == "/antiphon/progress" or reply[0] == last == "/antiphon/note":
            continue
        last, count = reply[0], count - 1
        yield fixed(tuple(PORT if value == wire.port else value for value in reply))


def test_a_bridge_answers_as_the_page_says() -> None:
    written = [(arrow, message) for arrow, message, _ in CONVERSATION]
    with Bridge() as bridge:
        wire = Wire(("127.0.0.1", bridge.port))
        wire.socket.settimeout(30)
        try:
            while written:
                sent = []
                while written and written[0][0] == "→":
                    message = written.pop(0)[1]
                    sent.append(message.address)
                    wire.send(message.address.removeprefix("/antiphon/"), *(
                        wire.port if value == PORT else value for value in message.args))  # fmt: skip
                expected: list[tuple[Any, ...]] = []
                while written and written[0][0] == "←":
                    _, reply = written.pop(0)
                    if not expected or not reply.address == expected[-1][0] == "/antiphon/note":
                        expected.append(fixed((reply.address, *reply.args)))
                assert sent and list(hear(wire, len(expected))) == expected, sent
            assert wire.quiet() == [], "the bridge said more than the page"
        finally:
            wire.socket.close()


@pytest.mark.parametrize("line", LINES)
def test_types_are_those_of_the_arguments(line: str) -> None:
    _, message, types = parse(line)
    assert types == tags(message.args), line
    if "/notes" in message.address or "/context" in message.address:
        at = 5 if message.address == "/antiphon/notes" else 4
        assert types[at:] == "iffii" * message.args[at - 1], line


def test_the_notes_are_the_shipped_model_s() -> None:
    """Whoever follows the page gets them: after a model was trained anew, python docs/conversation.py."""
    shipped = (Path(__file__).parents[1] / "models" / "folk.onnx").read_bytes()
    assert f"folk.onnx, sha256 {sha256(shipped).hexdigest()[:16]} -->" in PAGE


def test_the_page_shows_what_matters() -> None:
    addresses = {message.address for _, message, _ in CONVERSATION}
    verbs = ("hello", "context", "continue", "generate", "resend", "cancel", "sync", "note", "fail")
    assert {f"/antiphon/{verb}" for verb in verbs} <= addresses
