"""A run repeats, resumes exactly, keeps its best weights, and refuses what cannot work."""

from __future__ import annotations

import csv
import io
import json
import shutil
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from antiphon.models import wholefile
from antiphon.models.errors import ConfigError, DatasetError
from antiphon.train.config.config import TrainConfig
from antiphon.train.dataset.dataset import Dataset
from antiphon.train.fit import fit
from antiphon.train.fit.curves import write_curves
from antiphon.train.fit.fit import Run, evaluations_apart
from antiphon.train.fit.savedrun import load_run
from made_music import write_dataset
from small_run import small_config

config_for = partial(small_config, steps=8, evaluate_every=4)


def weights_of(run: Run) -> list[np.ndarray]:
    return [v.numpy() for v in run.network.trainable_variables]


def test_training_learns_writes_curves_and_reloads(music: Path, tmp_path: Path) -> None:
    run = Run(
        config_for(music, steps=40, evaluate_every=20, average=0.5, learning_rate=0.02), tmp_path / "run"
    )
    before = float(run.validate().sum())
    progress = run.fit()
    assert progress.best < 0.8 * before
    rows = list(csv.DictReader((tmp_path / "run" / "curves.csv").read_text().splitlines()))
    assert [int(float(r["step"])) for r in rows] == [20, 40]
    assert (tmp_path / "run" / "curves.png").read_bytes()[:4] == b"\x89PNG"
    assert list((tmp_path / "run" / "tensorboard").iterdir())
    _, _, network = load_run(tmp_path / "run")
    assert network.count_params() == run.network.count_params()


def test_a_stopped_run_goes_on_as_if_it_had_not_been(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Run(config_for(music), tmp_path / "whole")
    whole.fit()
    stopped = Run(config_for(music), tmp_path / "stopped")
    draw = stopped.batch

    def interrupted(step: int) -> dict[str, Any]:
        if step == 6:
            raise KeyboardInterrupt
        return draw(step)

    monkeypatch.setattr(stopped, "batch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        stopped.fit()
    again = Run(config_for(music), tmp_path / "stopped")
    progress = again.fit()
    assert progress.step == 8
    for a, b in zip(weights_of(whole), weights_of(again), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("ended", [{"steps": 8}, {"steps": 100, "patience": 2, "learning_rate": 1e-12}])
def test_a_finished_run_says_so(
    music: Path, tmp_path: Path, ended: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "antiphon.train")
    config = config_for(music, **ended)
    first = Run(config, tmp_path / "run").fit()
    assert "finished" not in caplog.text
    caplog.clear()
    again = Run(config, tmp_path / "run").fit()
    assert (again.step, again.best) == (first.step, first.best)
    assert caplog.messages == [
        f"the run is finished, at update {first.step}; another one needs another --out"
    ]


def test_a_run_killed_between_checkpoint_and_curves_gets_its_curves(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(folder: Path, history: list[dict[str, float]]) -> None:
        if len(history) == 2:
            raise KeyboardInterrupt
        write_curves(folder, history)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(fit, "write_curves", killed)
        Run(config_for(music), tmp_path / "run").fit()
    Run(config_for(music), tmp_path / "run").fit()
    rows = list(csv.DictReader((tmp_path / "run" / "curves.csv").read_text().splitlines()))
    assert [row["step"] for row in rows] == ["4", "8"]


def test_ctrl_c_while_a_checkpoint_is_written_tells_of_the_one_before(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run = Run(config_for(music), tmp_path / "run")
    write = run.save

    def interrupted() -> None:
        if run.progress.step == 8:
            raise KeyboardInterrupt
        write()

    monkeypatch.setattr(run, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.fit()
    assert "goes on from update 4" in caplog.text
    again = Run(config_for(music), tmp_path / "run")
    again.resume()
    assert again.progress.step == 4


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_while_weights_are_written_is_heard_once_they_are_whole(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Zip files turn what breaks them off into complaints of their own."""

    class Pressed(io.FileIO):
        def write(self, data: Any) -> int:
            if len(data) > 100:  # in the middle of an array
                signal.raise_signal(signal.SIGINT)
            return super().write(data)

    run = Run(config_for(music), tmp_path / "run")
    save = run.save

    def pressed() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(wholefile, "_created", lambda path, mode: Pressed(str(path), "xb"))
            save()

    monkeypatch.setattr(run, "save", pressed)
    with pytest.raises(KeyboardInterrupt):
        run.fit()
    assert "goes on from update 4" in caplog.text
    again = Run(config_for(music), tmp_path / "run")
    again.resume()
    assert again.progress.step == 4


def test_a_loss_that_is_no_number_ends_the_run(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(config_for(music), tmp_path / "run")
    monkeypatch.setattr(run, "validate", lambda: np.full(4, np.nan))
    with pytest.raises(ConfigError, match=r"at update 4 the loss is no number any more.*learning_rate"):
        run.fit()
    assert not (tmp_path / "run" / "last.npz").exists()


def test_patience_ends_a_run_early(music: Path, tmp_path: Path) -> None:
    # Without learning nothing improves after the first validation.
    run = Run(config_for(music, steps=100, patience=2, learning_rate=1e-12), tmp_path / "run")
    assert run.fit().step <= 16


def test_a_folder_of_another_configuration_is_refused(music: Path, tmp_path: Path) -> None:
    Run(config_for(music), tmp_path / "run")
    with pytest.raises(ConfigError, match=r"another configuration \(fit.seed was 1, is 2\): choose another"):
        Run(config_for(music, seed=2), tmp_path / "run")
    config = config_for(music, seed=2, transpose=[-1, 2], crop=9, batch=1, start="ü")
    with pytest.raises(ConfigError, match=r"seed was 1, is 2; fit.crop was 24, is 9; .*; 2 more\): choose"):
        Run(config, tmp_path / "run")
    assert Run(config_for(music), tmp_path / "run").progress.step == 0


def test_a_card_may_be_written_after_training(music: Path, tmp_path: Path) -> None:
    config = config_for(music)
    Run(config, tmp_path / "run").fit()
    again = Run(replace(config, card=replace(config.card, title="Mine")), tmp_path / "run")
    assert again.fit().step == 8
    assert TrainConfig.load(tmp_path / "run" / "config.json").card.title == "Mine"


@pytest.mark.parametrize(("notes", "updates"), [(4_000, 25), (100_000, 65), (5_000_000, 200)])
def test_a_loss_is_measured_as_often_as_the_music_is_much(notes: int, updates: int) -> None:
    assert evaluations_apart(notes, 256 * 24) == updates


def test_measuring_is_left_open_by_default(music: Path, tmp_path: Path) -> None:
    """A few tunes are learnt by heart within the 200 updates that much music takes."""
    assert Run(config_for(music, evaluate_every=0, steps=30), tmp_path / "run").every == 25
    with pytest.raises(ConfigError, match="evaluate_every = -1"):
        config_for(music, evaluate_every=-1)


def test_a_configuration_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """Editors on Windows write one."""
    (tmp_path / "mine.toml").write_text('\ufeffdataset = "x"\n', encoding="utf-8")
    assert TrainConfig.load(tmp_path / "mine.toml").dataset == "x"


@pytest.mark.parametrize("folder", [r"C:\Users\me\mine", r"datasets\mine", r"datasets\new"])
def test_a_folder_with_backslashes_is_told_how_to_be_written(tmp_path: Path, folder: str) -> None:
    r"""TOML takes \U for a character by number, \m for a mistake and \n for the end of a line."""
    (tmp_path / "mine.toml").write_text(f'dataset = "{folder}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.toml: .*with /, as C:/music, or in 'single quotes'"):
        TrainConfig.load(tmp_path / "mine.toml")
    (tmp_path / "mine.toml").write_text(f"dataset = '{folder}'\n", encoding="utf-8")
    assert TrainConfig.load(tmp_path / "mine.toml").dataset == folder


def test_a_file_is_no_folder_for_a_run(music: Path, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("mine")
    with pytest.raises(ConfigError, match="is a file: name a folder"):
        Run(config_for(music), tmp_path / "run")
    assert (tmp_path / "run").read_text() == "mine"


def test_an_empty_test_split_is_told_before_training(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = write_dataset(tmp_path / "set", pieces=6, notes=30)
    np.save(data / "test.codes.npy", np.load(data / "test.codes.npy")[:0])
    np.save(data / "test.clock.npy", np.load(data / "test.clock.npy")[:0])
    np.save(data / "test.pieces.npy", np.zeros(1, np.int64))
    (data / "test.names.json").write_text("[]")
    Run(config_for(data), tmp_path / "run")
    assert "the test split holds no piece" in caplog.text


def test_a_data_set_prepared_anew_is_not_the_runs_any_more(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "set", pieces=6, notes=30)
    Run(config_for(data), tmp_path / "run").fit()
    Run(config_for(data), tmp_path / "run").resume()
    info = json.loads((data / "dataset.json").read_text())
    info["codec"]["fields"][-1]["values"][-1] = 48  # as many durations, but others
    (data / "dataset.json").write_text(json.dumps(info))
    for again in (lambda: load_run(tmp_path / "run"), lambda: Run(config_for(data), tmp_path / "run")):
        with pytest.raises(DatasetError, match=r"prepared anew, with other tables than .*run learned"):
            again()
    (tmp_path / "run" / "tables.json").unlink()  # as of a run from before they were kept
    load_run(tmp_path / "run")


def test_a_run_begun_before_a_key_came_goes_on(music: Path, tmp_path: Path) -> None:
    Run(config_for(music), tmp_path / "run")
    path = tmp_path / "run" / "config.json"
    config = json.loads(path.read_text())
    del config["fit"]["teaching"]
    path.write_text(json.dumps(config))
    assert Run(config_for(music), tmp_path / "run").fit().step == 8


@pytest.mark.parametrize("content", [b"PK\x03\x04 not really", b""], ids=["no zip", "empty"])
def test_a_broken_checkpoint_says_what_to_do(music: Path, tmp_path: Path, content: bytes) -> None:
    run = Run(config_for(music), tmp_path / "run")
    (tmp_path / "run" / "best.npz").write_bytes(content)
    with pytest.raises(DatasetError, match="does not fit the run's configuration"):
        load_run(tmp_path / "run")
    (tmp_path / "run" / "last.npz").write_bytes(content)
    with pytest.raises(DatasetError, match="delete it to start again"):
        run.resume()


@pytest.mark.parametrize("name", ["train.codes.npy", "valid.pieces.npy", "test.names.json", "test.clock.npy"])
def test_an_empty_file_of_a_data_set_is_named(music: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(music, tmp_path / "set")
    (tmp_path / "set" / name).write_bytes(b"")
    with pytest.raises(DatasetError, match=f"split {name.split('.')[0]} cannot be read"):
        Dataset.load(tmp_path / "set").split(name.split(".")[0])


def test_a_data_set_may_be_named_beside_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    for text in ('dataset = "theirs"\n[fit]\nseed = 3', "[fit]\nseed = 3"):
        path.write_text(text)
        config = TrainConfig.load(path, Path("mine"))
        assert (config.dataset, config.fit.seed) == ("mine", 3)
    with pytest.raises(ConfigError, match="'dataset' must name"):
        TrainConfig.load(path)


def test_a_list_is_no_configuration(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("[1]")
    with pytest.raises(ConfigError, match=r"config\.json: a configuration is a table"):
        TrainConfig.load(tmp_path / "config.json")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"fit": {"stepps": 3}}, r"\[fit\] has no key 'stepps'"),
        ({"fit": {"steps": "many"}}, "expected int"),
        ({"fit": {"steps": 0}}, "fit.steps = 0: must be above 0"),
        ({"fit": {"precision": "float8"}}, "must be float32 or mixed_bfloat16"),
        ({"network": {"dropout": 1.5}}, "network.dropout = 1.5"),
        ({"fit": {"transpose": [3, -3]}}, "lowest, highest"),
        ({"fit": {"teaching": 1.5}}, "fit.teaching = 1.5"),
        ({"fit": {"teachers": [1]}}, "must be a list of folders' names"),
        ({"fit": {"teachers": "runs/a"}}, "expected list"),
        ({"fit": {"transpose": [0.5, 1.5]}}, "lowest, highest"),
        ({"fit": {"transpose": [0, 200]}}, "from -127 to 127"),
        ({"fit": {"seed": 2**32}}, "fit.seed = 4294967296: must be at most 4294967295"),
        ({"network": {"attention_heads": -1}}, "network.attention_heads = -1: must be at least 0"),
        ({"network": {"memory": 1}}, "network.memory = 1: attention needs at least 2"),
        ({"network": {"memory": 8192}}, "network.memory = 8192: a model file holds at most 4096"),
        ({"network": {"key_size": 2000}}, "network.key_size = 2000: a model file holds at most 1024"),
        (
            {"network": {"cell": "transformer", "layers": 6, "attention_heads": 8, "memory": 2048}},
            "6 blocks × 8 heads × 80 numbers × 2048 notes .* choose a memory of at most 1092",
        ),
        ({"card": {"title": "a" * 4097}}, "card.title: 4097 characters, at most 4096"),
        ({"network": {"phrases": True}, "fit": {"known_end": 1.0}}, "no passage would tell phrases: set fit"),
        (
            {"network": {"phrases": True}, "fit": {"known_phrase": 0.0}},
            "no passage would tell phrases: set fit",
        ),
        ({"fit": {"seed": -1}}, "fit.seed = -1: must be at least 0"),
        ({"fit": {"evaluate_every": -1}}, "fit.evaluate_every = -1: must be at least 0"),
        ({"fit": {"known_end": 1.5}}, "fit.known_end = 1.5: must be from 0 to 1$"),
        ({"fit": {"average": 1.0}}, "fit.average = 1.0: must be from 0 to below 1"),
        ({"network": {"dropout": 1.0}}, "network.dropout = 1.0: must be from 0 to below 1"),
        ({"fit": {"learning_rate": float("nan")}}, "fit.learning_rate = nan"),
        ({"card": {"name": "../../away"}}, "card.name = .* lower-case letters"),
        ({"card": {"name": "My Tunes"}}, "card.name = .* lower-case letters"),
        ({"card": {"name": "aux"}}, "card.name = 'aux': Windows has no file"),
        ({"card": {"metre": "7/5"}}, "card.metre: metre 7/5"),
        ({"card": {"tempo": -5.0}}, "card.tempo = -5.0: must be in range 10..400"),
        ({"card": {"temperature": 99.0}}, "card.temperature = 99.0"),
        ({"extra": 1}, "unknown key 'extra'"),
    ],
)
def test_wrong_options_are_named(data: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainConfig.from_dict({"dataset": "somewhere", **data})


def test_the_largest_memory_that_a_model_file_allows_is_allowed() -> None:
    largest = {"attention_heads": 8, "key_size": 64, "value_size": 64, "memory": 4096}
    assert TrainConfig.from_dict({"dataset": "somewhere", "network": largest}).network.memory == 4096
    without = {"attention_heads": 0, "memory": 1 << 20}
    TrainConfig.from_dict({"dataset": "somewhere", "network": without})


def test_drums_are_never_transposed(music: Path, tmp_path: Path) -> None:
    drums = tmp_path / "drums"
    drums.mkdir()
    for file in music.iterdir():
        (drums / file.name).write_bytes(file.read_bytes())
    info = json.loads((drums / "dataset.json").read_text())
    for part in info["parts"]:
        part["is_drum"] = True
    (drums / "dataset.json").write_text(json.dumps(info))
    with pytest.raises(ConfigError, match="drums must not be transposed"):
        Run(config_for(drums, transpose=[-3, 3]), tmp_path / "run")


def test_a_grid_too_fine_for_the_network_is_told(
    music: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Run(config_for(music), tmp_path / "coarse")
    assert "tell apart" not in caplog.text
    shutil.copytree(music, tmp_path / "set")
    clock = np.load(music / "train.clock.npy")
    clock[:, 2:4] *= 8
    np.save(tmp_path / "set" / "train.clock.npy", clock)
    Run(config_for(tmp_path / "set"), tmp_path / "fine")
    assert "ticks into their bar, which the network cannot tell apart" in caplog.text


def test_roll_is_refused_for_music_that_no_roll_holds(music: Path, tmp_path: Path) -> None:
    network = {"sounding_ahead": True, "roll": True}
    config = TrainConfig.from_dict({"dataset": str(music), "network": network})
    with pytest.raises(ConfigError, match=r"network.roll gives no probability to \d+ of the 30\d+ notes"):
        Run(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_mixed_bfloat16_trains_every_input(music: Path, tmp_path: Path) -> None:
    config = config_for(music, steps=30, evaluate_every=15, learning_rate=0.02, precision="mixed_bfloat16")
    run = Run(replace(config, network=replace(config.network, voices=True, sounding=True)), tmp_path / "run")
    before = float(run.validate().sum())
    assert run.network.compute_dtype == "bfloat16"
    assert run.fit().best < 0.9 * before
