"""Ranges are what a graph's activations take while it reads and writes music."""

from __future__ import annotations

from pathlib import Path

import pytest
from antiphon.export.card import manifest_for
from antiphon.export.conversion.convert import convert
from antiphon.export.conversion.quantise import products
from antiphon.export.graph.stepgraph import StepGraph
from antiphon.export.proof import calibrate
from antiphon.export.proof.calibrate import find_ranges
from antiphon.export.proof.replay import Replay, session
from antiphon.train.config.config import TrainConfig
from antiphon.train.fit.fit import Run
from antiphon.train.fit.passages import passage, pieces_of
from antiphon.train.fit.savedrun import load_run
from made_music import write_dataset


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("calibrate")
    settings = {
        "dataset": str(write_dataset(root / "set", pieces=4, notes=30)),
        "network": {"units": 64, "attention_heads": 1, "head_units": 64, "embedding": 8, "memory": 20},
        "fit": {"crop": 16, "batch": 2, "steps": 2, "evaluate_every": 2},
    }
    Run(TrainConfig.from_dict(settings), root / "run").fit()
    return root / "run"


def test_each_product_has_the_range_that_its_input_takes(folder: Path) -> None:
    config, dataset, network = load_run(folder)
    manifest = manifest_for(config, dataset, network, "float32")
    graph = convert(StepGraph(network), manifest)
    before = graph.SerializeToString()
    names = {node.input[0] for node in products(graph)}
    one = passage(dataset.codec, pieces_of(dataset, "train")[0], 0, 20)
    ranges = find_ranges(graph, manifest, [one])
    assert graph.SerializeToString() == before, "the graph itself is not touched"
    assert set(ranges) == names and len(names) > 2
    states = [name for name in names if name.startswith("h0")]
    assert states and all(-1 <= ranges[n].low < 0 < ranges[n].high <= 1 for n in states)
    rectified = [n.output[0] for n in graph.graph.node if n.op_type == "Relu" and n.output[0] in names]
    assert rectified and all(ranges[name].low == 0 < ranges[name].high for name in rectified)
    replay = Replay(session(before), manifest)
    feed = replay.begin()
    for t in range(len(one["note"])):
        feed |= {"note": one["note"][t : t + 1], "clock": one["clock"][t : t + 1]}
        feed["conditions"] = one["conditions"][t : t + 1, : len(manifest.conditions)]
        feed["forced"] = one["target"][t : t + 1]
        state = replay.step(feed, t + 1)["h0_out"]
        assert ranges["h0_out"].low <= state.min() and state.max() <= ranges["h0_out"].high, "it was read"


def test_ranges_are_of_what_is_read_and_of_what_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, dataset, network = load_run(folder)
    manifest = manifest_for(config, dataset, network, "float32")
    graph = convert(StepGraph(network), manifest)
    one = passage(dataset.codec, pieces_of(dataset, "train")[0], 0, 20)
    written = find_ranges(graph, manifest, [])["h0_out"]
    assert written.low < 0 < written.high
    monkeypatch.setattr(calibrate, "choose", lambda *_, **__: None)
    read = find_ranges(graph, manifest, [one])["h0_out"]
    assert read.low < 0 < read.high
