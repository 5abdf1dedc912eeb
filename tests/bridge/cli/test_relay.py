"""Asking by files: what a script without a network gets."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from antiphon.bridge.cli.commands import main
from antiphon.bridge.cli.notelist import AnswerFile, read_notes
from antiphon.bridge.client.client import Client
from antiphon.bridge.request import Take
from antiphon.models.errors import ConfigError, MusicError
from antiphon.models.note import Note
from stage import Stage

THEME = "60 0 1 80 0\n\n# a comment\n62 1.5 0.5 100 0  # another\n"


def ask(stage: Stage, folder: Path, *words: str, notes: str = THEME) -> tuple[int, list[str]]:
    """Return the exit status and the answer's lines."""
    given, out = folder / "given.notes", folder / "out.notes"
    given.write_text(notes)
    port = str(stage.server.address[1])
    status = main(["ask", *words, "--port", port, "--out", str(out)])
    return status, out.read_text().splitlines()


def test_continue_is_what_the_client_gets(stage: Stage, tmp_path: Path) -> None:
    given = str(tmp_path / "given.notes")
    status, lines = ask(
        stage, tmp_path, "continue", "--in", given, "--bars", "2", "--takes", "2", "--seed", "9"
    )
    with Client(port=stage.server.address[1]) as client:
        context = [Note(60, 0.0, 1.0, 80), Note(62, 1.5, 0.5, 100)]
        takes = client.continue_(context, bars=2, takes=2, seed=9)
    expected = []
    for take in takes:
        head = (take.index, len(take.notes), take.end_beats, take.seed, take.nats_per_note)
        expected.append(" ".join(map(str, ("take", *head))))
        expected += [f"note {n.pitch} {n.start} {n.duration} {n.velocity} {n.part}" for n in take.notes]
    assert status == 0
    assert [line for line in lines if not line.startswith("progress")] == [*expected, "end"]
    assert len(expected) == 2 * 17


def test_models_and_verbs(stage: Stage, tmp_path: Path) -> None:
    status, lines = ask(stage, tmp_path, "models")
    assert status == 0
    assert "model folk Folk tunes" in lines and "verb continue" in lines and lines[-1] == "end"


@pytest.mark.parametrize(
    ("words", "notes", "told"),
    [
        (("generate", "--bars", "0"), THEME, "fail bad_args"),
        (("generate", "--scale", "H dur"), THEME, "fail bad_args"),
        (("generate", "--wav", "a.wav"), THEME, "--wav does not go with --out FILE.notes"),
        (("harmonise",), THEME, "fail unknown_address"),
        (("generate", "--model", "jazz"), THEME, "fail unknown_model no model 'jazz'"),
        (("continue", "--in", "GIVEN"), "60 0 1 80\n", "line 1: '60 0 1 80' is no note"),
        (("continue", "--in", "GIVEN"), "60 0 1 80 0\n99999999999 0 1 80 0\n", "line 2: pitch 1e+11 must be"),
        (("continue", "--in", "GIVEN"), "60 1e39 1 80 0\n", "line 1: start 1e+39 must be in range"),
        (("continue", "--in", "GIVEN"), "60 0 1 80 " + "9" * 400, "line 1: part must be a finite number"),
        (("continue", "--in", "nowhere.notes"), THEME, "nowhere.notes: No such file"),
        (("continue", "--in", "clip.mid"), THEME, "needs a .notes list"),
    ],
)
def test_whatever_goes_wrong_stands_in_the_file(
    stage: Stage, tmp_path: Path, words: tuple[str, ...], notes: str, told: str
) -> None:
    given = [word.replace("GIVEN", str(tmp_path / "given.notes")) for word in words]
    status, lines = ask(stage, tmp_path, *given, notes=notes)
    assert status == 2
    assert len(lines) == 2 and told in lines[0] and lines[1] == "end"


def test_a_mistake_of_ours_stands_in_the_file_too(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **more: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(Client, "request", broken)
    with pytest.raises(ZeroDivisionError):
        ask(stage, tmp_path, "generate")
    lines = (tmp_path / "out.notes").read_text().splitlines()
    assert lines == ["fail model_error ZeroDivisionError: by zero", "end"]


def test_a_file_that_vanishes_cancels(stage: Stage, tmp_path: Path) -> None:
    stage.engine.manual = True
    wanted = tmp_path / "wanted"
    wanted.touch()

    def give_up() -> None:
        while not stage.engine.jobs:
            pass
        wanted.unlink()

    threading.Thread(target=give_up, daemon=True).start()
    status, lines = ask(stage, tmp_path, "generate", "--while", str(wanted))
    assert (status, lines) == (2, ["fail cancelled cancelled as asked", "end"])
    with Client(port=stage.server.address[1]) as client:
        client.ping()  # what was sent before has been heard
    assert stage.engine.jobs[0].cancelled


def test_an_answer_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        AnswerFile(tmp_path)


@pytest.mark.parametrize("verb", ["harmonise", "status"])
def test_a_verb_that_there_is_not_is_told_those_there_are(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", verb]) == 2
    told = capsys.readouterr().err
    assert f"no verb '{verb}'; it has continue, generate, models" in told
    assert "with --out FILE.notes" in told


def test_a_file_to_wait_for_needs_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "generate", "--while", str(tmp_path / "wanted")]) == 2
    assert "--while needs --out FILE.notes" in capsys.readouterr().err


def test_a_list_is_read_as_it_is_written(tmp_path: Path) -> None:
    notes = (Note(60, 0.1, 1 / 3, 80, 2), Note(61, -1.0, 0.5, 1))
    path = tmp_path / "a.notes"
    with AnswerFile(path) as answer:
        answer.take(Take(0, notes, 4.0, 7, 1.5))
    lines = [line.removeprefix("note ") for line in path.read_text().splitlines() if line.startswith("note")]
    for mark in (b"", b"\xef\xbb\xbf"):  # as editors on Windows put before UTF-8
        path.write_bytes(mark + "\n".join(lines).encode())
        assert read_notes(path) == notes
    path.write_bytes(b"\xff")
    with pytest.raises(MusicError, match=r"a\.notes"):
        read_notes(path)
