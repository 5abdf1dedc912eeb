"""Metres and barlines."""

from __future__ import annotations

from math import ceil, floor, inf
from typing import Any

import pytest
from antiphon.models.errors import MusicError
from antiphon.models.metre import Metre, MetreMap
from hypothesis import given
from hypothesis import strategies as st

WALTZ_AFTER_PICKUP = MetreMap(((1.0, Metre(3, 4)), (7.0, Metre(6, 8)), (8.5, Metre(4, 4))))


@pytest.mark.parametrize(
    ("text", "beats"), [("4/4", 4.0), ("6/8", 3.0), (" 3 / 4 ", 3.0), ("7/16", 1.75), ("1/1", 4.0)]
)
def test_parse(text: str, beats: float) -> None:
    metre = Metre.parse(text)
    assert metre.beats == beats
    assert Metre.parse(str(metre)) == metre


@pytest.mark.parametrize(
    "text",
    ["", "4", "4/", "/4", "4/4/4", "-3/4", "3.5/4", "x/y", "0/4", "65/4", "4/3", "4/128", "²/4"],
)
def test_what_is_no_metre(text: str) -> None:
    with pytest.raises(MusicError, match="metre"):
        Metre.parse(text)


@pytest.mark.parametrize("text", ["1" * 5000 + "/4", "4/" + "4" * 5000])
def test_digits_by_the_thousand_are_no_metre(text: str) -> None:
    """Python reads no number of so many."""
    with pytest.raises(MusicError, match='is not of the form "6/8"') as error:
        Metre.parse(text)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("beat", "start", "metre"),
    [(0.5, -2.0, "3/4"), (1.0, 1.0, "3/4"), (6.99, 4.0, "3/4"), (7.0, 7.0, "6/8"), (8.49, 7.0, "6/8"),
     (8.5, 8.5, "4/4"), (100.0, 96.5, "4/4"), (0.9999999, 1.0, "3/4")],
)  # fmt: skip
def test_bars(beat: float, start: float, metre: str) -> None:
    bar = WALTZ_AFTER_PICKUP.bar_at(beat)
    assert bar.start == pytest.approx(start)
    assert str(bar.metre) == metre


@pytest.mark.parametrize(
    ("beat", "line"), [(-0.5, 1.0), (1.0, 1.0), (1.1, 4.0), (7.2, 8.5), (8.5, 8.5), (9.0, 12.5)]
)
def test_next_barline(beat: float, line: float) -> None:
    """A change cuts the bar before it short: the bar of 6/8 at beat 7 ends at 8.5."""
    assert WALTZ_AFTER_PICKUP.next_barline(beat) == pytest.approx(line)


@given(st.floats(-1000, 1000), st.floats(-100, 100))
def test_a_shifted_map_has_shifted_bars(beat: float, by: float) -> None:
    line = WALTZ_AFTER_PICKUP.next_barline(beat)
    assert line >= beat - 1e-5
    shifted = MetreMap(tuple((start + by, metre) for start, metre in WALTZ_AFTER_PICKUP.changes))
    assert shifted.bar_at(line + by + 0.01).start == pytest.approx(line + by, abs=1e-4)


@pytest.mark.parametrize("changes", [(), ((0.0, Metre()), (0.0, Metre())), ((4.0, Metre()), (0.0, Metre()))])
def test_maps_ascend(changes: tuple[tuple[float, Metre], ...]) -> None:
    with pytest.raises(MusicError, match="ascending barlines"):
        MetreMap(changes)


def bars_by_all_changes(metres: MetreMap, start: float, end: float) -> int:
    """Return the same as `bars_between`, looking at every change."""
    count = 0
    stops = [*(anchor for anchor, _ in metres.changes[1:]), inf]
    for index, ((anchor, metre), stop) in enumerate(zip(metres.changes, stops, strict=True)):
        first = floor((start - anchor) / metre.beats + 1e-6)
        if index:
            first = max(first, -1)
        if end < stop - 1e-6:
            last = floor((end - anchor) / metre.beats + 1e-6)
        else:
            last = ceil((stop - anchor) / metre.beats - 1e-6) - 1
        count += max(last - first, 0)
    return count


PLACES = st.integers(-40, 400).map(lambda n: n / 8) | st.floats(-5, 50)
METRES = st.builds(Metre, st.integers(1, 9), st.sampled_from((2, 4, 8, 16)))


@given(st.dictionaries(PLACES, METRES, min_size=1, max_size=20), PLACES, PLACES)
def test_bars_are_counted_by_the_changes_in_between_alone(
    changes: dict[float, Metre], start: float, end: float
) -> None:
    metres = MetreMap(tuple(sorted(changes.items(), key=lambda change: change[0])))
    assert metres.bars_between(start, end) == bars_by_all_changes(metres, start, end)


def test_a_bar_costs_the_same_among_many_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    metres = MetreMap(tuple((float(beat), Metre(1, 4)) for beat in range(20_000)))
    asked = 0
    beats = Metre.beats.fget

    def counted(metre: Metre) -> Any:
        nonlocal asked
        asked += 1
        return beats(metre)

    monkeypatch.setattr(Metre, "beats", property(counted))
    assert metres.bars_between(19_000.0, 19_002.0) == 2
    assert metres.next_barline(19_000.5) == 19_001.0
    assert asked < 30
