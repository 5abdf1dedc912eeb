"""ChucK: the example itself, against a real bridge."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from antiphon.bridge.client import Client
from antiphon.models.note import Note
from program import Bridge, free_port

EXAMPLE = Path(__file__).parents[2] / "bridge/clients/chuck/antiphon.ck"
pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not shutil.which("chuck"), reason="ChucK (package chuck) is not installed"),
]


def chuck(port: int, notes: Path | str, model: str, bars: int, seed: int = 5, cancel: int = 0) -> list[str]:
    """Run the example without sound; return its lines."""
    words = [EXAMPLE, notes, model, bars, seed, port, free_port(), 1, cancel]
    done = subprocess.run(
        ["chuck", "--silent", ":".join(map(str, words))],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout.splitlines()


def written(path: Path, notes: tuple[Note, ...]) -> Path:
    lines = [f"{n.pitch} {n.start} {n.duration} {n.velocity} {n.part}" for n in notes]
    path.write_text("\n".join(["# a list", *lines, ""]))
    return path


def close(lines: list[str], notes: tuple[Note, ...]) -> None:
    got = [[float(word) for word in line.split()[1:]] for line in lines if line.startswith("note ")]
    assert len(got) == len(notes)
    for values, n in zip(got, notes, strict=True):
        assert values == pytest.approx([n.pitch, n.start, n.duration, n.velocity, n.part], abs=1e-3)


def test_200_notes_are_continued(
    bridge: Bridge, client: Client, long_song: tuple[Note, ...], tmp_path: Path
) -> None:
    lines = chuck(bridge.port, written(tmp_path / "song.notes", long_song), "tiny", 12)
    (take,) = client.continue_(long_song, model="tiny", bars=12, seed=5)
    assert lines[0].startswith("hello ") and "continue" in lines[0]
    close(lines, take.notes)
    assert lines[-1].split()[:2] == ["done", str(len(take.notes))]


def test_a_shipped_model_the_theme_and_from_nothing(bridge: Bridge, client: Client) -> None:
    theme = (Note(62, 0.0, 1.0, 96), Note(65, 1.0, 1.0, 90), Note(69, 2.0, 2.0, 90))
    (take,) = client.continue_(theme, model="folk", bars=4, seed=7)
    close(chuck(bridge.port, EXAMPLE.with_name("theme.notes"), "folk", 4, 7), take.notes)
    (tune,) = client.generate(model="folk", bars=4, seed=7)
    close(chuck(bridge.port, "-", "folk", 4, 7), tune.notes)


def test_cancel_and_errors(bridge: Bridge, tmp_path: Path) -> None:
    assert chuck(bridge.port, "-", "chorale", 250, cancel=30)[-1].startswith("fail cancelled")
    assert "no model 'jazz'" in chuck(bridge.port, "-", "jazz", 4)[-1]
    assert "cannot read" in chuck(bridge.port, tmp_path / "nothing.notes", "folk", 4)[-1]
    assert "antiphon serve" in chuck(free_port(), "-", "folk", 4)[-1]
