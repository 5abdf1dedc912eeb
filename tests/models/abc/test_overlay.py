"""What & lays over a bar sounds beside it, in the same part."""

from __future__ import annotations

import pytest
from antiphon.models.abc import AbcError, bars, read_abc, repair_abc
from antiphon.models.metre import Metre

HEADER = "X:1\nM:4/4\nL:1/4\nK:C\n"


def heard(music: str, *, repeats: bool = True) -> list[tuple[int, float, float]]:
    """Return pitch, onset and length of each note."""
    score = read_abc(HEADER + music, repeats=repeats)
    assert [part.name for part in score.parts] == [""]
    return [(n.pitch, n.start, n.duration) for n in score.notes]


def test_an_overlay_begins_with_its_bar() -> None:
    assert heard("C4|D2E2 & A4|F4|") == [(60, 0, 4), (62, 4, 2), (69, 4, 4), (64, 6, 2), (65, 8, 4)]


def test_the_bars_are_those_of_the_voice() -> None:
    score = read_abc(HEADER + "C|D4 & A4|F4|")
    assert score.metres.changes == ((1.0, Metre(4, 4)),)
    assert [bar.beats for bar in bars(HEADER + "C|D4 & A4|F4|")] == [1, 4, 4]


def test_a_bar_may_have_several_and_the_next_line_goes_on() -> None:
    assert heard("C4 & E4 &\\\nG4|c4|") == [(60, 0, 4), (64, 0, 4), (67, 0, 4), (72, 4, 4)]


def test_rests_before_an_overlay_are_as_long_as_what_sounds_there() -> None:
    before = "(3CDE F>G|Z|(c2[Ee]2)-|[Ee]4"
    *_, last = heard(f"{before} & B4|")
    assert last == (71, 12, 4)
    assert len(heard(f"{before} & B4|")) == len(heard(f"{before}|")) + 1


def test_overlays_are_repeated_with_their_bars() -> None:
    music = "C4 & E4|1 D4 & F4:|2 G4|"
    low, high = (60, 62, 60, 67), (64, 65, 64)
    assert [p for p, *_ in heard(music)] == [60, 64, 62, 65, 60, 64, 67]
    assert [(p, s) for p, s, _ in heard(music) if p in low] == list(zip(low, (0, 4, 8, 12), strict=True))
    assert [(p, s) for p, s, _ in heard(music) if p in high] == list(zip(high, (0, 4, 8), strict=True))
    assert [p for p, *_ in heard(music, repeats=False)] == [60, 64, 62, 65, 67]


def test_a_tie_of_an_overlay_goes_to_the_next_one() -> None:
    assert heard("C4 & E4-|D4 & E4|") == [(60, 0, 4), (64, 0, 8), (62, 4, 4)]
    assert heard("C4 & E4-|E4|") == [(60, 0, 4), (64, 0, 4), (64, 4, 4)]


def test_fields_hold_for_the_bars_after_them() -> None:
    assert heard("C4 & [K:G]F4|F4 & F4|") == [(60, 0, 4), (66, 0, 4), (66, 4, 4), (66, 4, 4)]
    assert heard("[L:1/8]C8 & E8|D8 & F8|")[2:] == [(62, 4, 4), (65, 4, 4)]


def test_a_short_overlay_ends_before_its_bar_and_a_long_one_is_named() -> None:
    assert heard("C4 & E|D4 & F4|") == [(60, 0, 4), (64, 0, 1), (62, 4, 4), (65, 4, 4)]
    assert heard("C4 & E|D4") == [(60, 0, 4), (64, 0, 1), (62, 4, 4)]
    with pytest.raises(AbcError, match="line 5, column 9: what & lays over the bar is longer"):
        heard("C4|D2 & E4|")


@pytest.mark.parametrize("music", ["C4|D4 && E4|F4|", "(&C4|D4 & E4|F4 &)|"])
def test_overlays_of_several_bars_are_named(music: str) -> None:
    with pytest.raises(AbcError, match="lays several bars over others, which is not read"):
        heard(music)


def test_overlays_are_bounded() -> None:
    assert len(heard("C4" + "& E4" * 8 + "|")) == 9
    with pytest.raises(AbcError, match=r"line 5, column 36: more than 8 times & in a bar"):
        heard("C4|" + "& E4" * 9 + "|")


def test_each_voice_keeps_its_own() -> None:
    score = read_abc(HEADER + "V:1\nC4|D4 & A4|\nV:2\nE4 & G4|F4|\n")
    assert [(n.pitch, n.start, n.part) for n in score.notes] == [
        (60, 0, 0), (64, 0, 1), (67, 0, 1), (62, 4, 0), (69, 4, 0), (65, 4, 1)]  # fmt: skip


def test_a_mended_tune_has_none() -> None:
    assert repair_abc(HEADER + "C4 & E4|D4|") == HEADER + "C4 |D4|"
