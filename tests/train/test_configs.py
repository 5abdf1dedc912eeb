"""The configurations that ship are of the models that ship: a default that changes must not change one."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import antiphon.models
import antiphon.train
import pytest
from antiphon.models.errors import ConfigError
from antiphon.models.file.modelfile import ModelInfo
from antiphon.train.cli import train as command
from antiphon.train.config.config import TrainConfig

CONFIGS = Path(antiphon.train.__file__).parent / "configs"
MODELS = sorted(Path(antiphon.models.__file__).parent.glob("*.onnx"))


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_models_configuration_has_its_shape(path: Path) -> None:
    manifest = ModelInfo.read(path).manifest
    network = TrainConfig.load(CONFIGS / f"{path.stem}.toml").network
    states = {state.name: state.shape for state in manifest.state}
    hidden = [shape for name, shape in states.items() if re.fullmatch(r"h\d+", name)]
    assert hidden == [(network.units,)] * network.layers
    assert ("c0" in states) == (network.cell == "lstm")
    assert ("histogram" in states) == network.relative_pitch
    assert ("voices" in states) == network.voices
    assert manifest.phrases == network.phrases
    assert ("sounding" in states) == (network.sounding or network.sounding_ahead)
    assert manifest.memory is not None
    sizes = (
        manifest.memory.heads,
        manifest.memory.key_size,
        manifest.memory.value_size,
        manifest.memory.length,
    )
    assert sizes == (network.attention_heads, network.key_size, network.value_size, network.memory)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_the_commands_train_what_a_run_learns_from_before_it(path: Path) -> None:
    shipped = CONFIGS / f"{path.stem}.toml"
    trained = re.findall(r"antiphon train \S*configs/(\S+)\.toml --out runs/(\S+)", shipped.read_text())
    assert trained[-1] == (path.stem, path.stem)
    for place, (name, run) in enumerate(trained):
        assert run == name
        config = TrainConfig.load(CONFIGS / f"{name}.toml")
        assert config.dataset == f"datasets/{path.stem}"
        learned_from = {*config.fit.teachers, *([config.fit.start] if config.fit.start else [])}
        assert learned_from <= {f"runs/{before}" for before, _ in trained[:place]}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.toml", None, "none.toml cannot be read: No such file"),
        ("tune.mid", b"MThd\x00\xe0\xff", "tune.mid is no text; name a configuration"),
        ("odd.toml", b"[network\n", "odd.toml: "),
    ],
)
def test_what_is_no_configuration_is_named(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(message)):
        TrainConfig.load(tmp_path / name)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"card": {"sources": [{"name": "a", "licence": "b"}] * 257}}, "sources: 257, at most 256"),
        ({"card": {"sources": [{"name": "a", "licence": "b" * 5000}]}}, "licence has 5000 characters"),
        ({"fit": {"learning_rate": 10**400}}, "learning_rate has 401 digits: no float holds it"),
    ],
)
def test_what_no_model_file_could_say_is_refused_before_training(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainConfig.from_dict({"dataset": "set", **table})


def test_a_want_of_memory_says_what_to_make_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fit = pytest.importorskip("antiphon.train.fit.fit")
    path = tmp_path / "big.toml"
    path.write_text('dataset = "set"\n')

    class Greedy:
        def __init__(self, config: TrainConfig, folder: Path) -> None:
            raise MemoryError

    monkeypatch.setattr(fit, "Run", Greedy)
    with pytest.raises(ConfigError, match=r"big\.toml: not enough memory; give it a smaller fit\.batch"):
        command.run(argparse.Namespace(config=path, dataset=None, out=tmp_path / "run"))
