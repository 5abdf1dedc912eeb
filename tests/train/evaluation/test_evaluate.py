"""Held-out figures stand beside a baseline on the same notes, and context is worth something."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from antiphon.bridge.cli.commands import main
from antiphon.train.config.sections import NetworkConfig
from antiphon.train.dataset.dataset import Dataset
from antiphon.train.evaluation import benchmark, evaluate
from antiphon.train.evaluation.evaluate import CONTEXT_BARS, by_source, from_bar
from antiphon.train.fit import passages
from antiphon.train.fit.fit import Run
from antiphon.train.fit.loss import evaluate_pieces, loss_of
from antiphon.train.fit.passages import pieces_of
from antiphon.train.fit.savedrun import load_run
from antiphon.train.network.network import build
from antiphon.train.network.shape import Shape
from made_music import write_dataset
from small_run import small_config


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluate")
    data = write_dataset(folder / "set", pieces=8, notes=60)
    Run(small_config(data, steps=10, evaluate_every=10), folder / "run").fit()
    return folder / "run"


def test_the_command_prints_and_writes_the_same_figures(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(run), "--json", str(tmp_path / "test.json")]) == 0
    figures = json.loads((tmp_path / "test.json").read_text())[str(run)]["figures"]
    printed = capsys.readouterr().out
    assert {"network", "5-gram", "5-gram over intervals"} < set(figures)
    for name, row in figures.items():
        fields = [value for field, value in row.items() if field != "total"]
        assert row["total"] == pytest.approx(sum(fields))
        assert f"| {name} |" in printed
        assert f"| {row['total']:.3f} |" in printed
    best = min(("5-gram", "5-gram over intervals"), key=lambda name: figures[name]["total"])
    share = figures["network"]["total"] / figures[best]["total"] - 1
    assert f"{abs(share):.1%} {'above' if share > 0 else 'below'} the {best}\n" in printed


@pytest.mark.parametrize(
    ("plain", "intervals", "words"),
    [
        (2.0, None, "25.0% below the 5-gram"),
        (2.0, 2.5, "25.0% below the 5-gram"),
        (2.0, 1.2, "25.0% above the 5-gram over intervals"),
    ],
)
def test_the_headline_compares_with_the_better_baseline(
    plain: float, intervals: float | None, words: str
) -> None:
    totals = {"network": 1.5, "5-gram": plain, "5-gram over intervals": intervals}
    found = {name: {"total": total} for name, total in totals.items() if total is not None}
    assert evaluate.beside_baseline(found) == words


def test_the_whole_is_the_mean_over_its_notes(run: Path) -> None:
    _, dataset, network = load_run(run)
    pieces, loss = pieces_of(dataset, "test"), loss_of(network)
    whole = evaluate_pieces(loss, dataset.codec, pieces, "nothing")
    each = [evaluate_pieces(loss, dataset.codec, [piece], "nothing") for piece in pieces]
    mean = np.average(each, axis=0, weights=[len(piece) for piece in pieces])
    assert whole == pytest.approx(mean, rel=1e-4)


def test_bars_that_are_hidden_change_the_figures_and_bars_past_the_end_count_for_nothing(run: Path) -> None:
    _, dataset, network = load_run(run)
    pieces, loss = pieces_of(dataset, "train"), loss_of(network)
    assert any(piece.clock[-1, 1] >= CONTEXT_BARS for piece in pieces)
    given = from_bar(loss, dataset.codec, pieces, CONTEXT_BARS, "nothing", given=True)
    hidden = from_bar(loss, dataset.codec, pieces, CONTEXT_BARS, "nothing", given=False)
    assert np.isfinite([given, hidden]).all()
    assert abs(float(given.sum() - hidden.sum())) > 1e-4
    assert from_bar(loss, dataset.codec, pieces, 10_000, "nothing", given=True) is None


def test_what_was_not_measured_is_left_out(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(evaluate, "CONTEXT_BARS", 10_000)
    assert main(["evaluate", str(run)]) == 0
    printed = capsys.readouterr().out
    assert "| network |" in printed
    assert "from bar" not in printed


def test_figures_by_source_know_the_tonic_and_add_up_to_the_whole(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "set", pieces=8, notes=20)
    info = json.loads((data / "dataset.json").read_bytes())
    (data / "dataset.json").write_text(json.dumps({**info, "tonic": 2}), encoding="utf-8")
    names = [f"{'left' if i % 2 else 'right'}/{i}" for i in range(8)]
    (data / "train.names.json").write_text(json.dumps(names), encoding="utf-8")
    dataset = Dataset.load(data)
    config = NetworkConfig(units=12, head_units=10, embedding=6, key_size=4, value_size=6, tonic=True)
    network = build(Shape(dataset.codec, len(dataset.metres), config))
    pieces = pieces_of(dataset, "train")
    whole = float(evaluate_pieces(loss_of(network), dataset.codec, pieces, "nothing").sum())
    found = by_source(network, dataset, "train")
    notes = {name: sum(len(p) for p in pieces[first::2]) for first, name in enumerate(("right", "left"))}
    mean = sum(found[name] * count for name, count in notes.items()) / sum(notes.values())
    assert mean == pytest.approx(whole, rel=1e-4)


@pytest.mark.parametrize("place", ["no/such/x.json", "."])
def test_where_figures_cannot_go_is_said_before_they_are_measured(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    assert main(["evaluate", str(run), "--json", str(tmp_path / place)]) == 2
    captured = capsys.readouterr()
    assert "name a file in a folder that exists" in captured.err
    assert captured.out == ""


def test_a_folder_without_a_run_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path)]) == 2
    assert "is no run with weights" in capsys.readouterr().err


def test_a_run_that_fails_costs_itself_alone(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "test.json"
    assert main(["evaluate", str(tmp_path / "none"), str(run), "--json", str(out)]) == 1
    assert "none is no run with weights" in capsys.readouterr().err
    figures = json.loads(out.read_text())
    assert list(figures) == [str(run)] and figures[str(run)]["split"] == "test"


def test_a_run_that_is_named_twice_has_not_failed(run: Path) -> None:
    assert main(["evaluate", str(run), str(run)]) == 0


def test_a_split_without_a_piece_is_told(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(passages, "pieces_of", lambda *_: [])
    assert main(["evaluate", str(run), "--split", "valid"]) == 2
    assert "the valid split holds no piece; try another --split" in capsys.readouterr().err


def test_what_was_measured_before_ctrl_c_is_written(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = evaluate.figures

    def stop_at_the_second(*args: Any) -> Any:
        if (tmp_path / "test.json").exists():
            raise KeyboardInterrupt
        return measured(*args)

    monkeypatch.setattr(evaluate, "figures", stop_at_the_second)
    shutil.copytree(run, tmp_path / "again")
    words = ["evaluate", str(run), str(tmp_path / "again"), "--json", str(tmp_path / "test.json")]
    assert main(words) == 130
    assert list(json.loads((tmp_path / "test.json").read_text())) == [str(run)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda array: array * np.nan, "holds values that are no numbers, so it is damaged"),
        (lambda array: array[:, :-1], r"does not fit the run's configuration \(.* is \(.*\), not \(.*\)\)$"),
    ],
)
def test_weights_that_are_none_are_told_in_a_line(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Any, message: str
) -> None:
    shutil.copytree(run, tmp_path / "run")
    with np.load(tmp_path / "run/best.npz") as saved:
        arrays = dict(saved)
    name = next(name for name, array in arrays.items() if array.ndim == 2)
    np.savez(tmp_path / "run/best.npz", **(arrays | {name: change(arrays[name])}))
    assert main(["evaluate", str(tmp_path / "run")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(message, line)


def test_a_set_that_failed_has_one_row_of_the_benchmark_s_table() -> None:
    rows = benchmark.table({"jsb": {"error": "no | such\nset"}}, "test").splitlines()
    assert rows[2] == "| jsb | no \\| such\\x0aset |  |  |  |  |"
    assert rows[2].replace("\\|", "").count("|") == rows[0].count("|")
