"""ChucK: the example itself, against a real bridge."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from antiphon.bridge.client.client import Client
from antiphon.models.note import Note
from forgetful_bridge import NOTE, Forgetful, StartedAnew
from lossy import lossy
from program import Bridge, free_port
from silent_bridge import silent_bridge

EXAMPLE = Path(__file__).parents[2] / "bridge/clients/chuck/antiphon.ck"
pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not shutil.which("chuck"), reason="ChucK (package chuck) is not installed"),
]


def chuck(
    port: int, notes: Path | str, model: str, bars: float, seed: int = 5, metre: str = "", cancel: int = 0
) -> list[str]:
    """Run the example without sound; return its lines."""
    return run(EXAMPLE, notes, model, bars, seed, metre, port, free_port(), 1, cancel)


def run(*words: object) -> list[str]:
    """Run a file in ChucK with its arguments; return its lines."""
    done = subprocess.run(
        ["chuck", "--silent", ":".join(map(str, words))],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Exception" not in done.stderr, done.stderr
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
    (take,) = client.continue_(long_song, model="tiny", metre="4/4", bars=12, seed=5)
    assert lines[0].startswith("hello ") and "continue" in lines[0]
    close(lines, take.notes)
    assert lines[-1].split()[:2] == ["done", str(len(take.notes))]


def test_a_context_of_ten_thousand_notes(bridge: Bridge, client: Client, tmp_path: Path) -> None:
    song = tuple(Note(60 + i * 5 % 12, i / 16, 0.0625, 90) for i in range(10_000))
    (take,) = client.continue_(song, model="tiny", metre="4/4", bars=2, seed=5)
    close(chuck(bridge.port, written(tmp_path / "song.notes", song), "tiny", 2), take.notes)


def test_over_a_lossy_network(
    bridge: Bridge, client: Client, long_song: tuple[Note, ...], tmp_path: Path
) -> None:
    (take,) = client.continue_(long_song, model="tiny", metre="4/4", bars=24, seed=5)
    song = written(tmp_path / "song.notes", long_song)
    with lossy(bridge.port, seed=4, lost=0.1) as network:
        for _ in range(4):
            close(chuck(network.port, song, "tiny", 24), take.notes)
    assert min(network.counts.values()) > 0, network.counts


@pytest.mark.parametrize("begins", [False, True])
def test_what_the_bridge_knows_nothing_of_is_asked_for_anew(tmp_path: Path, begins: bool) -> None:
    with Forgetful(begins=begins) as bridge:
        close(chuck(bridge.port, written(tmp_path / "one.notes", (Note(60, 0.0, 1.0),)), "folk", 1), (NOTE,))
    assert len(bridge.asked) == 2


@pytest.mark.parametrize("times", [1, 2])
def test_a_bridge_that_was_started_anew_is_told_the_context_once_more(tmp_path: Path, times: int) -> None:
    notes = tuple(Note(60 + i % 12, i / 2, 0.5) for i in range(60))
    with StartedAnew(times) as bridge:
        lines = chuck(bridge.port, written(tmp_path / "two.notes", notes), "folk", 1)
    if times == 1:
        close(lines, (NOTE,))
    else:
        assert lines[-1] == "fail no_context send it first"
    assert len(bridge.asked) == 2
    assert sum(message.address == "/antiphon/context" for message in bridge.heard) == 4


def test_spaces_comments_and_an_empty_list(bridge: Bridge, client: Client, tmp_path: Path) -> None:
    theme = (Note(62, 0.0, 1.0, 96), Note(65, 1.0, 1.0, 90), Note(69, 2.0, 2.0, 90))
    (take,) = client.continue_(theme, model="folk", metre="4/4", bars=2, seed=7)
    path = tmp_path / "mine.notes"
    path.write_text("  # mine\n 62 0 1 96 0\n \n65 1 1 90 0 # and so on\n69 2 2 90 0\n\t\n")
    close(chuck(bridge.port, path, "folk", 2, 7), take.notes)
    path.write_text("# nothing\n")
    assert chuck(bridge.port, path, "folk", 2)[-1].startswith("fail no_context there are no notes in ")


def test_a_shipped_model_the_theme_and_from_nothing(bridge: Bridge, client: Client) -> None:
    theme = (Note(62, 0.0, 1.0, 96), Note(65, 1.0, 1.0, 90), Note(69, 2.0, 2.0, 90))
    (take,) = client.continue_(theme, model="folk", metre="4/4", bars=4, seed=7)
    path = EXAMPLE.with_name("theme.notes")
    close(chuck(bridge.port, path, "folk", 4, 7), take.notes)
    (jig,) = client.continue_(theme, model="folk", metre="6/8", bars=4, seed=7)
    close(chuck(bridge.port, path, "folk", 4, 7, "6/8"), jig.notes)
    assert (take.end_beats, jig.end_beats) == (20.0, 18.0), "from the barlines at 4 and at 6"
    (tune,) = client.generate(model="folk", bars=4, seed=7)
    close(chuck(bridge.port, "-", "folk", 4, 7), tune.notes)


def test_notes_that_come_out_of_order_are_played_at_their_time(
    bridge: Bridge, client: Client, tmp_path: Path
) -> None:
    """Drums are struck a little before or after the grid, in whose order they come."""
    takes = (client.generate(model="drums", bars=2, metre="4/4", seed=seed)[0] for seed in range(50))
    take = next(take for take in takes if list(take.notes) != sorted(take.notes, key=lambda n: n.start))
    spied = tmp_path / "spied.ck"
    source, begin = EXAMPLE.read_text(), "fun void play(float pitch, float beats, float velocity, dur beat) {"
    assert source.count(begin) == 1
    tell = 'chout <= "sounds " <= pitch <= " " <= now / beat <= IO.nl();'
    spied.write_text(source.replace(begin, f"{begin}\n    {tell}"))
    lines = run(spied, "-", "drums", 2, take.seed, "4/4", bridge.port, free_port())
    sounds = [tuple(map(float, line.split()[1:])) for line in lines if line.startswith("sounds ")]
    notes = sorted(take.notes, key=lambda n: n.start)
    assert [pitch for pitch, _ in sounds] == [n.pitch for n in notes]
    beats = [at - sounds[0][1] for _, at in sounds]
    assert beats == pytest.approx([n.start - notes[0].start for n in notes], abs=1e-2)


def test_bars_may_be_parts_of_one(bridge: Bridge, client: Client) -> None:
    (take,) = client.generate(model="folk", bars=1.5, seed=7)
    (shorter,) = client.generate(model="folk", bars=1, seed=7)
    assert take.notes != shorter.notes
    close(chuck(bridge.port, "-", "folk", 1.5, 7), take.notes)


def test_cancel_and_errors(bridge: Bridge, tmp_path: Path) -> None:
    assert chuck(bridge.port, "-", "chorale", 250, cancel=30)[-1].startswith("fail cancelled")
    assert "no model 'jazz'" in chuck(bridge.port, "-", "jazz", 4)[-1]
    assert "cannot read" in chuck(bridge.port, tmp_path / "nothing.notes", "folk", 4)[-1]
    assert "antiphon serve" in chuck(free_port(), "-", "folk", 4)[-1]


def test_another_protocol_and_a_bridge_that_falls_silent() -> None:
    with silent_bridge(protocol=2) as port:
        (line,) = chuck(port, "-", "folk", 4)
    assert line.startswith("fail protocol the bridge speaks protocol 2")
    with silent_bridge() as port:
        hello, line = chuck(port, "-", "folk", 4)
    assert hello.startswith("hello ") and line.startswith("fail timeout")
