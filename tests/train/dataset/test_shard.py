"""What tells one piece from another."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from antiphon.models.codec import Codec, nearest_tick
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.note import Note
from antiphon.models.score import Score
from antiphon.train.corpus.pieces import ReadPiece
from antiphon.train.corpus.sources import Place
from antiphon.train.dataset.prepareconfig import PrepareConfig
from antiphon.train.dataset.shard import _entry, fingerprint, table_of, to_ticks

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


@pytest.mark.parametrize("start", [0.5, 1.5, 2.25, 2.75, 3.2, 3.49, 3.5, 3.99, 4.0, 6.5])
def test_bars_are_those_of_the_codec(start: float) -> None:
    config = PrepareConfig(ticks_per_beat=1, fields=("delta", "pitch", "offset"))
    metres = MetreMap(((0.0, Metre(4, 4)), (4.0, Metre(3, 4))))
    notes = (Note(60, start, 1.0), Note(62, start + 1, 1.0))
    entry, _ = _entry(ReadPiece("a.mid", "a.mid", None, Place(), Score(notes, metres)), config)  # type: ignore[misc]
    encoded = Codec.default(ticks_per_beat=1, offset_bins=3).encode(notes, metres)
    assert entry.first_place == encoded.places[0] == encoded.codes[0, 0]
    assert entry.metre_notes == Counter(map(str, encoded.metres))
