"""Node's package osc; see notes.js."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from antiphon.bridge.client.client import Client
from antiphon.models.note import Note
from heard import Reply, failures, flat, heard, same
from program import Bridge, Program, free_port

MODULES = {"NODE_PATH": os.environ.get("ANTIPHON_NODE_MODULES", os.environ.get("NODE_PATH", ""))}
SCRIPT = Path(__file__).with_name("notes.js")


def _has_osc() -> bool:
    if not shutil.which("node"):
        return False
    found = subprocess.run(
        ["node", "-e", "require.resolve('osc')"], env={**os.environ, **MODULES}, capture_output=True, cwd="/"
    )
    return found.returncode == 0


pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(
        not _has_osc(),
        reason="node and npm's package osc are not installed; ANTIPHON_NODE_MODULES names its folder",
    ),
]


def node(bridge: Bridge, *messages: tuple[Any, ...], listen: int | None = None) -> list[Reply]:
    """Send messages; return the replies up to the synced."""
    words = ["node", SCRIPT, str(bridge.port), str(listen or free_port()), json.dumps(messages)]
    with Program(words, MODULES) as program:
        assert program.ended() == 0, program.lines
        return [tuple(json.loads(line)) for line in program.lines]


def test_hello_and_generate(bridge: Bridge, client: Client) -> None:
    asked = ("tune", "bars", 24, "scale", "D dorian", "takes", 2, "seed", 11)
    said = node(bridge, ("/antiphon/hello", 0, "node", 1), ("/antiphon/generate", *asked))
    assert said[0][:2] == ("/antiphon/hello/reply", "antiphon")
    assert said[1] == ("/antiphon/ack", "tune", 0)
    expected = client.generate(bars=24, scale="D dorian", takes=2, seed=11)
    assert [heard(said, "tune", take) for take in range(2)] == [same(take) for take in expected]
    assert sum(reply[0] == "/antiphon/notes" for reply in said) > 2, "takes of several messages"
    assert said[-1] == ("/antiphon/synced", 1)


def test_context_and_continue(bridge: Bridge, client: Client, song: tuple[Note, ...]) -> None:
    parts = (song[:48], song[48:])
    contexts = [("/antiphon/context", 7, i, 2, len(part), *flat(part)) for i, part in enumerate(parts)]
    said = node(bridge, *contexts, ("/antiphon/continue", 7, "bars", 4, "seed", 5))
    assert said[:3] == [("/antiphon/ack", 7, 0), ("/antiphon/ack", 7, 1), ("/antiphon/ack", 7, 0)]
    expected = client.continue_(song, bars=4, seed=5)[0]
    assert expected.notes[0].start >= 16.0
    assert heard(said, 7) == same(expected)


def test_what_is_wrong_is_heard(bridge: Bridge) -> None:
    said = node(
        bridge, ("/antiphon/generate", "tune", "bras", 4), ("/antiphon/continue", 8), ("/antiphon/genrate", 1)
    )
    assert [fail[:2] for fail in failures(said)] == [
        ("tune", "bad_args"), (8, "no_context"), ("/antiphon/genrate", "unknown_address"),
    ]  # fmt: skip
    assert "did you mean 'bars'" in failures(said)[0][2]


def test_the_greeting_s_messages_for_max_work(bridge: Bridge) -> None:
    # Max itself cannot run here; its udpsend sends from one port and its udpreceive hears at another.
    port = free_port()
    objects, messages = (line.replace("9101", str(port)) for line in bridge.tip("Max"))
    assert objects == f"[udpsend 127.0.0.1 {bridge.port}] and [udpreceive {port}]"
    sent = [[int(w) if w.isdecimal() else w for w in text.split()]
            for text in re.findall(r"/antiphon/[^,]+", messages)]  # fmt: skip
    assert [message[0] for message in sent] == ["/antiphon/hello", "/antiphon/generate"]
    said = node(bridge, *sent, listen=port)
    assert said[0][4] == port
    answer = heard(said, "tune")
    assert answer.notes
    assert answer.end_beats == 16.0
