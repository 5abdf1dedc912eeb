"""Attention sees the same notes before and after export, in bars of any length."""

from __future__ import annotations

import numpy as np
import pytest
from antiphon.export.conversion.convert import convert
from antiphon.export.graph.state import memory_of, state_tensors
from antiphon.export.graph.stepgraph import StepGraph
from antiphon.export.proof.reference import keras_log_probs, keras_logits
from antiphon.export.proof.replay import Replay, session
from antiphon.models.codec import Codec
from antiphon.models.field import Field
from antiphon.models.file.manifest import Manifest
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.note import Note
from antiphon.models.score import Part
from antiphon.train.config.sections import NetworkConfig
from antiphon.train.fit.passages import Piece, passage
from antiphon.train.network.network import build
from antiphon.train.network.shape import Shape

CONFIG = NetworkConfig(
    units=8, head_units=8, embedding=4, key_size=4, value_size=4, attention_position="both"
)
METRES = MetreMap(((0.0, Metre(4, 4)), (4.0, Metre(3, 4)), (7.0, Metre(4, 4))))


@pytest.mark.parametrize("ticks_per_beat", [12, 480])
def test_a_note_that_seems_to_lie_ahead_is_hidden_in_training_too(ticks_per_beat: int) -> None:
    """Where a shorter bar follows a longer one, and where bars are longer than a position's stride."""
    ticks = tuple(ticks_per_beat * i // 4 for i in range(17))
    codec = Codec((Field("delta", ticks), Field("pitch", tuple(range(128)))), ticks_per_beat)
    encoded = codec.encode([Note(60 + i * 5 % 12, i / 4, 0.25) for i in range(60)], METRES)
    columns = (encoded.ticks, encoded.bars, encoded.places, encoded.bar_ticks, np.ones(60, np.int32))
    one = passage(codec, Piece(encoded.codes, np.stack(columns, axis=1)), 0, 61)
    shape = Shape(codec, 1, CONFIG)
    network = build(shape)
    rng = np.random.default_rng(1)
    for variable in network.trainable_variables:
        variable.assign(rng.normal(0, 0.3, variable.shape))
    manifest = Manifest("m", "M", codec, ("4/4",), (Part("p"),), True, state_tensors(shape), memory_of(shape))
    replay = Replay(session(convert(StepGraph(network), manifest).SerializeToString()), manifest)
    apart = np.abs(replay.log_probs(one) - keras_log_probs(keras_logits(network))(one)) * one["weight"]
    assert apart.max() < 1e-4
