"""An engine on tiny models."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.models.codec import Codec
from antiphon.models.field import Field, offset_table, velocity_table
from antiphon.models.score import Part
from fake_bridge import Talk
from stage import Stage
from tiny_model import save_tiny_model


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> ModelShelf:
    """Three models: two voices; drums with velocity and offset, without memory; many notes at once."""
    folder = tmp_path_factory.mktemp("shelf")
    save_tiny_model(folder / "tiny.onnx")
    beats = Codec(
        (
            Field("delta", tuple(range(13))),
            Field("pitch", (36, 38, 42, 46, 49)),
            Field("velocity", velocity_table(8)),
            Field("offset", offset_table(5)),
        ),
        ticks_per_beat=12,
    )
    drums = (Part("drums", 0, is_drum=True),)
    save_tiny_model(
        folder / "beats.onnx", "beats", seed=8, codec=beats, parts=drums, monophonic=False, memory=None
    )
    save_tiny_model(folder / "chords.onnx", "chords", seed=9, monophonic=False)
    return ModelShelf([folder], default="tiny", shipped=False)


@pytest.fixture(scope="session")
def engine(shelf: ModelShelf) -> Iterator[Engine]:
    with Engine(shelf, workers=2) as engine:
        yield engine


@pytest.fixture(scope="session")
def shipped_shelf() -> ModelShelf:
    """The models that ship."""
    return ModelShelf([])


@pytest.fixture(scope="session")
def shipped_engine(shipped_shelf: ModelShelf) -> Iterator[Engine]:
    with Engine(shipped_shelf, workers=1) as engine:
        yield engine


@pytest.fixture
def talk():
    return Talk()


@pytest.fixture
def held():
    """A conversation whose engine waits until told."""
    return Talk(manual=True)


@pytest.fixture
def stage():
    stage = Stage()
    yield stage
    stage.close()
