"""docs/hosts/troubleshooting.md: its commands are run, and say what the page says they do.

A comment before a block names the situation; … stands for anything, and decimal numbers are free.
"""

from __future__ import annotations

import re
import shlex
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from antiphon.bridge.protocol.osc import Message, encode
from program import Bridge, Program, antiphon, free_port

PAGE = (Path(__file__).parents[1] / "docs" / "hosts" / "troubleshooting.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^<!-- run: (\w+) -->\n\n((?: {4}.*\n|\n(?= {4}))+)", re.MULTILINE)
BLOCKS = [
    (situation, re.sub("^ {4}", "", text, flags=re.MULTILINE)) for situation, text in BLOCK.findall(PAGE)
]
SESSIONS = [(situation, *text.partition("\n")[::2]) for situation, text in BLOCKS if text.startswith("$ ")]
PORT, OTHER_PORT, ADDRESS, REPLY_PORT, SENDER = "7374", "7375", "192.168.1.20", "9101", "53211"
"""What stands on the page for numbers that are others here."""


def own_address() -> str:
    """Return this computer's address in its network; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((ADDRESS, 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


@contextmanager
def situation(name: str) -> Iterator[int]:
    """Set the scene; yield the port that is spoken of."""
    if name == "nobody":
        yield free_port()
    elif name == "stranger":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind(("127.0.0.1", 0))
            yield stranger.getsockname()[1]
    else:
        with Bridge(*{"bridge": [], "open": ["--host", "0.0.0.0"]}[name]) as bridge:
            yield bridge.port


def here(text: str, port: int) -> str:
    """Return a text of the page with this computer's numbers."""
    numbers = {PORT: str(port), OTHER_PORT: str(port + 1), ADDRESS: own_address()}
    return re.sub("|".join(map(re.escape, numbers)), lambda found: numbers[found[0]], text)


def said(command: str, port: int) -> str:
    """Run a command of the page; return what it says. A bridge that starts is stopped again."""
    name, *words = shlex.split(here(command, port).removeprefix("$ antiphon "))
    address = ["--port", str(port)] * (name != "clients")
    with Program([antiphon(), name, *words, *address]) as program:
        if name == "serve" and not program.has(r"Ctrl-C ends it|cannot be had", 60.0):
            raise AssertionError(program.lines)
        if name == "serve" and "cannot be had" not in program.lines[-1]:
            program.signal(signal.SIGINT)
        program.ended()
    # What the log says meanwhile, and when it does, is not the page's matter.
    lines = [line for line in program.lines if not line.startswith("models run on ") and line.strip()]
    return "\n".join(lines).removesuffix("\nThe bridge is closed.")


def looks_like(text: str, port: int) -> re.Pattern[str]:
    """Return what a text of the page matches."""
    lines = []
    for line in here(text, port).splitlines():
        pieces = re.split(r"(…|(?<![\d.])\d+\.\d+(?:\.\d+)?(?![\d.]))", line)
        free = [".*" if piece == "…" else r"[\d.]+" if at % 2 else re.escape(piece)
                for at, piece in enumerate(pieces)]  # fmt: skip
        if line.strip():
            lines.append(r"(?:.*\n)*" if line == "…" else "".join(free) + r"\n")
    return re.compile("".join(lines))


def free_of_time(text: str) -> str:
    """Return what the doctor says without how quick this computer is just now."""
    text = text.replace("note  folk answers four bars", "ok    folk answers four bars")
    return re.sub(r"\n +→ close what else works.*", "", text)


@pytest.mark.parametrize(("scene", "command", "told"), SESSIONS, ids=[f"{s}: {c}" for s, c, _ in SESSIONS])
def test_a_command_says_what_the_page_says(
    scene: str, command: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ADDRESS in command and own_address().startswith("127."):
        pytest.skip("this computer is in no network")
    monkeypatch.chdir(tmp_path)
    with situation(scene) as port:
        heard = free_of_time(said(command, port)) + "\n"
        assert looks_like(told, port).fullmatch(heard), heard


def test_the_log_shows_where_replies_go() -> None:
    ((_, told),) = [block for block in BLOCKS if block[0] == "logged"]
    with (
        Bridge("--log-level", "debug") as bridge,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host,
    ):
        host.bind(("127.0.0.1", 0))
        replies = free_port()
        host.sendto(encode(Message("/antiphon/hello", (replies, "max"))), ("127.0.0.1", bridge.port))
        bridge.until("hello/reply")
        text = told.replace(REPLY_PORT, str(replies)).replace(SENDER, str(host.getsockname()[1]))
        lines = [line for line in bridge.lines if "antiphon.osc" in line]
    assert looks_like(text, bridge.port).fullmatch("\n".join(lines) + "\n"), lines


def test_each_kind_of_session_is_found() -> None:
    assert {scene for scene, _ in BLOCKS} == {"nobody", "bridge", "stranger", "open", "logged"}
    assert len(BLOCKS) == PAGE.count("<!-- run") == len(SESSIONS) + 1
    assert len(re.findall(r"^ {4}\$ ", PAGE, re.MULTILINE)) == len(SESSIONS)


def test_another_answer_is_noticed() -> None:
    told = looks_like("a 1.5 …\n…\nport 7374, 7 notes\n", 7400)
    assert told.fullmatch("a 2.25 x\nb\nc\nport 7400, 7 notes\n")
    assert told.fullmatch("a 2.25 x\nport 7400, 7 notes\n")
    assert not told.fullmatch("a 2.25 x\nport 7400, 8 notes\n")
    assert not told.fullmatch("a 2.25 x\nport 7374, 7 notes\n")
