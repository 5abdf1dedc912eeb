"""The command line: what it writes, and what it says when something is wrong."""

from __future__ import annotations

import argparse
import errno
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from antiphon.bridge.cli import commands as cli
from antiphon.bridge.cli import models as cli_models
from antiphon.bridge.cli.ask import renumbered
from antiphon.bridge.cli.commands import COMMANDS, main
from antiphon.bridge.cli.options import add_request_options, request_options
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.server.server import Server
from antiphon.models.file.manifest import Source
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.midi import read_midi, write_midi
from antiphon.models.note import Note
from antiphon.models.printable import printable
from antiphon.models.score import Part, Score
from antiphon.train.cli import train as cli_train
from tiny_model import save_tiny_model

COMMON = Metre()
GENERATE = ("generate", "--model", "tiny", "--bars", "4", "--seed", "7")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli-models")
    save_tiny_model(path / "tiny.onnx")
    return path


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[str]:
    """A bridge with the tiny model; its port."""
    shelf = ModelShelf([folder], default="tiny", shipped=False)
    with Engine(shelf) as engine, Server(engine, shelf, host="127.0.0.1", port=0) as server:
        yield str(server.address[1])


def clip(path: Path, metre: Metre = COMMON, pickup: float = 0.0) -> Path:
    """Write two bars of eighth notes, with a pick-up of ``pickup`` beats."""
    count = int((2 * metre.beats + pickup) * 2)
    notes = tuple(Note(60 + i % 5, i / 2 - pickup, 0.5, 90) for i in range(count))
    score = Score(notes, MetreMap(((0.0, metre),)), ((0.0, 100.0),), (Part("melody"),))
    write_midi(score, path)
    return path


def test_generate_writes_prints_and_draws(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, png = tmp_path / "tune.mid", tmp_path / "tune.png"
    assert main([*GENERATE, "--models", str(folder), "--out", str(out), "--png", str(png)]) == 0
    score, printed = read_midi(out), capsys.readouterr().out
    assert score.notes and score.end <= 16.0
    assert f"{len(score.notes)} notes, 4 bars of 4/4, seed 7" in printed
    assert "█" in printed
    assert png.read_bytes().startswith(b"\x89PNG")


def test_the_same_seed_gives_the_same_file(folder: Path, tmp_path: Path) -> None:
    for name in ("a.mid", "b.mid"):
        assert main([*GENERATE, "--models", str(folder), "--no-roll", "--out", str(tmp_path / name)]) == 0
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


def test_a_seed_of_its_own_is_one_that_hosts_with_32_bit_floats_hold(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        assert main([*GENERATE[:-2], "--models", str(folder), "--no-roll"]) == 0
    seeds = re.findall(r"seed (\d+)", capsys.readouterr().out)
    assert len(seeds) == 3 and all(int(seed) < 2**24 for seed in seeds)


def test_each_take_has_its_file(folder: Path, tmp_path: Path) -> None:
    args = [*GENERATE, "--models", str(folder), "--takes", "3", "--out", str(tmp_path / "t.mid")]
    assert main(args) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t-2.mid", "t-3.mid", "t.mid"]


def test_ask_and_generate_agree(folder: Path, port: str, tmp_path: Path) -> None:
    asked, made = tmp_path / "asked.mid", tmp_path / "made.mid"
    assert main(["ask", *GENERATE, "--port", port, "--out", str(asked)]) == 0
    assert main([*GENERATE, "--models", str(folder), "--out", str(made)]) == 0
    assert read_midi(asked).notes == read_midi(made).notes


def test_a_tune_in_abc_is_continued(port: str, tmp_path: Path) -> None:
    tune, out = tmp_path / "tune.abc", tmp_path / "answer.mid"
    tune.write_text("X:1\nM:3/4\nL:1/4\nK:G\nD|GAB|d2B|\n")
    args = ["ask", "continue", "--in", str(tune), "--bars", "2", "--seed", "3", "--port", port]
    assert main([*args, "--with-context", "--out", str(out)]) == 0
    whole = read_midi(out)
    assert [note.pitch for note in whole.notes[:6]] == [62, 67, 69, 71, 74, 71]
    assert len(whole.notes) > 6
    assert whole.metres.bar_at(6.0).metre == Metre(3, 4)


@pytest.mark.parametrize(("metre", "pickup"), [(Metre(), 0.0), (Metre(3, 4), 1.0), (Metre(6, 8), 0.5)])
def test_an_answer_begins_at_the_clip_s_next_barline(
    port: str, tmp_path: Path, metre: Metre, pickup: float
) -> None:
    source, out = clip(tmp_path / "clip.mid", metre, pickup), tmp_path / "answer.mid"
    args = ["ask", "continue", "--in", str(source), "--bars", "2", "--seed", "3", "--port", port]
    assert main([*args, "--with-context", "--out", str(out)]) == 0
    given, whole = read_midi(source), read_midi(out)
    assert whole.notes[: len(given.notes)] == given.notes
    start = given.metres.next_barline(given.end - 1 / 48)
    answer = whole.notes[len(given.notes) :]
    assert answer
    assert min(note.start for note in answer) >= start - 1e-3
    assert max(note.end for note in answer) <= start + 2 * metre.beats + 1e-3
    assert whole.metres.bar_at(start).metre == metre
    assert whole.tempos[0][1] == pytest.approx(100.0, abs=0.01)
    assert main([*args, "--out", str(out)]) == 0
    alone = read_midi(out)
    assert [n.pitch for n in alone.notes] == [n.pitch for n in answer]
    assert alone.notes[0].start == pytest.approx(answer[0].start - start, abs=1e-2)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["servee"], "did you mean 'serve'"),
        (["generate", "--bars", "lots"], "bars must be a number"),
        (["generate", "--scale", "H flat"], "scale"),
        (["generate", "--model", "nobody"], "no model 'nobody'"),
        (["generate", "--out", "/no/such/folder/x.mid"], "there is no folder"),
        (["ask", "continue"], "continue needs --in"),
        (["ask", "generate", "--with-context"], "are about what continue has in --in"),
        (["ask", "generate", "--phrase", "5"], "are about what continue has in --in"),
        (["ask", "continue", "--in", "/no/such.mid"], "/no/such.mid"),
        (["ask", "generate", "--port", "9", "--host", "no.such.host.invalid"], "cannot reach"),
        (["serve", "--models", "/no/such/folder"], "is not a folder"),
        (["generate", "--models", "/no/such/folder"], "is not a folder"),
        (["models", "--models", "/no/such/folder"], "is not a folder"),
        (["serve", "--workers", "0"], "must be in range"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == cli.EXIT_ERROR
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("antiphon: ")
    assert message in error


@pytest.mark.parametrize(
    "words",
    [
        ["serve", "--host", "a..b"],
        ["ask", "generate", "--host", "a..b"],
        ["doctor", "--host", "x" * 64],
        ["serve", "--announce", "a..b:9000", "--workers", "0"],
    ],
)
def test_what_cannot_be_a_host_is_said_in_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == cli.EXIT_ERROR
    assert "is no name of a computer" in capsys.readouterr().err.splitlines()[-1]


def test_a_bridge_that_refuses_is_quoted(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "generate", "--port", port, "--parts", "kazoo"]) == cli.EXIT_ERROR
    assert "has no part 'kazoo'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("tracks", "parts"),
    [
        (("left", "right"), [1, 0]),
        (("Bass", "soprano"), [1, 0]),
        (("soprano", "bass"), [0, 1]),
        (("flute", "soprano"), [0, 0]),
    ],
)
def test_tracks_go_to_the_parts_of_their_names_else_by_height(
    tracks: tuple[str, str], parts: list[int]
) -> None:
    notes = (Note(40, 0.0, 1.0, part=0), Note(70, 1.0, 1.0, part=1))
    score = Score(notes=notes, parts=tuple(map(Part, tracks)))
    found = renumbered(score, (Part("soprano"), Part("bass")))
    assert [note.part for note in found.notes] == parts


def test_tracks_go_by_order_where_height_says_nothing() -> None:
    notes = (Note(40, 0.0, 1.0, part=0), Note(70, 1.0, 1.0, part=1))
    score = Score(notes=notes, parts=(Part("left"), Part("right")))
    assert [note.part for note in renumbered(score, (Part(""), Part(""))).notes] == [0, 1]


LEAD, BASS, KIT = Part("lead"), Part("bass"), Part("kit", is_drum=True)


@pytest.mark.parametrize(
    ("tracks", "model", "parts"),
    [
        ((Part("x"), Part("d", is_drum=True)), (LEAD,), [0]),  # drums are no tune
        ((Part("d", is_drum=True), Part("x")), (LEAD, BASS, KIT), [2, 0]),
        ((Part("x"), Part("d", is_drum=True)), (KIT,), [0]),
        ((Part("x"), Part("y")), (KIT,), [0, 0]),  # a clip of drums need not be on channel 10
        ((Part("bass"), Part("d", is_drum=True)), (LEAD, BASS, KIT), [1, 2]),
    ],
)
def test_drums_go_to_drums(tracks: tuple[Part, ...], model: tuple[Part, ...], parts: list[int]) -> None:
    notes = (Note(40, 0.0, 1.0, part=0), Note(70, 1.0, 1.0, part=1))
    found = renumbered(Score(notes=notes, parts=tracks), model)
    assert [note.part for note in found.notes] == parts


def test_a_file_of_drums_alone_is_no_tune(
    port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kit = Score(notes=(Note(36, 0.0, 1.0),), parts=(KIT,))
    write_midi(kit, tmp_path / "kit.mid")
    assert main(["ask", "continue", "--port", port, "--in", str(tmp_path / "kit.mid")]) == 2
    assert "nothing in the file is for this model" in capsys.readouterr().err


def test_ask_knows_the_card_of_an_own_model(
    folder: Path, port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["ask", "generate", "--port", port, "--model", "tiny", "--bars", "2", "--no-roll"]
    assert main([*words, "--models", str(folder)]) == 0
    assert "--models" not in capsys.readouterr().err
    assert main(words) == 0
    assert "no file of model tiny is here; --models" in capsys.readouterr().err


def test_files_are_written_where_nobody_reads_what_is_printed(folder: Path, tmp_path: Path) -> None:
    """As by `antiphon generate … | head -1`."""
    started = "from antiphon.bridge.cli.commands import main; raise SystemExit(main())"
    words = [sys.executable, "-c", started, "generate", "--models", str(folder), "--model", "tiny"]
    words += ["--out", str(tmp_path / "x.mid")]
    process = subprocess.Popen(words, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    process.wait(60)
    assert read_midi(tmp_path / "x.mid").notes


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "cp932"])
def test_a_console_with_few_characters_shows_where_notes_begin(folder: Path, encoding: str) -> None:
    started = "from antiphon.bridge.cli.commands import main; raise SystemExit(main())"
    words = ["generate", "--models", str(folder), "--model", "tiny", "--bars", "2", "--seed", "7"]
    rolls = []
    for each in ("utf-8", encoding):
        environment = {**os.environ, "PYTHONIOENCODING": f"{each}:strict", "PYTHONUTF8": "0"}
        done = subprocess.run(
            [sys.executable, "-c", started, *words], capture_output=True, env=environment, timeout=60
        )
        assert done.returncode == 0, done.stderr
        rolls.append(done.stdout.decode(each))
    whole, plain = rolls
    assert "█" in whole and "♯" in whole and "?" not in plain
    assert len(plain.splitlines()) == len(whole.splitlines())
    for mark, spelt in (("█", "█#"), ("▒", "▒="), ("♯", "♯#")):
        places = [index for index, character in enumerate(whole) if character == mark]
        assert {plain[index] for index in places} <= set(spelt)


@pytest.mark.parametrize("words", [["--help"], ["models"], ["serve", "--help"]])
def test_a_reader_that_has_left_is_no_fault(words: list[str]) -> None:
    """Nor where Python keeps what is printed back until its end, as it does for pipes."""
    started = "from antiphon.bridge.cli.commands import main; raise SystemExit(main())"
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = subprocess.Popen(
        [sys.executable, "-c", started, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=buffered
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    with process.stderr as complaints:
        assert complaints.read() == b""
    assert process.wait(60) == 0


def test_a_reader_that_has_left_is_no_fault_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It calls the pipe's end an invalid argument (CPython's issue 79935)."""
    with (tmp_path / "pipe").open("w") as pipe:

        class Pipe:
            def write(self, text: str) -> int:
                raise OSError(errno.EINVAL, "Invalid argument")

            def flush(self) -> None:
                pass

            def fileno(self) -> int:
                return pipe.fileno()

        monkeypatch.setattr(sys, "stdout", Pipe())
        monkeypatch.setattr(sys, "platform", "win32")
        assert main(["--version"]) == 0
    assert capsys.readouterr().err == ""


def test_an_empty_clip_is_refused(port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_midi(Score(()), tmp_path / "empty.mid")
    assert main(["ask", "continue", "--in", str(tmp_path / "empty.mid"), "--port", port]) == cli.EXIT_ERROR
    assert "has no notes to continue" in capsys.readouterr().err


def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(args: argparse.Namespace) -> int:
        raise ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow")

    monkeypatch.setattr(cli_train, "run", missing)
    assert main(["train", "x.toml"]) == cli.EXIT_ERROR
    assert 'pip install "antiphon[train]"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device; make room"),
        (PermissionError(errno.EACCES, "Permission denied", "/x/y"), "/x/y: Permission denied; ask for"),
    ],
)
def test_what_the_system_refuses_is_said_in_one_line(
    error: OSError, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(folders: object) -> None:
        raise error

    monkeypatch.setattr(cli_models, "ModelShelf", refused)
    assert main(["models"]) == cli.EXIT_ERROR
    assert message in capsys.readouterr().err


def test_a_program_without_a_console_writes_its_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pythonw starts it, or a shell with >&-: there is no standard output then, nor error."""
    out = tmp_path / "tune.mid"
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main([*GENERATE, "--models", str(folder), "--out", str(out)]) == 0
    assert read_midi(out).notes
    assert main(["generate", "--model", "nobody"]) == cli.EXIT_ERROR


def test_every_command_has_help() -> None:
    for name in COMMANDS:
        with pytest.raises(SystemExit) as stop:
            main([name, "--help"])
        assert stop.value.code == 0


def test_overview_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == cli.EXIT_ERROR
    assert main(["--help"]) == 0
    assert main(["--version"]) == 0
    printed = capsys.readouterr().out
    assert all(f"  {name} " in printed for name in COMMANDS)
    assert "antiphon 0." in printed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["generate", "--out", "tune.wav"], "--out tune.wav: --wav writes such a file"),
        (["generate", "--png", "tune.MID"], "--png tune.MID: --out writes such a file"),
        (["generate", "--out", "tune"], "--out tune: name a file that ends in .mid or .midi"),
        (["generate", "--out", "tune.notes"], "--out tune.notes: name a file that ends in .mid or .midi"),
        (["ask", "generate", "--png", "tune.jpg"], "--png tune.jpg: name a file that ends in .png"),
        (
            ["ask", "continue", "--in", "clip.mid", "--out", "./clip.mid"],
            "would replace what is to be continued",
        ),
    ],
)
def test_a_result_gets_a_file_of_its_kind_and_replaces_no_clip(
    words: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    before = clip(tmp_path / "clip.mid", Metre()).read_bytes()
    assert main(words) == cli.EXIT_ERROR
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mid"]
    assert (tmp_path / "clip.mid").read_bytes() == before


@pytest.mark.parametrize(
    ("given", "out", "takes"),
    [("clip.mid", "folder/../clip.mid", []), ("clip-3.mid", "clip.mid", ["--takes", "3"]),
     pytest.param("clip.mid", "link.mid", [],
                  marks=pytest.mark.skipif(sys.platform == "win32", reason="links want rights there"))],
)  # fmt: skip
def test_no_take_replaces_what_is_to_be_continued(
    given: str, out: str, takes: list[str], port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = clip(tmp_path / given).read_bytes()
    (tmp_path / "folder").mkdir()
    if out == "link.mid":
        (tmp_path / out).symlink_to(tmp_path / given)
    words = ["ask", "continue", "--port", port, "--in", str(tmp_path / given), "--out", str(tmp_path / out)]
    assert main([*words, *takes]) == cli.EXIT_ERROR
    assert "would replace what is to be continued" in capsys.readouterr().err
    assert (tmp_path / given).read_bytes() == before


def test_what_a_model_of_notes_cannot_give_is_said_before_it_is_asked(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tune.mid"
    words = [*GENERATE, "--models", str(folder), "--abc", str(tmp_path / "tune.abc"), "--out", str(out)]
    assert main(words) == cli.EXIT_ERROR
    captured = capsys.readouterr()
    assert "--abc is for models of text" in captured.err
    assert captured.out == ""


def test_ask_writes_its_notes_before_it_says_what_it_cannot_give(port: str, tmp_path: Path) -> None:
    out = tmp_path / "tune.mid"
    words = ["ask", "generate", "--port", port, "--abc", str(tmp_path / "tune.abc"), "--out", str(out)]
    assert main(words) == cli.EXIT_ERROR
    assert read_midi(out).notes


def test_ask_models_lists_what_the_bridge_plays(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "models", "--port", port]) == 0
    assert capsys.readouterr().out.startswith("tiny ")


def test_another_tempo_holds_from_the_answer_on(port: str, tmp_path: Path) -> None:
    words = ["ask", "continue", "--in", str(clip(tmp_path / "clip.mid")), "--port", port, "--with-context"]
    for options, tempos in (([], [100.0]), (["--tempo", "60"], [100.0, 60.0])):
        assert main([*words, *options, "--out", str(tmp_path / "out.mid")]) == 0
        assert [round(tempo, 2) for _, tempo in read_midi(tmp_path / "out.mid").tempos] == tempos


def test_models_lists_cards(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--models", str(folder)]) == 0
    assert str(folder / "tiny.onnx") in capsys.readouterr().out


def test_what_a_model_file_says_of_itself_is_no_command_to_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Who sends a model file writes its title; who sends a message, what an error quotes."""
    evil = "\x1b[2J\x9b1mtunes\r\nwrote"
    parts, sources = (Part(evil), Part(evil)), (Source(evil, evil, evil),)
    save_tiny_model(tmp_path / "evil.onnx", "evil", title=evil, parts=parts, sources=sources)
    shelf = ModelShelf([tmp_path], shipped=False)
    with Engine(shelf) as engine, Server(engine, shelf, host="127.0.0.1", port=0) as server:
        there = ["--port", str(server.address[1])]
        answer = tmp_path / "answer.notes"
        assert main(["ask", "models", *there]) == main(["ask", "models", *there, "--out", str(answer)]) == 0
    assert main(["models", "--models", str(tmp_path)]) == 0
    assert main(["doctor", "--models", str(tmp_path), *there]) == 0
    assert main(["render", f"{evil}.mid", "--out", str(tmp_path / "a.wav")]) == cli.EXIT_ERROR
    captured = capsys.readouterr()
    for line in (captured.out + captured.err + answer.read_text(encoding="utf-8")).split("\n"):
        assert line.isprintable(), line
    assert answer.read_text(encoding="utf-8").splitlines()[-2] == rf"model evil {printable(evil)}"


def test_the_bridge_s_commands_load_no_tensorflow(folder: Path) -> None:
    script = (
        "import sys; from antiphon.bridge.cli.commands import main;"
        f"main(['generate', '--models', {str(folder)!r}, '--model', 'tiny', '--bars', '1']);"
        "print([m for m in ('tensorflow', 'keras', 'tf2onnx', 'matplotlib', 'onnx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


@pytest.mark.parametrize("option", ["--start", "--text"])
def test_a_tune_begins_as_either_option_says(option: str) -> None:
    """A shell hands ``\\n`` on as two characters; a start with a colon is no beat."""
    parser = argparse.ArgumentParser()
    add_request_options(parser)
    assert request_options(parser.parse_args([option, r"X:1\nT:"])) == {"text": "X:1\nT:"}
    assert request_options(parser.parse_args(["--start", "16"])) == {"start": 16.0}
