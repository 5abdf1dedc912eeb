"""docs/hosts/python.md: its examples do what it says, with the models that ship."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from antiphon.bridge.client.client import Client
from antiphon.models.errors import RequestError
from antiphon.models.midi import read_midi
from antiphon.models.note import Note
from program import Bridge

PAGE = (Path(__file__).parents[2] / "docs" / "hosts" / "python.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^<!-- run -->\n```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
D_DORIAN = {0, 2, 4, 5, 7, 9, 11}
FIRST = "print(note.start, note.pitch, note.duration)"
HURRY = 50.0
"""How much faster than on the page the live example plays."""


@pytest.fixture(scope="module")
def shipped() -> Iterator[Bridge]:
    """The bridge as a user starts it."""
    with Bridge() as bridge:
        yield bridge


def ran(bridge: Bridge, holds: str) -> list[str]:
    """Run the one example that holds a text; return the lines it prints."""
    (block,) = (block for block in BLOCKS if holds in block)
    assert "Client()" in block
    block = block.replace("Client()", f"Client(port={bridge.port}, timeout=30.0)")
    block = block.replace("TEMPO = 100.0", f"TEMPO = {100 * HURRY}")
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(block, "python.md", "exec"), {"__name__": "example"})
    return printed.getvalue().splitlines()


def test_every_example_is_run() -> None:
    used = re.findall(r'ran\(shipped, (?:FIRST|"([^"]+)")\)', Path(__file__).read_text(encoding="utf-8"))
    examples = {FIRST, *filter(None, used)}
    assert len(BLOCKS) == PAGE.count("```python") == len(examples)
    assert all(sum(holds in block for block in BLOCKS) == 1 for holds in examples)


def test_the_first_answer(shipped: Bridge) -> None:
    lines = [line.split() for line in ran(shipped, FIRST)]
    assert lines and min(float(start) for start, _, _ in lines) >= 4.0
    assert max(float(start) + float(duration) for start, _, duration in lines) <= 20.0
    assert {int(pitch) % 12 for _, pitch, _ in lines} <= D_DORIAN
    assert lines == [line.split() for line in ran(shipped, FIRST)]


def test_a_tune_is_written_and_continued(
    shipped: Bridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = ran(shipped, "write_midi")
    tune = read_midi(tmp_path / "tune.mid")
    assert 20.0 < tune.end <= 32.0 and tune.tempos[0][1] == pytest.approx(96.0, abs=0.01)
    assert any("█" in line for line in lines) and re.fullmatch(r"seed \d+ gives it again", lines[-1])


def test_settings_last(shipped: Bridge) -> None:
    *models, last = ran(shipped, "bridge.load(")
    assert [line.split()[0] for line in models] == ["chorale", "drums", "folk", "irish-abc"]
    quiet, bold, temperature = last.split()
    assert int(quiet) > 0 and int(bold) > 0 and float(temperature) == pytest.approx(0.9)


def test_takes_and_again(shipped: Bridge) -> None:
    lines = ran(shipped, "likeliest")
    assert [line.split()[0] for line in lines] == ["0", "1", "2"]
    pitches = {int(pitch) for line in lines for pitch in re.findall(r"\d+(?=[,\]])", line)}
    assert pitches and pitches <= {p for p in range(55, 80) if p % 12 in {7, 9, 11, 0, 2, 4, 6}}


def test_progress_and_stopping(shipped: Bridge) -> None:
    *progress, code = ran(shipped, "on_progress")
    assert code == "cancelled"
    assert progress and all(re.fullmatch(r"\d+%", line) for line in progress)


def test_live(shipped: Bridge) -> None:
    threads = threading.active_count()
    lines = ran(shipped, "on_note=")
    played = [(float(beat), int(pitch), int(velocity)) for _, beat, pitch, velocity in map(str.split, lines)]
    with Client(port=shipped.port, timeout=30.0) as client:
        theme = [Note(62, 0.0, 1.0), Note(65, 1.0, 1.0), Note(69, 2.0, 2.0)]
        (take,) = client.continue_(theme, bars=4, metre="4/4", start=4.0, seed=7)
    assert [(pitch, velocity) for _, pitch, velocity in played if velocity] == [
        (note.pitch, note.velocity) for note in take.notes]  # fmt: skip
    assert sorted(p for _, p, v in played if not v) == sorted(note.pitch for note in take.notes)
    # Never early; how late is for the machine to say.
    starts = [beat for beat, _, velocity in played if velocity]
    assert all(beat >= note.start - 0.01 for beat, note in zip(starts, take.notes, strict=True))
    assert threading.active_count() == threads


def test_errors(shipped: Bridge) -> None:
    (line,) = ran(shipped, "brs=4")
    (block,) = (block for block in BLOCKS if "brs=4" in block)
    assert f"# {line}\n" in block


@pytest.mark.parametrize("model", ["folk", "chorale", "drums"])
def test_the_whole_round(shipped: Bridge, long_song: tuple[Note, ...], model: str) -> None:
    """Hello, a context of 200 notes, an answer, one note by note that is the same, cancel, error."""
    with Client(port=shipped.port, timeout=30.0) as client:
        assert client.hello().protocol == 1
        parts = len(next(line for line in client.models() if line.name == model).parts)
        context = [Note(n.pitch, n.start, n.duration, n.velocity, n.part % parts) for n in long_song]
        asked = {"model": model, "beats": 50.0, "metre": "4/4", "seed": 7}
        (take,) = client.continue_(context, **asked)
        heard: list[Note] = []
        (same,) = client.continue_(context, on_note=lambda _, __, note: heard.append(note), **asked)
        assert take.notes == same.notes == tuple(heard) and len(take.notes) > 10
        with pytest.raises(RequestError) as error:
            client.request("generate", options={"beats": 1024.0}, stop=lambda: True)
        assert error.value.code == "cancelled"
        with pytest.raises(RequestError, match="no model 'jazz'") as error:
            client.generate(model="jazz")
        assert error.value.code == "unknown_model"
