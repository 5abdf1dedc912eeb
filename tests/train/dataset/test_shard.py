"""What tells one piece from another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from antiphon.models.codec import nearest_tick
from antiphon.models.note import Note
from antiphon.train.dataset.prepareconfig import PrepareConfig
from antiphon.train.dataset.shard import fingerprint, table_of, to_ticks

PIECE = [Note(60, 0.0, 0.5, 80), Note(64, 0.5, 0.5, 80), Note(67, 1.0, 1.0, 80)]
SCORES = PrepareConfig()
PLAYED = PrepareConfig(fields=("delta", "pitch", "duration", "velocity", "offset"))


def changed(config: PrepareConfig, **changes: float) -> bool:
    """Return whether a piece is another where its second note has changed."""
    other = [PIECE[0], replace(PIECE[1], **changes), PIECE[2]]
    return fingerprint(table_of(PIECE), config) != fingerprint(table_of(other), config)


def test_pieces_differ_in_what_the_data_set_has() -> None:
    for config in (SCORES, PLAYED):
        assert not changed(config)
        assert changed(config, pitch=65)
        assert changed(config, start=0.25)
        assert changed(config, duration=0.25)
    assert changed(PLAYED, velocity=90) and not changed(SCORES, velocity=90)
    assert changed(PLAYED, start=0.51) and not changed(SCORES, start=0.51)


def test_ticks_are_those_of_the_codec() -> None:
    beats = np.arange(-48, 49) / 48
    assert to_ticks(beats, 24).tolist() == [nearest_tick(float(beat), 24) for beat in beats]
