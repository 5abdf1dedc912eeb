"""What `ask continue` says of a file, and what it writes and draws of it with `--with-context`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from antiphon.bridge.cli.commands import main
from antiphon.bridge.cli.result import Result
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.request import Take
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.server.server import Server
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.midi import read_midi, write_midi
from antiphon.models.note import Note
from antiphon.models.score import Part, Score
from tiny_model import save_tiny_model

TRACKS = (Part("bass", 33), Part("drums", 0, is_drum=True), Part("piano", 1), Part("lead", 81))
UPPER, LOWER = Part("upper", 73), Part("lower", 42)
ARRANGEMENT = Score(
    notes=Score.ordered(
        [Note(pitch + i % 3, float(i), 1.0, 90, part)
         for part, pitch in enumerate((40, 36, 60, 76)) for i in range(10 if part == 1 else 8)]
    ),
    metres=MetreMap(((0.0, Metre(2, 4)), (4.0, Metre(4, 4)))),
    tempos=((0.0, 100.0), (4.0, 125.0)),
    parts=TRACKS,
)  # fmt: skip
"""Two bars of 2/4 and one of 4/4; the drums go on two beats longer."""


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """A bridge whose model has the parts `upper` and `lower`; where it and its model are."""
    folder = tmp_path_factory.mktemp("models")
    save_tiny_model(folder / "tiny.onnx")
    shelf = ModelShelf([folder], default="tiny", shipped=False)
    with Engine(shelf) as engine, Server(engine, shelf, host="127.0.0.1", port=0) as server:
        yield ["--port", str(server.address[1]), "--models", str(folder)]


def continued(bridge: list[str], path: Path, score: Score, *words: str) -> Score:
    """Return what is written where a score is continued."""
    clip, out = path / "clip.mid", path / "answer.mid"
    write_midi(score, clip)
    args = ["ask", "continue", "--in", str(clip), "--with-context", "--out", str(out), *bridge]
    assert main([*args, "--bars", "2", "--seed", "3", "--no-roll", *words]) == 0
    return read_midi(out)


def tracks(score: Score, until: float = 1000.0) -> dict[Part, list[tuple[int, float, float, int]]]:
    """Return what each track plays before a beat."""
    return {
        part: [(n.pitch, n.start, n.duration, n.velocity) for n in score.notes
               if n.part == index and n.start < until]
        for index, part in enumerate(score.parts)
    }  # fmt: skip


def test_an_arrangement_keeps_its_tracks_and_the_answer_gets_its_own(
    bridge: list[str], tmp_path: Path
) -> None:
    whole = continued(bridge, tmp_path, ARRANGEMENT)
    assert whole.parts[:4] == TRACKS
    assert set(whole.parts[4:]) <= {UPPER, LOWER} and len(whole.parts) > 4
    there = tracks(whole)
    assert {part: there[part] for part in TRACKS} == tracks(ARRANGEMENT)
    assert min(note.start for note in whole.notes if note.part > 3) >= 8.0
    assert whole.metres.changes == ARRANGEMENT.metres.changes
    assert [(beat, round(bpm)) for beat, bpm in whole.tempos] == [(0.0, 100), (4.0, 125)]


def test_an_answer_takes_the_place_of_what_was_heard_and_drums_go_on(
    bridge: list[str], tmp_path: Path
) -> None:
    whole = tracks(continued(bridge, tmp_path, ARRANGEMENT, "--start", "4"))
    given = tracks(ARRANGEMENT)
    assert whole[TRACKS[1]] == given[TRACKS[1]]
    for part in (TRACKS[0], TRACKS[2], TRACKS[3]):
        assert whole[part] == given[part][:4]


def test_a_track_that_is_the_model_s_own_goes_on(bridge: list[str], tmp_path: Path) -> None:
    own = replace(ARRANGEMENT, parts=(LOWER, TRACKS[1], TRACKS[2], UPPER))
    assert continued(bridge, tmp_path, own).parts == own.parts


def test_each_part_has_a_track_where_parts_have_no_names() -> None:
    nameless = (Part(), Part())
    context = Score((Note(60, 0.0, 1.0),), parts=(Part("lead"),))
    take = Take(0, (Note(62, 4.0, 1.0, part=0), Note(50, 4.0, 1.0, part=1)), 8.0, 7, 1.0)
    result = Result([take], 4.0, Metre(), 120.0, nameless, context, context.notes)
    whole = result.score(take, with_context=True)
    assert whole.parts == (Part("lead"), *nameless)
    assert [(note.pitch, note.part) for note in whole.notes] == [(60, 0), (62, 1), (50, 2)]


def test_the_picture_shows_what_was_heard(
    bridge: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[list[int], tuple[Part, ...]]] = []

    def draw(rolls, path, metres, parts):  # type: ignore[no-untyped-def]
        drawn.extend((sorted({note.part for note in roll.context}), parts) for roll in rolls)

    monkeypatch.setattr("antiphon.models.rollpicture.draw_rolls", draw)
    continued(bridge, tmp_path, ARRANGEMENT, "--png", str(tmp_path / "answer.png"))
    assert drawn == [([0, 1], (UPPER, LOWER))]


@pytest.mark.parametrize("option", [["--with-context"], ["--phrase", "3"]])
def test_generate_has_no_options_of_a_context(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["generate", *option])
    assert stop.value.code == 2
    assert f"unrecognized arguments: {option[0]}" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        main(["ask", "--help"])
    assert stop.value.code == 0
    assert option[0] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("tracks", "warnings"),
    [
        ((Part("lead", 81), Part("bass", 33)), 1),
        ((Part("lead", 81), Part("perc", is_drum=True)), 0),
        ((Part("perc", is_drum=True),), 0),
        ((Part("Kit"),), 0),  # not on channel 10, but of the part's name
    ],
)
def test_pitches_that_a_model_takes_for_drums_are_told(
    tracks: tuple[Part, ...], warnings: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_tiny_model(
        tmp_path / "kit.onnx", "kit", parts=(Part("kit", is_drum=True), Part("tom", is_drum=True))
    )
    notes = [
        Note(60 + index, float(beat), 1.0, 90, index) for index in range(len(tracks)) for beat in range(4)
    ]
    shelf = ModelShelf([tmp_path], default="kit", shipped=False)
    with Engine(shelf) as engine, Server(engine, shelf, host="127.0.0.1", port=0) as server:
        there = ["--port", str(server.address[1]), "--models", str(tmp_path)]
        continued(there, tmp_path, Score(Score.ordered(notes), parts=tracks))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == warnings, lines
    assert all("takes the clip's pitches for drums" in line and "channel 10" in line for line in lines)


def test_a_model_of_tunes_says_nothing_of_drums(
    bridge: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    continued(bridge, tmp_path, ARRANGEMENT)
    assert capsys.readouterr().err == ""
