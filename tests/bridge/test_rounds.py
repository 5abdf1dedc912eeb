"""Bars that come again and again."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import pytest
from antiphon.bridge import rounds
from antiphon.bridge.engine import Engine
from antiphon.bridge.resolve import resolve
from antiphon.bridge.rounds import Rounds
from antiphon.bridge.shelf import ModelShelf
from antiphon.models.codec import Codec

CODEC = Codec.default()
DELTA = 0
BAR = [(0, 60, 12), (24, 64, 12), (48, 67, 24)]
OTHER = [(0, 60, 12), (24, 64, 12), (48, 69, 24)]


def heard(*bars: list[tuple[int, int, int]], first: int = 0) -> Rounds:
    """Return what has heard bars of (tick, pitch, duration), one after the other."""
    found = Rounds(CODEC)
    for bar, notes in enumerate(bars, first):
        for tick, pitch, duration in notes:
            found.hear(bar, tick, [DELTA, pitch, duration])
    return found


def test_a_bar_is_worn_when_it_has_come_three_times() -> None:
    assert heard(BAR).worn is None
    assert heard(BAR, BAR).worn is None
    assert heard(BAR, BAR, BAR).worn == 60
    assert heard(BAR, BAR, BAR, BAR).worn == 60
    assert heard(OTHER, BAR, BAR, BAR, first=7).worn == 60


def test_it_is_not_before_it_is_complete() -> None:
    assert heard(BAR, BAR, BAR[:2]).worn is None
    assert heard(BAR, BAR, BAR, BAR[:1]).worn is None


@pytest.mark.parametrize("between", [OTHER, BAR[:2], [], [(0, 60, 12), (24, 64, 12), (48, 67, 12)]])
def test_another_bar_between_begins_the_count_anew(between: list[tuple[int, int, int]]) -> None:
    assert heard(BAR, BAR, between, BAR).worn is None
    assert heard(BAR, BAR, between, BAR, BAR, BAR).worn == 60


def test_what_is_added_to_a_bar_makes_it_another() -> None:
    found = heard(BAR, BAR, BAR)
    found.hear(2, 72, [DELTA, 72, 12])
    assert found.worn is None


def longest(engine: Engine, shelf: ModelShelf, seed: int) -> int:
    """Return how many bars in a row of eight of a tune are the same."""
    manifest = shelf.manifest("folk")
    options = {"metre": "4/4", "bars": 8, "top_p": 0.5}
    begun = engine.generate(resolve({}, {"metre": "4/4", "bars": 4}, None, manifest, seed))[0].notes
    bars = defaultdict(list)
    for note in engine.generate(resolve({}, options, begun, manifest, seed))[0].notes:
        bars[int(note.start // 4)].append((note.start % 4, note.pitch))
    best = run = 1
    for one, other in pairwise(bars[bar] for bar in sorted(bars)):
        run = run + 1 if one == other else 1
        best = max(best, run)
    return best


def test_folk_goes_on_to_another_bar(
    shipped_shelf: ModelShelf, shipped_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert max(longest(shipped_engine, shipped_shelf, seed) for seed in range(30)) <= 3
    monkeypatch.setattr(rounds, "MOST_ALIKE", 99)
    assert max(longest(shipped_engine, shipped_shelf, seed) for seed in range(30)) > 3
