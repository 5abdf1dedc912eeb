"""Csound: the example itself, against a real bridge."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from antiphon.bridge.client.client import Client
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
    return run(EXAMPLE, {"PORT": port, "REPLY": free_port(), "QUIET": 1, **macros})


def run(file: Path, macros: Mapping[str, object]) -> list[str]:
    """Run a file; return its lines that begin as the example's do."""
    words = [f"--omacro:{key}={value}" for key, value in macros.items()]
    done = subprocess.run(
        ["csound", "-+rtaudio=null", "-odac", *words, file],
        capture_output=True, text=True, timeout=60, check=False, cwd=EXAMPLE.parent,
    )  # fmt: skip
    lines = re.sub(r"\x1b\[\d*m", "", done.stdout + done.stderr).splitlines()
    return [line for line in lines if line.split(" ")[0] in ("hello", "note", "done", "fail", "sounds")]


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
    (take,) = client.continue_(long_song, model="tiny", metre="4/4", bars=12, seed=5)
    assert lines[0].startswith("hello ") and "continue" in lines[0], lines
    close(lines, take.notes)
    assert lines[-1].split()[:2] == ["done", str(len(take.notes))]


def test_a_theme_of_more_notes_than_a_context_has_messages(
    bridge: Bridge, client: Client, tmp_path: Path
) -> None:
    song = tuple(Note(60 + i * 5 % 12, i / 4, 0.25, 90) for i in range(2000))
    (take,) = client.continue_(song[-1024:], model="tiny", metre="4/4", bars=2, seed=5)
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
    (take,) = client.continue_(theme, model="folk", metre="4/4", bars=4, seed=7)
    close(csound(bridge.port), take.notes)
    (jig,) = client.continue_(theme, model="folk", metre="6/8", bars=4, seed=7)
    close(csound(bridge.port, METRE="6/8"), jig.notes)
    assert (take.end_beats, jig.end_beats) == (20.0, 18.0), "from the barlines at 4 and at 6"
    (tune,) = client.generate(model="folk", bars=4, seed=9)
    close(csound(bridge.port, VERB="generate", SEED=9), tune.notes)


def test_every_note_sounds_at_its_time(bridge: Bridge, client: Client, tmp_path: Path) -> None:
    """However long it took on the way; drums, struck a little off the grid, come in the grid's order."""
    options = {"model": "drums", "bars": 2, "metre": "4/4"}
    takes = (client.generate(seed=seed, **options)[0] for seed in range(200))
    take = next(take for take in takes if min(n.start for n in take.notes) < take.notes[0].start - 0.02)
    spied, begin, source = tmp_path / "spied.csd", "  ifreq = cpsmidinn(p4)\n", EXAMPLE.read_text()
    assert source.count(begin) == 1
    tell = '  ktime times\n  printf "sounds %d %f\\n", 1, p4, ktime * 2\n'
    spied.write_text(source.replace(begin, begin + tell))
    macros = {"PORT": bridge.port, "REPLY": free_port(), "VERB": "generate", "SEED": take.seed}
    lines = run(spied, {**macros, **{key.upper(): value for key, value in options.items()}})
    sounds = sorted([float(word) for word in line.split()[1:]] for line in lines if line.startswith("sounds"))
    notes = sorted((n.pitch, n.start) for n in take.notes)
    assert [pitch for pitch, _ in sounds] == [pitch for pitch, _ in notes]
    assert [beat - sounds[0][1] for _, beat in sounds] == pytest.approx(
        [start - notes[0][1] for _, start in notes], abs=0.02
    )


def test_a_model_of_text(bridge: Bridge, client: Client) -> None:
    """Its done has one argument more."""
    (tune,) = client.generate(model="irish-abc", bars=4, metre="4/4", seed=3)
    lines = csound(bridge.port, VERB="generate", MODEL="irish-abc", METRE="4/4", SEED=3)
    close(lines, tune.notes)
    assert lines[-1].split()[:2] == ["done", str(len(tune.notes))]


def test_bars_may_be_parts_of_one(bridge: Bridge, client: Client) -> None:
    (take,) = client.generate(model="folk", bars=1.5, seed=7)
    (shorter,) = client.generate(model="folk", bars=1, seed=7)
    assert take.notes != shorter.notes
    close(csound(bridge.port, VERB="generate", MODEL="folk", BARS=1.5, SEED=7), take.notes)


def test_cancel_and_errors(bridge: Bridge) -> None:
    cancelled = csound(bridge.port, VERB="generate", MODEL="chorale", BARS=250, CANCEL=5)
    assert cancelled[-1].startswith("fail cancelled")
    assert "no model 'jazz'" in csound(bridge.port, MODEL="jazz")[-1]
    assert "antiphon serve" in csound(free_port())[-1]
