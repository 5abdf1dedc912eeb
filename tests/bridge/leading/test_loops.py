"""Bars that come again and again."""

from __future__ import annotations

from itertools import groupby

import pytest
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.leading import loops
from antiphon.bridge.leading.loops import LONGEST, SAME, Loops, TuneLoops
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.bridge.text.barfill import BarFill
from antiphon.models.codec import Codec
from antiphon.models.note import Note
from hypothesis import given, settings
from hypothesis import strategies as st

CODEC = Codec.default()
DELTA = 0
BAR = [(0, 60, 12), (24, 64, 12), (48, 67, 24)]
OTHER = [(0, 62, 12), (24, 64, 12), (48, 69, 24)]


def heard(*bars: list[tuple[int, int, int]], first: int = 0) -> TuneLoops:
    """Return what has heard bars of (tick, pitch, duration), one after the other."""
    found = TuneLoops(CODEC)
    for bar, notes in enumerate(bars, first):
        for tick, pitch, duration in notes:
            found.hear(bar, tick, [DELTA, pitch, duration])
    return found


def naive(bars: list[str]) -> set[str]:
    """Return with which bars a loop would go on that has had two turns and a bar, by its definition."""
    found = set()
    for size in range(1, LONGEST + 1):
        last = bars[-(2 * size + 1) :]
        if len(last) == 2 * size + 1 and all(last) and last[size:] == last[:-size]:
            found.add(bars[-size])
    return found


@settings(max_examples=500)
@given(st.lists(st.sampled_from(["A", "B", ""]), max_size=24), st.integers(1, 4))
def test_what_is_worn_is_what_its_definition_says(bars: list[str], times: int) -> None:
    kept: Loops[str] = Loops()
    for bar in bars * times:
        assert set(kept.worn(bar)) <= {"A", "B"}
        ahead = set(kept.worn(bar))
        kept.close(bar)
        assert set(kept.worn()) == ahead
    assert set(kept.worn()) == naive(bars * times)


def test_what_goes_on_from_here_changes_nothing_here() -> None:
    told: Loops[str] = Loops()
    for bar in "ABA":
        told.close(bar)
    other = told.copy()
    for bar in "CCC":
        other.close(bar)
    for bar in "BA":
        told.close(bar)
    assert (told.worn(), other.worn()) == (["B"], ["C"])


def test_a_bar_is_worn_when_it_has_come_three_times() -> None:
    assert heard(BAR).worn == []
    assert heard(BAR, BAR).worn == []
    assert heard(BAR, BAR, BAR).worn == [60]
    assert 60 in heard(BAR, BAR, BAR, BAR).worn
    assert heard(OTHER, BAR, BAR, BAR, first=7).worn == [60]


def test_two_bars_in_turns_are_when_the_third_turn_has_begun() -> None:
    assert heard(BAR, OTHER, BAR, OTHER).worn == []
    assert heard(BAR, OTHER, BAR, OTHER, BAR).worn == [62]
    assert heard(BAR, OTHER, BAR, OTHER, BAR, BAR).worn == []


def test_it_is_not_before_the_bar_is_complete() -> None:
    assert heard(BAR, BAR, BAR[:2]).worn == []
    assert heard(BAR, OTHER, BAR, OTHER, BAR[:2]).worn == []


@pytest.mark.parametrize("between", [OTHER, BAR[:2], [], [(0, 60, 12), (24, 64, 12), (48, 67, 12)]])
def test_another_bar_between_begins_the_count_anew(between: list[tuple[int, int, int]]) -> None:
    assert heard(BAR, BAR, between, BAR).worn == []
    assert heard(BAR, BAR, between, BAR, BAR, BAR).worn == [60]


def test_what_is_added_to_a_bar_makes_it_another() -> None:
    found = heard(BAR, BAR, BAR)
    found.hear(2, 72, [DELTA, 72, 12])
    assert found.worn == []


def test_a_copy_goes_on_by_itself() -> None:
    found = heard(BAR, BAR, BAR[:2])
    other = found.copy()
    tick, pitch, duration = BAR[2]
    other.hear(2, tick, [DELTA, pitch, duration])
    other.hear(3, 0, [DELTA, 72, 12])
    assert found.worn == []
    found.hear(2, tick, [DELTA, pitch, duration])
    assert found.worn == [60]


def struck(found: TuneLoops, times: int, pitch: int = 60) -> TuneLoops:
    """Have a pitch struck in a row, within one bar."""
    for _ in range(times):
        found.hear(0, 0, [DELTA, pitch, 12])
    return found


def test_a_pitch_is_worn_that_is_struck_again_and_again() -> None:
    found = struck(TuneLoops(CODEC), SAME - 1)
    assert found.worn == []
    assert struck(found, 1).worn == [60]
    assert struck(found, 1, pitch=62).worn == []
    assert struck(found, SAME - 1).worn == []


def test_a_pitch_may_be_struck_as_often_as_the_context_does() -> None:
    found = TuneLoops(CODEC, [(0, 0, [DELTA, 60, 12])] * (2 * SAME) + [(0, 0, [DELTA, 62, 12])])
    assert struck(found, 2 * SAME - 1).worn == []
    assert struck(found, 1).worn == [60]


def test_text_goes_round_as_little_as_notes() -> None:
    begun = "X:1\nM:4/4\nL:1/4\nK:C\n"
    assert BarFill(begun + "cdef|gage|cdef|gage|").rule().never == ""
    assert "g" in BarFill(begun + "cdef|gage|cdef|gage|cdef|").rule().never
    assert "c" in BarFill(begun + "cdef|cdef|cdef|").rule().never


def longest(engine: Engine, shelf: ModelShelf, seed: int, context: int) -> int:
    """Return how many bars in a row are each the same as the one some bars before, at a low temperature."""
    manifest = shelf.manifest("folk")
    begun: list[Note] = []
    for bars, temperature in ((context, 1.0), (24, 0.5)):
        start = max((note.end for note in begun), default=0.0)
        options = {"metre": "4/4", "bars": bars, "temperature": temperature, "start": -(-start // 4) * 4}
        begun += engine.generate(resolve({}, options, tuple(begun) or None, manifest, seed))[0].notes
    sounded: dict[int, list[tuple[float, int, float]]] = {}
    for note in begun:
        sounded.setdefault(int(note.start // 4), []).append((note.start % 4, note.pitch, note.duration))
    bars_of = [sounded.get(bar, []) for bar in range(context + 24)]
    return max(run(bars_of, size) - size for size in range(1, LONGEST + 1))


def run(bars: list[list[tuple[float, int, float]]], size: int) -> int:
    """Return the most bars in a row that are the same as those ``size`` before."""
    best = found = 0
    for one, other in zip(bars, bars[size:], strict=False):
        found = found + 1 if one and one == other else 0
        best = max(best, found)
    return best


def test_folk_does_not_hammer_one_pitch(
    shipped_shelf: ModelShelf, shipped_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three in a hundred answers to tunes did, at such a temperature."""
    context = tuple(Note(74, i * 0.5, 0.5) for i in range(6))
    options = {"metre": "3/4", "bars": 8, "temperature": 0.2, "scale": "Bb"}

    def most() -> int:
        manifest, found = shipped_shelf.manifest("folk"), 0
        for seed in range(8):
            notes = shipped_engine.generate(resolve({}, options, context, manifest, seed))[0].notes
            found = max(found, *(len(list(same)) for _, same in groupby(note.pitch for note in notes)))
        return found

    assert most() <= SAME
    monkeypatch.setattr(loops, "SAME", 1000)
    assert most() > SAME


def test_folk_goes_on_to_another_bar(
    shipped_shelf: ModelShelf, shipped_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert max(longest(shipped_engine, shipped_shelf, seed, 4) for seed in range(12)) <= 1
    monkeypatch.setattr(loops, "LONGEST", 0)
    assert max(longest(shipped_engine, shipped_shelf, seed, 4) for seed in range(12)) > 8
