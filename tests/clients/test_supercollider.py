"""SuperCollider: the class of the Quark in sclang itself, against a real bridge.

Skipped where sclang is not installed; `pytest tests/clients/test_supercollider.py` runs it where it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from math import floor
from pathlib import Path

import pytest
from antiphon.bridge.client.client import Client, Take
from antiphon.models.note import Note
from forgetful_bridge import NOTE, Forgetful, StartedAnew
from lossy import lossy
from program import Bridge, free_port

HERE = Path(__file__).parent / "supercollider"
QUARK = Path(__file__).parents[2] / "bridge/clients/supercollider"
pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not shutil.which("sclang"), reason="sclang (supercollider-language) is not installed"),
]
Lines = list[tuple[str, str]]


def drive(folder: Path, port: int, *, rounds: int = 1, more: bool = False) -> Lines:
    """Run drive.scd; return what it said."""
    return sclang(folder, "drive.scd", PORT=port, ROUNDS=rounds, MORE=int(more))


def sclang(folder: Path, script: str, **told: object) -> Lines:
    """Run a script with the Quark's classes; return what it said."""
    config = folder / "config.yaml"
    lines = (
        "includePaths:",
        f"    - {QUARK / 'Classes'}",
        "excludePaths: []",
        "postInlineWarnings: false",
        "",
    )
    config.write_text("\n".join(lines))
    headless = {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1", "HOME": str(folder)}
    done = subprocess.run(
        ["sclang", "-l", config, HERE / script],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, **headless, **{f"ANTIPHON_{key}": str(value) for key, value in told.items()}},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    said = [line[1:].split(" ", 1) for line in done.stdout.splitlines() if line.startswith("@")]
    assert said and said[-1][0] == "end", done.stdout
    return [(word, rest) for word, rest in said]


def answers(said: Lines) -> list[tuple[float, int, list[list[float]]]]:
    """Return the takes: beat where it ends, seed, notes."""
    found: list[tuple[float, int, list[list[float]]]] = []
    for word, rest in said:
        if word == "take":
            _, end, seed = rest.split()
            found.append((float(end), int(seed), []))
        elif word == "note":
            found[-1][2].append([float(value) for value in rest.split()])
    return found


def same(found: tuple[float, int, list[list[float]]], take: Take) -> None:
    end, seed, notes = found
    assert (end, seed, len(notes)) == (take.end_beats, take.seed, len(take.notes))
    for got, n in zip(notes, take.notes, strict=True):
        assert got == pytest.approx([n.pitch, n.start, n.duration, n.velocity, n.part], abs=1e-4)


def test_the_whole_round(bridge: Bridge, client: Client, long_song: tuple[Note, ...], tmp_path: Path) -> None:
    said = drive(tmp_path, bridge.port, more=True)
    told = dict(said)
    assert "continue" in told["hello"]
    assert set(told["models"].split(",")) == {model.name for model in client.models()}
    expected = client.continue_(long_song, model="tiny", bars=12, takes=2, seed=5)
    (tune,) = client.generate(model="folk", bars=8, seed=3, scale="D dorian", metre="4/4")
    got = answers(said)
    for found, take in zip(got[:3], [*expected, tune], strict=True):
        same(found, take)
    events, beats = told["pattern"].split()
    assert int(events) == len(tune.notes)
    assert float(beats) == pytest.approx(tune.end_beats - floor(tune.notes[0].start)), (
        "from the first note's beat"
    )
    fails = [rest for word, rest in said if word == "fail"]
    assert [fail.split()[0] for fail in fails] == ["bad_args", "unknown_address", "cancelled"]
    assert "did you mean 'bars'" in fails[0]
    assert "progress" in told


def test_over_a_lossy_network(
    bridge: Bridge, client: Client, long_song: tuple[Note, ...], tmp_path: Path
) -> None:
    with lossy(bridge.port, seed=2, lost=0.1) as network:
        got = answers(drive(tmp_path, network.port, rounds=4))
    expected = client.continue_(long_song, model="tiny", bars=12, takes=2, seed=5)
    assert len(got) == 8
    for at, found in enumerate(got):
        same(found, expected[at % 2])
    assert min(network.counts.values()) > 0, network.counts


@pytest.mark.parametrize("begins", [False, True])
def test_what_the_bridge_knows_nothing_of_is_asked_for_anew(tmp_path: Path, begins: bool) -> None:
    with Forgetful(begins=begins) as bridge:
        said = drive(tmp_path, bridge.port)
    assert [[note[0] for note in notes] for _, _, notes in answers(said)] == [[NOTE.pitch]] * 2
    assert len(bridge.asked) == 2


def test_a_context_that_the_bridge_has_lost_is_sent_once_more(tmp_path: Path) -> None:
    with StartedAnew() as bridge:
        said = drive(tmp_path, bridge.port)
    assert [[note[0] for note in notes] for _, _, notes in answers(said)] == [[NOTE.pitch]] * 2
    first, second = bridge.heard[:6], bridge.heard[6:]
    assert first == second and first[-1].address == "/antiphon/continue", "five messages and the request"


def test_nobody_there(tmp_path: Path) -> None:
    said = drive(tmp_path, free_port(), rounds=0)
    assert said[0][0] == "fail"
    assert "antiphon serve" in said[0][1]


def test_the_example_answers_at_the_barline(bridge: Bridge, client: Client, tmp_path: Path) -> None:
    client.load("folk")
    example = QUARK / "Examples/call_and_answer.scd"
    said = sclang(tmp_path, "example.scd", PORT=bridge.port, EXAMPLE=example)
    sounds = [tuple(float(word) for word in rest.split()) for word, rest in said if word == "sounds"]
    seeds = [int(rest) for word, rest in said if word == "seed"]
    call = [Note(62, 0.0, 1.0), Note(65, 1.0, 1.0), Note(69, 2.0, 1.0), Note(67, 3.0, 1.0)]
    options = {"model": "folk", "metre": "4/4", "bars": 4, "scale": "D dorian"}
    takes = [client.continue_(call, seed=seed, **options)[0] for seed in seeds]
    assert seeds[0] != seeds[1]
    barline = sounds[0][0]
    assert barline % 4 == 0
    together = [*call, *takes[0].notes]
    again = sounds[len(together) :]
    begin = again[0][0] - (takes[1].notes[0].start - 4.0)
    assert begin % 4 == pytest.approx(0)
    wanted = [(barline + n.start, n.pitch) for n in together]
    wanted += [(begin + n.start - 4.0, n.pitch) for n in takes[1].notes]
    assert [pitch for _, pitch in sounds] == [pitch for _, pitch in wanted]
    assert [beat for beat, _ in sounds] == pytest.approx([beat for beat, _ in wanted], abs=0.01)


def test_the_help_tells_of_every_method(tmp_path: Path) -> None:
    said = sclang(tmp_path, "help.scd", HELP=QUARK / "HelpSource/Classes/Antiphon.schelp")
    told = {rest for word, rest in said if word == "told"}
    public = {rest for word, rest in said if word == "public"}
    assert {"new", "asPattern", "generate", "continueNotes", "again", "cancel"} <= told
    assert told <= public, "no method of that name"


def test_settings_are_kept(tmp_path: Path) -> None:
    said = sclang(tmp_path, "kept.scd")
    assert [rest for word, rest in said if word == "kept"] == ["nil nil"]
    said = sclang(tmp_path, "kept.scd")
    assert [rest for word, rest in said if word == "kept"] == ["D dorian 8"]


def test_cmd_period_takes_requests_back_and_the_next_one_is_answered(bridge: Bridge, tmp_path: Path) -> None:
    said = sclang(tmp_path, "stopped.scd", PORT=bridge.port)
    words = ["fail", "sent", "fail", "answered", "fail", "left", "end"]
    assert [word for word, _ in said] == words
    assert [rest for word, rest in said if word == "fail"] == ["cancelled", "cancelled", "timeout"]
    assert dict(said)["left"] == "0"


def test_long_contexts_and_options_of_the_class_s_own(bridge: Bridge, client: Client, tmp_path: Path) -> None:
    song = [Note(60 + i * 5 % 12, i / 4, 0.25, 90) for i in range(10_000)]
    options = {"model": "tiny", "bars": 2, "seed": 5}
    said = sclang(tmp_path, "limits.scd", PORT=bridge.port)
    end, before, scale = answers(said)
    same(scale, client.generate(scale="0,2,4,5,7,9,11", **options)[0])
    same(end, client.continue_(song[-4096:], **options)[0])
    same(before, client.continue_(song[:1600], start=400, **options)[0])
    fails = [rest for word, rest in said if word == "fail"]
    *own, both, wrong, none, abc = fails
    assert own == [f"bad_args {key} is the class's own to choose" for key in ("mode", "reply_port")]
    assert [rest for word, rest in said if word == "beats"] == ["4.0", "3.0", "2.0"]
    assert both == "bad_args give bars or beats, not both"
    assert wrong == "bad_args bars must be a number, not 'true'"
    assert none.startswith("bad_args takes 0 must be") and abc.startswith("bad_args takes must be")
    told = dict(said)
    assert told["takes"] == "2"
    assert (told["none"], told["empty"]) == ("[ [ rest, 0 ] ]", "[ [ rest, 12 ] ]")
    notes = "[ [ rest, 0.0 ], [ 64, 0.5 ], [ 62, 1.0 ], [ 65, 2.5 ] ]"
    assert told["later"] == notes, "what begins before beat 4 is left out"
    assert told["over"] == "[ [ rest, 0 ] ]"
    assert told["window"] == "true", "a function may open a window"
