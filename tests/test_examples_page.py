"""docs/examples.md: what it shows sends what it says, in every language that can run here."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from antiphon.bridge.protocol.options import parse
from antiphon.bridge.protocol.osc import Message, read
from antiphon.bridge.protocol.table import REQUEST_TABLE
from fake_bridge import Talk
from program import Program

DOCS = Path(__file__).parents[1] / "docs"
sys.path.insert(0, str(DOCS))
import examples  # noqa: E402

ROWS = re.findall(
    r"^\| (Max|Pure Data|SuperCollider|Python|JavaScript) \| `(.*)` \|$", examples.page(), re.MULTILINE
)
WANTED = [Message(address, args) for address, args in examples.SAMPLES.items()]


def rows(language: str) -> list[str]:
    return [text for name, text in ROWS if name == language]


def test_the_page_is_up_to_date() -> None:
    assert (DOCS / "examples.md").read_text(encoding="utf-8") == examples.page(), "run `make docs`"
    assert set(examples.SAMPLES) == set(REQUEST_TABLE)
    assert len(ROWS) == 5 * len(examples.SAMPLES)


def test_the_bridge_takes_every_example() -> None:
    talk = Talk()
    for message in [m for m in WANTED if m.address == "/antiphon/context"] + WANTED:
        said = talk.say(message.address.removeprefix("/antiphon/"), *message.args)
        refused = [reply for reply in said if reply[0] == "/antiphon/fail"]
        assert not refused or message.address in ("/antiphon/resend", "/antiphon/cancel"), refused
    assert parse(WANTED[9].args[1:])["bars"] == 4


def test_python() -> None:
    sent = []

    class Client:
        def send_message(self, address: str, args: list[Any]) -> None:
            sent.append(Message(address, tuple(args)))

    for line in rows("Python"):
        exec(line, {"client": Client()})
    assert sent == WANTED


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")
def test_javascript() -> None:
    module = json.dumps(str(DOCS.parent / "bridge/clients/node/antiphon.js"))
    program = (
        f"const {{encode}} = require({module});\n"
        "const send = (a, b) => console.log(encode(a, b).toString('hex'));\n"
    )
    done = subprocess.run(
        ["node", "-e", program + "\n".join(rows("JavaScript"))], capture_output=True, text=True, check=True
    )
    sent = [next(iter(read(bytes.fromhex(line)))) for line in done.stdout.split()]
    assert [(m.address, [pytest.approx(v) for v in m.args]) for m in sent] == [  # type: ignore[union-attr]
        (m.address, list(m.args)) for m in WANTED
    ]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(20)
        yield sock


@pytest.mark.skipif(not shutil.which("pd"), reason="Pure Data (puredata-core) is not installed")
def test_puredata(tmp_path: Path, listener: socket.socket) -> None:
    """The lines as a patch that sends them one after the other."""
    port = listener.getsockname()[1]
    boxes = ["obj 0 0 loadbang", f"msg 0 0 connect 127.0.0.1 {port}", "obj 0 0 netsend -u -b"]
    boxes += ["obj 0 0 list prepend send", "obj 0 0 list trim"]
    wires = [(0, 1), (1, 2), (3, 4), (4, 2)]
    for line in rows("Pure Data"):
        message, format_ = re.fullmatch(r"\[(.*)\( → \[(.*)\]", line).groups()  # type: ignore[union-attr]
        boxes += [f"msg 0 0 {message}", f"obj 0 0 {format_}"]
        wires += [(0, len(boxes) - 2), (len(boxes) - 2, len(boxes) - 1), (len(boxes) - 1, 3)]
    patch = tmp_path / "examples.pd"
    lines = [*(f"#X {box};" for box in boxes), *(f"#X connect {a} 0 {b} 0;" for a, b in wires)]
    patch.write_text("\n".join(["#N canvas 0 0 400 300 12;", *lines, ""]))
    with Program(["pd", "-nogui", "-noaudio", "-nomidi", "-stderr", "-open", patch]):
        for wanted in WANTED:
            (message,) = read(listener.recv(65507))
            assert isinstance(message, Message)
            assert message.address == wanted.address
            assert list(message.args) == [pytest.approx(value) if isinstance(value, float) else value
                                          for value in wanted.args]  # fmt: skip


@pytest.mark.parametrize("language", ["Max", "SuperCollider"])
def test_the_others_say_the_same_words(language: str) -> None:
    for line, wanted in zip(rows(language), WANTED, strict=True):
        words = re.findall(r'"[^"]*"|[^\s(),;"]+', line.removeprefix("b.sendMsg"))
        assert [word.strip('"') for word in words] == [wanted.address, *map(str, wanted.args)]
