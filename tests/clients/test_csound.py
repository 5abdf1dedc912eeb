"""Csound: the example itself, against a real bridge."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from antiphon.bridge.client import Client
from antiphon.models.note import Note
from program import Bridge, free_port
from silent_bridge import silent_bridge

EXAMPLE = Path(__file__).parents[2] / "bridge/clients/csound/antiphon.csd"
pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not shutil.which("csound"), reason="Csound (package csound) is not installed"),
]


def csound(port: int, **macros: object) -> list[str]:
    """Run the example on a silent sound card; return what it wrote of notes and the like."""
    given = {"PORT": port, "REPLY": free_port(), "QUIET": 1, **macros}
    words = [f"--omacro:{key}={value}" for key, value in given.items()]
    done = subprocess.run(
        ["csound", "-+rtaudio=null", "-odac", *words, EXAMPLE],
        capture_output=True, text=True, timeout=60, check=False, cwd=EXAMPLE.parent,
    )  # fmt: skip
    lines = re.sub(r"\x1b\[\d*m", "", done.stdout + done.stderr).splitlines()
    return [line for line in lines if line.split(" ")[0] in ("hello", "note", "done", "fail")]


def close(lines: list[str], notes: tuple[Note, ...]) -> None:
    got = [[float(word) for word in line.split()[1:]] for line in lines if line.startswith("note ")]
    assert len(got) == len(notes)
    wanted = sorted([n.pitch, n.start, n.duration, n.velocity, n.part] for n in notes)
    for values, n in zip(sorted(got), wanted, strict=True):
        assert values == pytest.approx(n, abs=1e-4)


def written(path: Path, notes: tuple[Note, ...]) -> Path:
    rows = [f"{n.pitch} {n.start} {n.duration} {n.velocity} {n.part}" for n in notes]
    path.write_text("\n".join(rows) + "\n")
    return path


def test_200_notes_are_continued(
    bridge: Bridge, client: Client, long_song: tuple[Note, ...], tmp_path: Path
) -> None:
    theme = written(tmp_path / "song.txt", long_song)
    lines = csound(bridge.port, MODEL="tiny", BARS=12, SEED=5, THEME=theme)
    (take,) = client.continue_(long_song, model="tiny", bars=12, seed=5)
    assert lines[0].startswith("hello ") and "continue" in lines[0], lines
    close(lines, take.notes)
    assert lines[-1].split()[:2] == ["done", str(len(take.notes))]


def test_a_theme_of_more_notes_than_a_context_has_messages(
    bridge: Bridge, client: Client, tmp_path: Path
) -> None:
    song = tuple(Note(60 + i * 5 % 12, i / 4, 0.25, 90) for i in range(2000))
    (take,) = client.continue_(song[-1024:], model="tiny", bars=2, seed=5)
    theme = written(tmp_path / "song.txt", song)
    close(csound(bridge.port, MODEL="tiny", BARS=2, SEED=5, THEME=theme), take.notes)


def test_a_theme_that_is_refused_is_not_answered_by_the_last_one(bridge: Bridge, tmp_path: Path) -> None:
    reply = free_port()
    assert csound(bridge.port, REPLY=reply)[-1].startswith("done")
    wrong = written(tmp_path / "wrong.txt", (Note(62, 0.0, 1.0),))
    wrong.write_text(wrong.read_text().replace("80", "200"))
    assert csound(bridge.port, REPLY=reply, THEME=wrong)[-1].startswith("fail no_context")


def test_another_protocol_and_a_bridge_that_falls_silent() -> None:
    with silent_bridge(protocol=2) as port:
        (line,) = csound(port)
    assert line.startswith("fail protocol the bridge speaks protocol 2")
    with silent_bridge() as port:
        hello, line = csound(port)
    assert hello.startswith("hello ") and line.startswith("fail timeout")


def test_a_shipped_model_the_theme_and_from_nothing(bridge: Bridge, client: Client) -> None:
    theme = (Note(62, 0.0, 1.0, 96), Note(65, 1.0, 1.0, 90), Note(69, 2.0, 2.0, 90))
    (take,) = client.continue_(theme, model="folk", bars=4, seed=7)
    close(csound(bridge.port), take.notes)
    (tune,) = client.generate(model="folk", bars=4, seed=9)
    close(csound(bridge.port, VERB="generate", SEED=9), tune.notes)


def test_cancel_and_errors(bridge: Bridge) -> None:
    cancelled = csound(bridge.port, VERB="generate", MODEL="chorale", BARS=250, CANCEL=50)
    assert cancelled[-1].startswith("fail cancelled")
    assert "no model 'jazz'" in csound(bridge.port, MODEL="jazz")[-1]
    assert "antiphon serve" in csound(free_port())[-1]
