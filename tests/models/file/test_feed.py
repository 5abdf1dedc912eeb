"""The inputs of a first step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from antiphon.models.file.feed import first_feed
from antiphon.models.file.manifest import Memory, StateTensor
from antiphon.models.file.step import NULL_POSITION, UNUSED_POSITION, inputs
from tiny_model import tiny_manifest

MEMORY = Memory(length=12, heads=2, key_size=3, value_size=5)


def test_it_has_every_input_in_its_shape() -> None:
    manifest = replace(tiny_manifest(), memory=MEMORY)
    feed = first_feed(manifest, rows=3, slots=7)
    assert list(feed) == [port.name for port in inputs(manifest)]
    for port in inputs(manifest):
        free = {"batch": 3, "memory": 7}
        assert feed[port.name].shape == tuple(free.get(str(size), size) for size in port.shape)
        assert feed[port.name].dtype == port.dtype


def test_it_stands_before_the_first_note_and_chooses_freely() -> None:
    manifest = replace(tiny_manifest(), state=(StateTensor("held", (2,), "float32", 8.0),))
    feed = first_feed(manifest, rows=2)
    codec = manifest.codec
    assert feed["note"].tolist() == [codec.begin().tolist()] * 2
    assert feed["clock"].tolist() == [[0, 0, 4 * codec.ticks_per_beat]] * 2
    assert (feed["forced"] == -1).all() and (feed["conditions"] == 0).all() and (feed["held"] == 8).all()
    assert all(not feed[f"mask_{name}"].any() for name in codec.names)
    assert (feed["temperature"] == 1).all() and (feed["top_p"] == 1).all()


@pytest.mark.parametrize(("asked", "slots"), [(0, 13), (4, 4)])
def test_its_memory_is_the_null_row(asked: int, slots: int) -> None:
    feed = first_feed(replace(tiny_manifest(), memory=MEMORY), slots=asked)
    assert feed["memory_positions"].tolist() == [[NULL_POSITION] + [UNUSED_POSITION] * (slots - 1)]
    assert not np.any(feed["memory_keys"]) and not np.any(feed["memory_values"])
