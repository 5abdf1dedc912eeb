"""`antiphon summary` counts what is there."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from antiphon.bridge.cli.commands import main
from antiphon.export.diagram import boxes_of
from antiphon.export.summary import table_bytes
from antiphon.train.config.config import TrainConfig
from antiphon.train.config.sections import NetworkConfig
from antiphon.train.dataset.dataset import Dataset
from antiphon.train.fit.fit import Run
from antiphon.train.fit.savedrun import load_run
from antiphon.train.network.shape import Shape
from made_music import write_dataset
from onnx import helper, numpy_helper
from PIL import Image


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("summary")
    data = write_dataset(root / "set", pieces=4, notes=30)
    settings = {
        "dataset": str(data),
        "network": {
            "cell": "lstm",
            "units": 64,
            "layers": 2,
            "attention_heads": 4,
            "head_units": 32,
            "embedding": 8,
            "memory": 50,
        },
        "fit": {"crop": 16, "batch": 2, "steps": 2, "evaluate_every": 2},
    }
    Run(TrainConfig.from_dict(settings), root / "run").fit()
    return root / "run"


def test_weights_operations_and_bytes(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["summary", str(run), "--json", str(tmp_path / "s.json"), "--png", str(tmp_path / "s.png")]
    assert main(words) == 0
    shown = capsys.readouterr().out
    found = json.loads((tmp_path / "s.json").read_text())
    _, _, network = load_run(run)
    assert sum(eval_product(layer["shapes"]) for layer in found["layers"]) == network.count_params()
    assert f"{network.count_params():,}" in shown
    second = next(layer for layer in found["layers"] if layer["name"] == "lstm1")
    assert second["shapes"] == [[64, 256], [64, 256], [256]]
    step = found["step"]
    # At least: the second layer's two kernels, and the trunk; at most what all weights would cost.
    heads = 4 * (32 + 48)
    assert step["operations"] - step["memory_operations"] > 2 * (2 * 64 * 256 + (64 + 4 * 48) * 4 * 32)
    assert step["memory_operations"] == 2 * heads * 51
    assert step["memory_bytes"] == 4 * heads * 51
    assert 2 * (step["operations"] - step["memory_operations"]) == step["bytes_read"], "four bytes a weight"
    assert step["bytes_read_int8"] < 0.5 * step["bytes_read"]
    with Image.open(tmp_path / "s.png") as picture:
        assert picture.width > 400 and len(picture.convert("L").getcolors(256) or []) > 3


def test_tables_count_however_they_are_looked_up_in() -> None:
    """The one of a text model's characters is read by GatherND alone."""
    tables = [numpy_helper.from_array(np.zeros((10, n), np.float32), f"table{n}") for n in (1, 2, 4, 8)]
    nodes = [
        helper.make_node(kind, [table.name, "codes"], [f"{kind}{table.name}"])
        for kind, table in zip(("Gather", "GatherND", "GatherElements", "Add"), tables, strict=True)
    ]
    nodes.append(helper.make_node("Gather", ["table1", "other codes"], ["again"]))
    assert table_bytes(helper.make_model(helper.make_graph(nodes, "g", [], [], tables))) == 4 * 10 * (
        1 + 2 + 4
    )


def eval_product(shapes: list[list[int]]) -> int:
    total = 0
    for shape in shapes:
        size = 1
        for n in shape:
            size *= n
        total += size
    return total


@pytest.mark.parametrize(
    ("option", "writer"), [("--json", "cli.summary.write_json"), ("--png", "diagram.whole_file")]
)
def test_on_a_full_disk_the_file_is_named_and_not_the_run(
    run: Path, option: str, writer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")  # which tells no name

    monkeypatch.setattr(f"antiphon.export.{writer}", refuse)
    assert main(["summary", str(run), option, "figures"]) == 2
    assert "figures cannot be written: No space left on device; make room" in capsys.readouterr().err


def test_a_folder_that_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", str(tmp_path)]) == 2
    assert "no run with weights" in capsys.readouterr().err


@pytest.mark.parametrize("cell", ["lstm", "gru", "transformer"])
def test_no_box_lies_on_another(cell: str, run: Path) -> None:
    dataset = Dataset.load(Path(json.loads((run / "config.json").read_text())["dataset"]))
    config = NetworkConfig(cell=cell, layers=3)  # type: ignore[arg-type]
    boxes, arrows = boxes_of(Shape(dataset.codec, 1, config))
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            beside = abs(one.x - other.x) >= (one.width + other.width) / 2
            above = abs(one.y - other.y) >= (one.height + other.height) / 2
            assert beside or above, (one, other)
    assert {a.begin.text for a in arrows} | {a.end.text for a in arrows} == {b.text for b in boxes}
