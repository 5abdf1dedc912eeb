"""The configurations that ship are of the models that ship: a default that changes must not change one."""

from __future__ import annotations

import re
from pathlib import Path

import antiphon.models
import antiphon.train
import pytest
from antiphon.models.modelfile import ModelInfo
from antiphon.train.config import TrainConfig

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
def test_each_teacher_has_its_configuration(path: Path) -> None:
    config = TrainConfig.load(CONFIGS / f"{path.stem}.toml")
    for teacher in config.fit.teachers:
        other = TrainConfig.load(CONFIGS / f"{Path(teacher).name}.toml")
        assert other.dataset == config.dataset
        assert not other.fit.teachers
