"""Exported files do what Keras does, hold their manifest, and one failing run stops no other."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.export import export as exporting
from antiphon.export.cli import export as cli_export
from antiphon.export.proof.choices import check_choices
from antiphon.export.proof.reference import keras_log_probs, keras_logits
from antiphon.export.proof.replay import Replay, session
from antiphon.export.proof.verify import check_parity
from antiphon.export.report import Report, report_table
from antiphon.models.errors import ExportError
from antiphon.models.file.feed import first_feed
from antiphon.models.file.manifest import METADATA_KEY
from antiphon.models.file.modelfile import ModelInfo
from antiphon.models.file.read import read_manifest
from antiphon.models.file.step import inputs, outputs
from antiphon.models.note import Note
from antiphon.models.score import Part
from antiphon.train.config.config import TrainConfig
from antiphon.train.dataset.dataset import SPLITS, Dataset
from antiphon.train.dataset.rolls import write_dataset as write_rolls
from antiphon.train.fit.fit import Run
from antiphon.train.fit.loss import evaluate_pieces, loss_of
from antiphon.train.fit.passages import passage, pieces_of
from antiphon.train.fit.savedrun import load_run
from made_music import write_dataset

NETWORKS: dict[str, dict[str, Any]] = {
    "full": {"cell": "lstm", "sounding": True, "voices": True, "layers": 2, "memory": 20},
    "absolute": {
        "relative_pitch": False,
        "layers": 1,
        "attention_values": "own",
        "attention_position": "beats",
        "memory": 20,
    },
    "voices": {"relative_pitch": False, "voices": True, "layers": 1},
    "plain": {"cell": "lstm", "attention_heads": 0, "layers": 2},
    "gru": {
        "cell": "gru",
        "layers": 3,
        "layer_norm": True,
        "residual": True,
        "attention_layer": 1,
        "attention_position": "both",
        "memory": 20,
        "phrases": True,
    },
    "transformer": {"cell": "transformer", "layers": 2, "memory": 20, "attention_position": "both"},
    "roll": {"sounding": True, "sounding_ahead": True, "roll": True, "tonic": True, "layers": 1},
    "ahead": {"sounding_ahead": True, "ahead_dropout": 0.5},
}
SIZES = {"units": 32, "head_units": 32, "embedding": 8, "key_size": 8, "value_size": 8}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree of trained runs, and one that is broken."""
    root = tmp_path_factory.mktemp("export")
    data = write_dataset(root / "set", pieces=6, notes=40)
    info = json.loads((data / "dataset.json").read_text())
    info["sources"] = [{"name": "made up", "licence": "CC0-1.0"}]
    (data / "dataset.json").write_text(json.dumps(info))
    rng = np.random.default_rng(2)
    rolls = {split: [rng.random((60, 88)) < 0.03 for _ in range(4)] for split in SPLITS}
    write_rolls(rolls, root / "rolls", "random")
    for name, network in NETWORKS.items():
        settings = {
            "dataset": str(root / "rolls" if name == "roll" else data),
            "network": {**SIZES, **network},
            "fit": {"crop": 32, "batch": 4, "steps": 6, "evaluate_every": 6, "learning_rate": 0.01},
            # "full" says nothing of its data: the data set does.
            "card": {"name": name, "sources": [{"name": "made up", "licence": "CC0-1.0"}] * (name != "full")},
        }
        Run(TrainConfig.from_dict(settings), root / "runs" / name).fit()
    broken = root / "runs" / "broken"
    broken.mkdir()
    (broken / "config.json").write_text((root / "runs" / "full" / "config.json").read_text())
    return root / "runs"


@pytest.fixture(scope="module")
def exported(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    out = tmp_path_factory.mktemp("models")
    args = argparse.Namespace(runs=[runs], out=out, weights="int8")
    return cli_export.run(args), out


def test_a_failing_run_is_reported_and_the_rest_go_on(exported: tuple[int, Path]) -> None:
    status, out = exported
    report = {Path(r["run"]).name: r for r in json.loads((out / "export.json").read_text())}
    assert status == 1
    assert "best.npz is missing" in report["broken"]["error"]
    assert {n for n, r in report.items() if not r["error"]} == set(NETWORKS)
    assert all(
        r["parity_nats"] < 1e-4 and r["chosen_steps"] == 1000 for r in report.values() if not r["error"]
    )
    assert all(r["parity_steps"] > 0 for r in report.values() if not r["error"])
    table = (out / "export.md").read_text(encoding="utf-8")
    assert "| failed:" in table and "µs a step" in table and "| test |" in table


@pytest.mark.parametrize("name", NETWORKS)
def test_the_file_follows_the_contract(exported: tuple[int, Path], name: str) -> None:
    path = exported[1] / f"{name}.onnx"
    opened = session(str(path))
    manifest = read_manifest(opened.get_modelmeta().custom_metadata_map[METADATA_KEY])
    assert [i.name for i in opened.get_inputs()] == [p.name for p in inputs(manifest)]
    assert [list(o.shape) for o in opened.get_outputs()] == [list(p.shape) for p in outputs(manifest)]
    assert manifest.sources[0].licence == "CC0-1.0"
    assert {"nats_a_note_float32", "nats_a_note_exported"} == set(manifest.held_out)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_held_out_figure_is_the_one_that_evaluate_measures(
    exported: tuple[int, Path], runs: Path, name: str
) -> None:
    """Cut-off pieces, which the rolls are, included."""
    manifest = ModelInfo.read(exported[1] / f"{name}.onnx").manifest
    _, dataset, network = load_run(runs / name)
    test, told = pieces_of(dataset, "test"), network.shape.config.told
    measured = evaluate_pieces(loss_of(network), dataset.codec, test, told).sum()
    assert manifest.held_out["nats_a_note_float32"] == pytest.approx(measured, abs=1e-4)
    assert manifest.held_out["nats_a_note_exported"] == pytest.approx(measured, rel=0.01)


@pytest.mark.parametrize("name", NETWORKS)
def test_quantised_weights_are_close_and_a_longer_piece_wraps_the_memory(
    exported: tuple[int, Path], runs: Path, name: str
) -> None:
    opened = session(str(exported[1] / f"{name}.onnx"))
    manifest = read_manifest(opened.get_modelmeta().custom_metadata_map[METADATA_KEY])
    _, dataset, network = load_run(runs / name)
    piece = max(pieces_of(dataset, "test"), key=len)
    one = passage(dataset.codec, piece, 0, len(piece) + 1)
    assert len(piece) > 20
    found, wanted = Replay(opened, manifest).log_probs(one), keras_log_probs(keras_logits(network))(one)
    assert np.abs((found - wanted) * one["weight"]).max() < 0.1


def test_masks_forcing_and_greedy_sampling(exported: tuple[int, Path]) -> None:
    opened = session(str(exported[1] / "full.onnx"))
    manifest = read_manifest(opened.get_modelmeta().custom_metadata_map[METADATA_KEY])
    replay = Replay(opened, manifest)
    feed = replay.begin()
    feed["note"] = manifest.codec.begin()[None]
    feed["clock"] = np.array([[0, 0, 48]], np.int32)
    feed["conditions"] = np.zeros((1, 2), np.int32)
    feed["forced"] = np.array([[5, -1, -1, 2]], np.int32)
    feed["mask_pitch"][:] = -1e9
    feed["mask_pitch"][0, [61, 66]] = 0
    seen = set()
    for u in [*np.linspace(0, 0.999, 50, dtype=np.float32), np.nextafter(np.float32(1), np.float32(0))]:
        feed["uniform"][:] = u
        names = [o.name for o in opened.get_outputs()]
        out = dict(zip(names, opened.run(None, feed), strict=True))
        assert out["chosen"][0, 0] == 5 and out["chosen"][0, 3] == 2
        seen.add(int(out["chosen"][0, 2]))
        assert out["clock_out"].tolist() == [[0, 5, 48]]
    assert seen == {61, 66}
    feed["top_p"][:] = 0.01  # the likeliest of the two alone
    greedy = set()
    for u in (0.0, 0.5, 0.999):
        feed["uniform"][:] = u
        greedy.add(int(opened.run(["chosen"], feed)[0][0, 2]))
    assert len(greedy) == 1


def test_a_rows_choice_follows_the_distribution(exported: tuple[int, Path]) -> None:
    """Sampling 4,000 rows at once gives each part as often as its log-probability says."""
    opened = session(str(exported[1] / "full.onnx"))
    manifest = read_manifest(opened.get_modelmeta().custom_metadata_map[METADATA_KEY])
    rows = 4000
    feed = first_feed(manifest, rows, 8)
    feed["note"] = np.tile(manifest.codec.begin(), (rows, 1))
    feed["clock"] = np.tile(np.array([[0, 0, 48]], np.int32), (rows, 1))
    feed["conditions"] = np.zeros((rows, 2), np.int32)
    feed["forced"] = np.tile(np.array([[3, -1, 60, 1]], np.int32), (rows, 1))
    feed["uniform"] = np.random.default_rng(0).random((rows, 4), np.float32) * np.float32(0.999)
    chosen, log_prob = opened.run(["chosen", "log_prob"], feed)
    for part in (0, 1):
        said = float(np.exp(log_prob[chosen[:, 1] == part, 1][0]))
        assert abs(np.mean(chosen[:, 1] == part) - said) < 0.03


def test_a_file_is_no_folder_for_models(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("mine")
    with pytest.raises(ExportError, match="cannot be a folder"):
        cli_export.run(argparse.Namespace(runs=[runs], out=tmp_path / "models", weights="int8"))


def test_a_file_that_no_bridge_would_read_is_not_written(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = exporting.manifest_for
    parts = tuple(Part(str(i)) for i in range(300))
    monkeypatch.setattr(exporting, "manifest_for", lambda *args: replace(made(*args), parts=parts))
    with pytest.raises(ExportError, match=r"no model file can say.*'parts' has 300 entries"):
        exporting.export(runs / "plain", tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_a_folder_without_a_run_is_named_before_the_others_are_exported(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    said = []

    def export(folder: Path, out: Path, weights: str) -> Report:
        said.append(caplog.text)
        return Report(run=str(folder), name=folder.name, file=str(out / f"{folder.name}.onnx"))

    monkeypatch.setattr(exporting, "export", export)
    out, wrong = tmp_path / "models", runs / "typing-error"
    named = [runs / "plain", wrong, runs / "full"]
    assert cli_export.run(argparse.Namespace(runs=named, out=out, weights="int8")) == 1
    assert len(said) == 2 and str(wrong) in said[0]
    report = json.loads((out / "export.json").read_text())
    assert {Path(r["run"]).name for r in report if not r["error"]} == {"plain", "full"}
    assert [r["run"] for r in report if "no run" in r["error"]] == [str(wrong)]
    assert f"| {wrong} | failed: no run" in (out / "export.md").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
def test_what_a_run_says_of_itself_is_no_command_to_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run\x1b[2J"
    run.mkdir()
    (run / "config.json").write_text("{}")
    assert cli_export.run(argparse.Namespace(runs=[run], out=tmp_path / "models", weights="int8")) == 1
    shown = capsys.readouterr().out
    assert r"/run\x1b[2J | failed: " in shown and all(map(str.isprintable, shown.split("\n")))
    assert (tmp_path / "models/export.md").read_text(encoding="utf-8") == shown


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_told_with_what_to_do(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "plain.onnx").symlink_to("/dev/full")
    empty = onnx.helper.make_model(onnx.helper.make_graph([], "g", [], []))
    monkeypatch.setattr(exporting, "export", lambda *_: exporting._write(tmp_path / "plain.onnx", empty))
    assert cli_export.run(argparse.Namespace(runs=[runs / "plain"], out=tmp_path, weights="int8")) == 1
    (report,) = json.loads((tmp_path / "export.json").read_text())
    assert report["error"].endswith("; make room, then give the same command again")
    assert report["error"] in caplog.text


def test_a_second_run_of_a_name_leaves_the_first_ones_file(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("seed1", "seed2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text((runs / "plain" / "config.json").read_text())
    done = []

    def export(folder: Path, out: Path, weights: str) -> Report:
        done.append(folder.name)
        return Report(run=str(folder), name="plain", file=str(out / "plain.onnx"))

    monkeypatch.setattr(exporting, "export", export)
    out = tmp_path / "models"
    both = argparse.Namespace(runs=[tmp_path / "seed1", tmp_path / "seed2"], out=out, weights="int8")
    assert cli_export.run(both) == 1
    assert done == ["seed1"]
    (_, second) = json.loads((out / "export.json").read_text())
    assert "is that of" in second["error"] and "another --out" in second["error"]


def test_no_number_is_no_parity(exported: tuple[int, Path], runs: Path) -> None:
    opened = session(str(exported[1] / "plain.onnx"))
    replay = Replay(opened, read_manifest(opened.get_modelmeta().custom_metadata_map[METADATA_KEY]))
    _, dataset, _ = load_run(runs / "plain")
    passages = [passage(dataset.codec, pieces_of(dataset, "test")[0], 0, 10)]

    def nothing(one: dict[str, Any]) -> np.ndarray:
        return np.full(one["target"].shape, np.nan)

    def no_logits(one: dict[str, Any]) -> list[np.ndarray]:
        return [np.full((len(one["target"]), field.size), np.nan) for field in dataset.codec.fields]

    with pytest.raises(ExportError, match="differ by nan"):
        check_parity(replay, nothing, passages)
    with pytest.raises(ExportError, match="differs by nan"):
        check_choices(replay, no_logits, 5, 1e-4)


def without(monkeypatch: pytest.MonkeyPatch, *splits: str) -> None:
    """Let export find no piece in some splits."""
    found = exporting.pieces_of
    monkeypatch.setattr(
        exporting, "pieces_of", lambda data, split: [] if split in splits else found(data, split)
    )


def test_without_test_pieces_the_figures_say_that_they_are_of_valid(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, "test")
    report = exporting.export(runs / "plain", tmp_path, "float32")
    held = ModelInfo.read(Path(report.file)).manifest.held_out
    assert set(held) == {"valid, nats_a_note_float32", "valid, nats_a_note_exported"}
    _, dataset, network = load_run(runs / "plain")
    measured = evaluate_pieces(loss_of(network), dataset.codec, pieces_of(dataset, "valid"), "nothing").sum()
    assert held["valid, nats_a_note_float32"] == pytest.approx(measured, abs=1e-4)
    assert report.split == "valid" and "| valid |" in report_table([report])


def test_without_any_held_out_piece_nothing_is_written(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, "test", "valid")
    with pytest.raises(ExportError, match="neither the test split nor the valid split holds a piece"):
        exporting.export(runs / "plain", tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_the_file_says_whether_any_weights_have_eight_bits(
    runs: Path, exported: tuple[int, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in exported[1].glob("*.onnx"):
        graph = onnx.load(file).graph
        is_int8 = any(node.op_type == "MatMulIntegerToFloat" for node in graph.node)
        assert ModelInfo.read(file).manifest.quantisation == ("int8" if is_int8 else "float32")
        assert is_int8
    monkeypatch.setattr("antiphon.export.conversion.quantise.SMALLEST", 1 << 30)
    exporting.export(runs / "plain", tmp_path)
    assert ModelInfo.read(tmp_path / "plain.onnx").manifest.quantisation == "float32"


def test_the_dataset_used_is_the_runs_own(runs: Path) -> None:
    config, dataset, _ = load_run(runs / "full")
    assert isinstance(dataset, Dataset) and str(dataset.path) == config.dataset


@pytest.mark.parametrize("name", NETWORKS)
def test_the_bridge_plays_every_network(exported: tuple[int, Path], name: str) -> None:
    """Alike alone and among others, beyond the memory's length too."""
    shelf = ModelShelf([exported[1]], default=name, shipped=False)
    with Engine(shelf, workers=1) as engine:
        manifest = shelf.manifest(name)
        context = tuple(Note(60 + i % 7, i / 2, 0.5, part=0) for i in range(30))
        options: dict[str, Any] = {"bars": 8, "temperature": 1.0}
        request = resolve({}, options, context, manifest, seed=5)
        (alone,) = engine.generate(request)
        among = engine.generate(replace(request, takes=5))
    assert alone == among[0]
    assert alone.notes
    assert len({take.notes for take in among}) == 5


def test_limits_hold_where_a_roll_allows_nothing(exported: tuple[int, Path]) -> None:
    """All that may be chosen sounds already: the request's limits weigh more."""
    shelf = ModelShelf([exported[1]], default="roll", shipped=False)
    with Engine(shelf, workers=1) as engine:
        options = {"bars": 16, "low": 60, "high": 61, "takes": 8}
        takes = engine.generate(resolve({}, options, None, shelf.manifest("roll"), seed=5))
    assert {note.pitch for take in takes for note in take.notes} <= {60, 61}
    assert max(take.nats_per_note for take in takes) > 1000  # impossible ones were taken
