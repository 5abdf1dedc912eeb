"""Every benchmark runs and says what it promises; how fast is never tested: that depends on the machine."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from antiphon.export.export import export
from antiphon.train.config.config import TrainConfig
from antiphon.train.fit.fit import Run
from made_music import write_dataset
from tiny_model import save_tiny_model, save_tiny_text_model

HERE = Path(__file__).parent


def bench(name: str, out: Path, *options: str | Path) -> dict[str, Any]:
    """Run a benchmark as its readers do; return what it wrote, having compared it with what it printed."""
    file = out / f"{name}.json"
    command = [sys.executable, HERE / f"{name}.py", "--quick", "--json", file, *options]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    table = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert table[0] == f"| {' | '.join(data['columns'])} |"
    assert len(table) == 2 + len(data["rows"])
    assert all(len(row) == len(data["columns"]) for row in data["rows"])
    assert data["machine"]["cores"] >= 1 and data["machine"]["processor"]
    return data


def column(data: dict[str, Any], name: str) -> list[Any]:
    """Return a column's cells."""
    place = data["columns"].index(name)
    return [row[place] for row in data["rows"]]


def assert_measured(data: dict[str, Any], *columns: str) -> None:
    """Check that every cell of some columns is a number above 0."""
    for name in columns:
        assert all(isinstance(x, int | float) and math.isfinite(x) and x > 0 for x in column(data, name)), (
            name
        )


@pytest.fixture(scope="module", params=["lstm", "gru"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a small network that has all there is: sounding notes, voices, two layers."""
    root = tmp_path_factory.mktemp("benchmarks")
    network = {
        "cell": request.param, "units": 16, "head_units": 16, "embedding": 4, "key_size": 4, "value_size": 4,
        "layers": 2, "memory": 20, "sounding": True, "voices": True,
    }  # fmt: skip
    settings = {
        "dataset": str(write_dataset(root / "set", pieces=4, notes=30)),
        "network": network,
        "fit": {"crop": 24, "batch": 4, "steps": 2, "evaluate_every": 2, "learning_rate": 0.01},
        "card": {"name": "small"},
    }
    Run(TrainConfig.from_dict(settings), root / "run").fit()
    return root / "run"


def test_step_with_every_contestant(run: Path, tmp_path: Path) -> None:
    small = Path(export(run, tmp_path / "int8").file)
    full = Path(export(run, tmp_path / "float32", "float32").file)
    data = bench("step", tmp_path, small, "--float32", full, "--run", run, "--other", full)
    assert column(data, "model") == ["small"]
    assert_measured(data, *data["columns"][1:])
    assert not any("skipped" in note for note in data["notes"])


def test_step_says_what_it_skips(tiny_model: Path, tmp_path: Path) -> None:
    data = bench("step", tmp_path, tiny_model)
    assert_measured(data, "weights MB", "µs b1", "µs b8", "b8/b1", "floor µs", "b1/floor", "b1 p99 µs")
    assert column(data, "Keras µs") == column(data, "float32 µs") == [None]
    assert sum("skipped" in note for note in data["notes"]) == 2


def test_request(tiny_model: Path, tmp_path: Path) -> None:
    data = bench("request", tmp_path, tiny_model)
    assert column(data, "model") == ["tiny"]
    *measured, first, last = data["columns"][1:]
    assert_measured(data, *measured)
    assert column(data, first) == column(data, last) == [None]


def test_request_of_two_bridges(tiny_model: Path, tmp_path: Path) -> None:
    data = bench("request", tmp_path, tiny_model, "--other", sys.executable)
    assert_measured(data, *data["columns"][1:])


def test_clients(tiny_model: Path, tmp_path: Path) -> None:
    data = bench("clients", tmp_path, tiny_model)
    assert column(data, "clients") == [1, 3]
    assert_measured(data, *data["columns"][1:])


def test_burst_of_few_loses_none(tiny_model: Path, tmp_path: Path) -> None:
    data = bench("burst", tmp_path, tiny_model)
    assert column(data, "datagrams") == ["ping", "context of 48 notes", "generate"]
    assert column(data, "sent") == column(data, "answered") == [200, 200, 200]
    assert column(data, "lost") == [0, 0, 0]


def test_prepare(tmp_path: Path) -> None:
    data = bench("prepare", tmp_path)
    assert column(data, "source") == ["groove", "made-up MIDI files"]
    assert any("skipped" in note for note in data["notes"])
    assert column(data, "files") == [None, 12]
    assert column(data, "notes")[1] > 1000 and column(data, "files a second")[1] > 0


def test_train(tmp_path: Path) -> None:
    data = bench("train", tmp_path, "--precision", "float32")
    assert column(data, "precision") == ["float32"]
    assert_measured(data, *data["columns"][1:])


def test_train_in_both_precisions(tmp_path: Path) -> None:
    data = bench("train", tmp_path)
    assert column(data, "precision") == ["float32", "mixed_bfloat16"]
    assert_measured(data, *data["columns"][1:])


def test_networks_are_compared(tmp_path: Path) -> None:
    """Trained, exported, measured; and what is there is not done again."""
    data = write_dataset(tmp_path / "made", pieces=4, notes=40)
    command = [sys.executable, HERE / "networks.py", data, "--out", tmp_path / "out", "--seconds", "1"]
    command += ["--only", "gru"]
    words = [str(word) for word in command]
    first = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout
    assert first.splitlines()[0] == "| made | parameters | updates | valid | test | µs a step |"
    assert first.splitlines()[2].startswith("| gru | ") and first.splitlines()[3].startswith("| 5-gram |")
    again = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout
    assert again == first


@pytest.mark.skipif(not shutil.which("abc2midi"), reason="abc2midi (abcmidi) is not installed")
def test_tunes_are_judged() -> None:
    command = [sys.executable, HERE / "abc.py", "--tunes", "4"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout
    rows = [line.strip("| ").split(" | ") for line in said.splitlines()[2:]]
    assert [row[0] for row in rows] == ["as drawn", "as a user gets them", "as drawn, 6/8"]
    assert rows[1][1] == "4" and rows[1][3] == "100.0%"


def test_played_contexts(tmp_path: Path) -> None:
    """Of made-up tunes; a score is read as it is, whoever reads it."""
    data = write_dataset(tmp_path / "made", pieces=4, notes=40, parts=1)
    command = [sys.executable, HERE / "played.py", HERE.parents[1] / "models" / "folk.onnx", data]
    words = [str(word) for word in command]
    said = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout
    rows = [line.strip("| ").split(" | ") for line in said.splitlines()[4:]]
    named = {name: (float(plain), float(read)) for name, plain, read in rows}
    assert named["the score"][0] == named["the score"][1]
    plain, read = named["played, 0.04 beats off, detached"]
    assert read < plain


def test_leaning_to_a_key(tmp_path: Path) -> None:
    """Of music in one scale: the strength tells, and a great one keeps answers within."""
    data = write_dataset(tmp_path / "made", pieces=4, notes=40, parts=1)
    command = [sys.executable, HERE / "leaning.py", HERE.parents[1] / "models" / "folk.onnx", data]
    words = [str(word) for word in command]
    said = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout
    assert "1.000 of their time in the context's scale" in said
    rows = [[float(cell) for cell in line.strip("| ").split(" | ")] for line in said.splitlines()[4:]]
    assert [row[0] for row in rows] == [0, 0.25, 0.5, 0.75, 1, 1.5, 2]
    assert len({row[1] for row in rows}) == 7
    assert all(0 <= row[2] <= 1 for row in rows) and rows[-1][2] > 0.95


def test_a_named_tonic(tmp_path: Path) -> None:
    """Made-up music has no tonic: pulled to one it costs more, and answers have more of it."""
    data = write_dataset(tmp_path / "made", pieces=40, notes=80, parts=1)
    command = [sys.executable, HERE / "home.py", HERE.parents[1] / "models" / "folk.onnx", data]
    tune = tmp_path / "tunes.abc"
    told, following = "A2e2|d4|A2e2|d4|", "A4|dede|AAAd|e4|"
    tune.write_text(
        f"X:1\nM:4/4\nL:1/4\nK:Ador\n{told}{following}A4|\n\nX:2\nK:none\nAA|\n", encoding="utf-8"
    )
    words = [str(word) for word in [*command, "--pull", "0", "1", "9", "--abc", tune]]
    said = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout
    pulled, in_abc = said.split("\n\n")[1:]
    music, *rows = [line.strip("| ").split(" | ") for line in pulled.splitlines()[2:]]
    assert music[0] == "the music"
    assert "in ABC, 1 pieces: tonic 0.344, fifth 0.312" in said
    told_of, _, its_music, answered = [line.strip("| ").split(" | ") for line in in_abc.splitlines()]
    assert told_of == ["1 in ABC", "tonic", "fifth", "first two", "again"]
    assert its_music == ["the music", "0.438", "0.375", "1.00", "0.222"]
    assert answered[0] == "answers" and all(0 <= float(cell) <= 1 for cell in answered[1:])
    assert [row[0] for row in rows] == ["0", "1", "9"]
    assert float(rows[0][1]) < float(rows[1][1]) < float(rows[2][1])
    assert float(rows[0][2]) + float(rows[0][6]) < float(rows[2][2]) + float(rows[2][6])


def test_leading_voices_home(tmp_path: Path) -> None:
    """Made-up music goes where it likes: led home the more, it is the less likely, and answers differ."""
    data = write_dataset(tmp_path / "made", pieces=4, notes=60, parts=4)
    command = [sys.executable, HERE / "tessitura.py", HERE.parents[1] / "models" / "chorale.onnx", data]
    words = [str(word) for word in command]
    said = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout
    music, *rows = [line.strip("| ").split(" | ") for line in said.splitlines()[4:]]
    assert music[0] == "the music"
    assert [float(row[0]) for row in rows] == [0, 0.5, 1, 1.5, 2]
    losses = [float(row[1]) for row in rows]
    assert losses == sorted(losses) and losses[-1] > losses[0] + 0.1
    assert len({row[2] for row in rows}) == 5


@pytest.mark.parametrize(("model", "parts"), [("chorale", 4), ("folk", 1)])
def test_drift(tmp_path: Path, model: str, parts: int) -> None:
    data = write_dataset(tmp_path / "made", pieces=4, notes=140, parts=parts)
    command = [sys.executable, HERE / "drift.py", HERE.parents[1] / "models" / f"{model}.onnx", data]
    words = [str(word) for word in command]
    said = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout
    rows = {row[0]: row[1:] for row in (line.strip("| ").split(" | ") for line in said.splitlines()[4:])}
    assert list(rows) == ["the music", "led", "not led"]
    assert float(rows["the music"][0]) == 1.0
    assert rows["led"] != rows["not led"]
    assert all(0 < float(inside) <= 1 and float(away) >= 0 for inside, away in rows.values())


def test_phrases(tmp_path: Path) -> None:
    """A model that knows phrases is told of them, and answers otherwise than untold."""
    data = write_dataset(tmp_path / "made", pieces=4, notes=140, parts=2)
    tiny = save_tiny_model(tmp_path / "tiny.onnx", phrases=True)
    words = [sys.executable, str(HERE / "phrases.py"), str(tiny), str(data)]
    said = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout
    losses, ends = (
        [line.strip("| ").split(" | ") for line in table.splitlines()[2:]] for table in said.split("\n\n")[1:]
    )
    assert [row[0] for row in losses] == ["0", "4", "2", "1"]
    for late, _, *cells in losses:
        for untold, first, right in zip(cells[::3], cells[1::3], cells[2::3], strict=True):
            assert float(untold) != float(first)
            assert (first == right) == (late == "0")
    assert [row[0] for row in ends] == ["tunes", "continued"]


def test_endings(tmp_path: Path) -> None:
    """What is told of the end changes losses and answers; text is led there untold."""
    data = write_dataset(tmp_path / "made", pieces=4, notes=60, parts=2)
    (tmp_path / "models").mkdir()
    tiny = save_tiny_model(tmp_path / "models" / "tiny.onnx")
    words = [sys.executable, str(HERE / "endings.py"), str(tiny), str(data), "--told", "2", "--bars", "2"]
    said = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout
    _, key, *tables = said.split("\n\n")
    assert re.fullmatch(r"the key that the context makes likeliest has its tonic in [01]\.\d\d", key)
    ends, losses = ([line.strip("| ").split(" | ") for line in table.splitlines()] for table in tables)
    assert ends[0] == ["long", "at the barline", *OF_VOICES, "on it", "at home", "properly"]
    music, *played = ends[2:]
    assert music[0] == "the music" and 0 < float(music[7]) <= float(music[8]) == 1
    assert [row[0] for row in played] == [
        f"{verb}, {ending}" for verb in ("continue", "generate") for ending in ENDINGS[verb]
    ]
    assert [row[0] for row in losses[2:]] == [
        "not told",
        "told from the answer on",
        "told from the context on",
    ]
    assert len({row[1] for row in losses[2:]}) == 3
    text = save_tiny_text_model(tmp_path / "models" / "tiny-text.onnx")
    words[2] = str(text)
    said = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout
    assert all(f"| generate, {way} |" in said for way in ENDINGS["generate"])
    assert "nats a note" not in said
    assert "| | long | at the barline | on it | at home | properly | thrice |" in said


OF_VOICES = ("together", "a triad", "crossed", "leaps")
ENDINGS = dict.fromkeys(("continue", "generate"), ("open", "closed", "closed, tonic named"))


def test_loops(tmp_path: Path) -> None:
    """Whoever is led goes round no more; what is made up may be cut short of 32 bars."""
    data = write_dataset(tmp_path / "made", pieces=3, notes=140, parts=1)
    command = [sys.executable, HERE / "loops.py", HERE.parents[1] / "models" / "folk.onnx", data]
    words = [str(word) for word in command]
    said = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout
    table, told = said.split("\n\n")[1:]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    rows = [row for row in rows if row[0] in ("1", "0.7", "0.5")]
    assert [row[1] for row in rows] == ["from nothing", "in turns"] * 3
    assert all(float(led) == 0 and 1 <= float(bars) <= 16 for _, _, led, bars, _, _ in rows)
    assert any(float(row[4]) > 0 for row in rows)
    tunes, nats = told.splitlines()
    assert re.match(r"Train tunes: \d+ of \d+ go round; ", tunes)
    assert re.fullmatch(r"Nats a pitch of bars 5 to 16: not led [\d.]+, led [\d.]+\.", nats)


def test_swing_is_kept() -> None:
    command = [sys.executable, HERE / "swing.py", HERE.parents[1] / "models" / "drums.onnx", "--answers", "8"]
    words = [str(word) for word in command]
    said = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout
    rows = [[float(cell) for cell in line.strip("| ").split(" | ")] for line in said.splitlines()[4:]]
    assert [row[0] for row in rows] == [0.5, 0.56, 0.6, 0.62, 0.67, 0.7, 0.72]
    assert rows[0][1] == rows[0][2]  # straight music has none
    assert sum(row[1] for row in rows[1:]) > sum(row[2] for row in rows[1:]) + 1


def test_leading_voices_apart(tmp_path: Path) -> None:
    """Of made-up music the losses tell nothing, but the strengths act on them and on the answers."""
    data = write_dataset(tmp_path / "made", pieces=4, notes=60, parts=4)
    command = [sys.executable, HERE / "voiceleading.py", HERE.parents[1] / "models" / "chorale.onnx", data]
    words = [str(word) for word in command]
    said = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout
    _, table, told = said.strip().split("\n\n")
    music, free, *rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    assert music[0] == "the music" and free[0] == "0, 0"
    assert re.fullmatch(r"of \d+ voices whose last notes end with the context \d+ go on at once", told)
    assert len({row[1] for row in (free, *rows)}) == 1 + len(rows)
    fifths_and_octaves = [float(row[2]) + float(row[3]) for row in (free, rows[-1])]
    assert fifths_and_octaves[1] < fifths_and_octaves[0]


def test_some_voices_alone(tmp_path: Path) -> None:
    """What is told makes another table; made-up voices lie anywhere."""
    data = write_dataset(tmp_path / "made", pieces=12, notes=60, parts=4)
    command = [sys.executable, HERE / "fewer.py", HERE.parents[1] / "models" / "chorale.onnx", data]
    words = [str(word) for word in command]
    said = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout
    music, *rows = [line.strip("| ").split(" | ") for line in said.splitlines()[4:]]
    assert music[0] == "the music" and len(rows) > 5  # some of these pieces lack a voice
    assert all(0 <= float(row[1]) <= 1 for row in (music, *rows))
    assert len({tuple(row[1:3]) for row in rows}) > 1


def test_an_average_of_runs(run: Path) -> None:
    """A run and itself make itself; the table names both."""
    command = [sys.executable, str(HERE / "averaged.py"), str(run), str(run)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout
    rows = [line.strip("| ").split(" | ") for line in said.splitlines()[2:]]
    assert [row[0] for row in rows] == [str(run), "averaged"]
    assert rows[0][1:] == rows[1][1:]
