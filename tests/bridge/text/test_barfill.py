"""Which characters a model of text may write, so that its bars add up."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from antiphon.bridge.text.barfill import FREE, BarFill, Rule
from antiphon.models.abc import bars
from antiphon.models.metre import Metre
from hypothesis import given, settings
from hypothesis import strategies as st

HEAD = "X:1\nM:6/8\nL:1/8\nK:D\nDEF GAB|"
NOTES = "ABcdz"


def rule(music: str) -> Rule:
    return BarFill(HEAD + music).rule()


def allows(found: Rule, character: str) -> bool:
    return character not in found.never if found.only is None else character in found.only


def allowed_of(found: Rule, characters: str) -> str:
    """Return which of some characters may be written."""
    return "".join(character for character in characters if allows(found, character))


@pytest.mark.parametrize(
    ("music", "characters"),
    [
        ("ABc def", "|:"),
        ("A3 B3", "|:"),
        ("(3ABc def g", "|:"),
        ("(8ABcdABcd efg", "|:"),
        ("(6ABcdef (4ABcd A", "|:"),
        ("(2AB (2cd", "|:"),
        ("A>B c>d ef", "|:"),
        ("A>>B c<d ef", "|:"),
        ("[AC]3 [Bd]3", "|:"),
        ("A3/2B/A/B/ c3", "|:"),
        ("(3:2:3ABc d2e2", "|:"),
        ("(3:2:1A(3:2:1B(3:2:1c d2e2", "|:"),
        ('"Am"A3 {gf}~B3', "|:"),
        ("(ABc def", ")|:"),
        ("ABc def:", "|"),
        ("ABc\\\ndef", "|:\\"),
    ],
)
def test_a_full_bar_is_closed(music: str, characters: str) -> None:
    found = rule(music)
    assert found.only is not None and set(characters) <= set(found.only)
    assert not set(found.only) & set("ABcz^23/")
    assert not found.may_end


@pytest.mark.parametrize("music", ["A", "A2B", "ABc de", "(3ABc d", "A>B c2", "A3/2B/ c", "[AC]2 B"])
def test_a_bar_that_is_not_full_goes_on(music: str) -> None:
    found = rule(music)
    assert not any(allows(found, character) for character in "|:\n\\")
    assert allows(found, "A") and allows(found, "z")
    assert not found.may_end


def test_a_bar_of_many_signs_goes_on_as_one_of_few() -> None:
    found = rule("A/4B/4c/4d/4A/4B/4c/4d/4")
    assert all(allows(found, character) for character in "A(z^ ")


@pytest.mark.parametrize(
    ("music", "allowed", "refused"),
    [
        ("ABc d", "23", "456789"),
        ("ABc de", "2", "34"),
        ("ABc defg", "/", "23|"),
        ("ABc de/", "", "|"),
        ("ABc de>", "f", "|"),
    ],
)
def test_no_length_is_longer_than_what_is_left(music: str, allowed: str, refused: str) -> None:
    assert allowed_of(rule(music), allowed + refused) == allowed


@pytest.mark.parametrize(
    ("music", "allowed", "refused"),
    [
        ("A", "/", ""),
        ("A/", "/24>", "356789"),
        ("A//", "B", "/8<>"),
        ("A/4", "B", "/02468<>"),
        ("A3/4", "B", "0123456789"),
        ("(3A/", "B2", "/4"),
    ],
)
def test_no_note_is_shorter_than_notes_of_tunes_are(music: str, allowed: str, refused: str) -> None:
    """Nor has it a length that only another such would fill the bar after."""
    found = BarFill("X:1\nM:6/8\nL:1/8\nK:D\n" + music).rule()
    assert allowed_of(found, allowed + refused) == allowed


@pytest.mark.parametrize(
    ("told", "may"), [("DEF GAB|", False), ("DEF GA/B/c|", False), ("D//E// EF GAB|", True)]
)
def test_an_answer_has_32nds_where_its_context_has_some(told: str, may: bool) -> None:
    fill = BarFill("X:1\nM:6/8\nL:1/8\nK:D\n" + told, latest=1.5)
    for character in "A/":
        fill.read(character)
    assert allows(fill.rule(), "/") is may


@pytest.mark.parametrize("music", ["ABc deg/8g/8g/2g/8", "(3:2:1ABcdefg//"])
def test_a_bar_with_too_little_left_for_a_note_is_closed(music: str) -> None:
    assert set(rule(music).only or "") >= set("|:")


@pytest.mark.parametrize("music", ["", "(5ABcde", "(5:4:5ABc", "[A2C3]B", "ABc def|"])
def test_what_is_not_begun_or_cannot_be_measured_is_free(music: str) -> None:
    assert rule(music) == FREE


def test_a_pick_up_may_be_short_and_the_end_of_its_section_makes_it_whole() -> None:
    begun = "X:1\nM:6/8\nL:1/8\nK:D\n"
    assert allows(BarFill(begun + "A").rule(), "|")
    assert allows(BarFill(begun + "A|:ABc de").rule(), ":")
    assert BarFill(begun + "A|:ABc de|").rule().only == "|]"
    assert not allows(BarFill(begun + "A|:ABc d").rule(), "|")
    assert allows(BarFill(begun + "A|ABc def|ABc de:|A").rule(), "|"), "the next section's pick-up"
    assert not allows(BarFill(begun + "A|ABc def|ABc de:|ABc de").rule(), "|"), "which this is not"
    assert not allows(BarFill(begun + "A|ABc def|ABc de:|ABc def|ABc de").rule(), "|"), "it had none"


def test_a_tune_without_a_pick_up_begins_with_a_full_bar() -> None:
    begun = "X:1\nM:6/8\nL:1/8\nK:D\n"
    assert not any(allows(BarFill(begun + "|:A2B c", latest=1.5).rule(), c) for c in "|:\n")
    assert allows(BarFill(begun + "|:A2B c2B", latest=1.5).rule(), "|")
    assert not allows(BarFill(begun + "ABc def:|A", latest=1.5).rule(), "|"), "nor has a section one"


@pytest.mark.parametrize(
    ("metre", "unit", "latest", "rests", "allowed", "refused"),
    [
        ("3/2", "1/8", 3.0, "", "zA", "ZX"),
        ("3/2", "1/8", 3.0, "z", "2456z", "789"),
        ("3/2", "1/8", 3.0, "z2z3", "zA/", "2>"),
        ("3/2", "1/8", 3.0, "z2z2 z2", "A(", "zx2"),
        ("7/8", "1/8", 1.75, "z2 z", "A", "z2"),
        ("3/8", "1/4", 0.75, "", "A", "zxZX"),
        ("6/8", "1/8", 1.5, "|:z3", "A", "zZ"),
        ("6/8", "1/8", 1.5, "A2z", "2z", "5"),
    ],
)
def test_no_more_rests_than_may_stand_before_an_answer(
    metre: str, unit: str, latest: float, rests: str, allowed: str, refused: str
) -> None:
    """In its first bar alone, after a context or without one."""
    head = f"X:1\nM:{metre}\nL:{unit}\nK:D\n"
    whole = f"A{int(Metre.parse(metre).beats / Fraction(unit) / 4)}|"
    for begun in (head, head + whole):
        fill = BarFill(begun, latest=latest)
        for character in rests:
            fill.read(character)
        assert allowed_of(fill.rule(), allowed + refused) == allowed


def test_rests_are_free_again_after_the_first_bar_of_an_answer() -> None:
    fill = BarFill(HEAD, latest=1.5)
    for character in "A6|z":
        fill.read(character)
    assert allows(fill.rule(), "5")


@pytest.mark.parametrize(
    ("key", "tonic", "music", "only", "then"),
    [
        ("D", None, "ABc", "Dd", "3|"),
        ("Ador", None, "A2B", "Aa", "3|"),
        ("A dorian", 7, "ABc", "Gg", "3|"),
        ("D", 6, "(3ABc A", "Ff", "3|"),
        ("D", None, "A/4B/Bc", "Dd", "3|"),
        ("D", None, "A(Bc", "Dd", "3)|"),
        ("D", 5, "ABc", "ABCDEFGabcdefg", "3|"),
        ("Enim", None, "ABc", "ABCDEFGabcdefg", "3|"),
    ],
)
def test_a_tune_that_ends_comes_to_rest_on_its_tonic(
    key: str, tonic: int | None, music: str, only: str, then: str
) -> None:
    fill = BarFill(f"X:1\nM:6/8\nL:1/8\nK:{key}\nABc def|")
    fill.end(tonic, 1.5)
    for character in music:
        assert fill.rule().then == ""
        fill.read(character)
    assert (fill.rule().only, fill.rule().then, fill.rule().may_end) == (only, then, False)
    for character in f"{only[0]}{then}ABc":
        fill.read(character)
    assert fill.rule().then == "", "that bar is over"


@pytest.mark.parametrize(
    ("music", "allowed", "refused"),
    [
        ("", "ABc(", ""),
        ("A", "23/B<", "456|"),
        ("AB", "2c", "3|"),
        ("AB>", "c", "|>"),
        ("AB3/2B", "/", "Dd|2"),
        ("(5ABcde", "A|", ""),
    ],
)
def test_what_comes_before_the_last_note_leaves_it_its_room(music: str, allowed: str, refused: str) -> None:
    fill = BarFill(HEAD)
    fill.end(None, 1.5)
    for character in music:
        fill.read(character)
    assert allowed_of(fill.rule(), allowed + refused) == allowed


@pytest.mark.parametrize(
    ("unit", "beats", "then"),
    [("1/4", 1.5, "3/2|"), ("1/16", 1.5, "6|"), ("1/8", 9.0, "6|"), ("1/2", 2.0, "|")],
)
def test_a_last_note_is_as_long_as_told_but_no_longer_than_its_bar(
    unit: str, beats: float, then: str
) -> None:
    fill = BarFill(f"X:1\nM:6/8\nL:{unit}\nK:D\n")
    fill.end(None, beats)
    fill.read({"1/4": "A3/2", "1/16": "A6", "1/8": "", "1/2": "A/2"}[unit][:1] or " ")
    for character in {"1/4": "3/2", "1/16": "6", "1/8": "", "1/2": "/2"}[unit]:
        fill.read(character)
    assert (fill.rule().only, fill.rule().then) == ("Dd", then)


def test_repeats_do_not_begin_in_one_another() -> None:
    assert not allows(rule("|:ABc def|"), ":")
    assert allows(rule("|:ABc def:|"), ":")
    assert not rule("|:ABc def|").may_end and not rule("|: ").may_end
    assert rule("|:ABc def|]").may_end and rule("|:ABc def|\n").may_end, "what is over goes on as noise"


@pytest.mark.parametrize(
    ("music", "only"), [("[ABcdefgabcdefgabcdefga", "]"), ('"nothing that anybody plays', '"')]
)
def test_chords_and_words_end(music: str, only: str) -> None:
    assert rule(music).only == only


@pytest.mark.parametrize(
    "silence", ["z6|", "z4 z2|", "z3 x3|", "Z|", "z4-z2||", "z4\\\nz2|", "z6|1 ", "z6:|\n|:"]
)
def test_silence_does_not_go_on_for_a_second_bar(silence: str) -> None:
    found = rule(silence)
    assert not any(allows(found, rest) for rest in "zxZX")
    assert allows(found, "A")
    assert allows(rule(silence + "A2"), "z"), "a note has been written"
    assert allows(rule(silence + "A2z4|"), "z"), "the bar before has a note"


@pytest.mark.parametrize("music", ["", "A2z4|", "[AC]2z4|", "z4{g}A2|", '"z"A6|'])
def test_a_bar_may_begin_with_a_rest(music: str) -> None:
    assert allows(rule(music), "z")


@pytest.mark.parametrize(
    ("music", "allowed", "refused"),
    [
        ("z", "2345zA", "6"),
        ("z4 ", "zA", "|"),
        ("z4 z", "/A", "2z|"),
        ("z4 zz/", "A", "z|"),
        ("A4z", "2", "3"),
    ],
)
def test_rests_alone_fill_no_bar(music: str, allowed: str, refused: str) -> None:
    assert allowed_of(rule(music), allowed + refused) == allowed


@pytest.mark.parametrize(
    "empty",
    [
        "| ",
        " | ",
        "|\n|",
        "|\n| ",
        "|\n|\n",
        "|.",
        '| "Am" ',
        "| {ab}",
        "|\nT:x\n|\n",
        "||",
        "|]",
        "|: ",
        "|:\n",
        ":| ",
    ],
)
def test_no_barline_follows_a_barline(empty: str) -> None:
    found = rule("ABc def" + empty)
    assert allows(found, "|") == (empty == "|\n|"), "which may be a double barline"
    assert allows(found, "A")
    assert not allows(rule("\nM:none\nABc def" + empty), "|") or empty == "|\n|", "where bars have no length"


@pytest.mark.parametrize("begun", ["|", "||\n", "||\n|", ":|\n", ":|\n|", ":", ":|", "|\n"])
def test_signs_that_are_one_barline_do(begun: str) -> None:
    assert allows(rule("ABc def" + begun), "|")
    assert allows(rule("ABc def" + begun), ":") == begun.endswith(("|", "\n"))


@pytest.mark.parametrize("sign", [".", "^", ". ", "~."])
def test_one_sign_does_not_come_for_ever(sign: str) -> None:
    found = rule("ABc " + sign * 21)
    assert found.only is not None and set("ABcd") <= set(found.only)
    assert not set(sign + "|z") & set(found.only)
    assert allows(rule("ABc " + sign * 2), sign[0])
    assert rule("\nT:" + sign * 21) == FREE


def test_no_bar_comes_a_fourth_time_in_a_row() -> None:
    three = "^A2d cdB|" + '"Am" (^A2d) cdB :|\n' + "^A2{e}dc dB|"
    assert not allows(rule(three), "A")
    assert not allows(rule(three + "z^"), "A"), "a rest before makes it no other"
    assert all(allows(rule(three), character) for character in "aBz^(")
    assert allows(rule(three + "B"), "A")
    assert allows(rule(three + "\nT:"), "A")
    assert allows(rule("^A2d cdB|" * 2), "A")
    assert allows(rule(three + "B2d cdB|"), "A"), "another came between"
    assert allows(rule("^A2d cdB|^A2d cdB|^A2d cdA|"), "A")


def test_nor_does_a_bar_of_chords() -> None:
    three = "[AC]2Bcde|" * 3
    assert allows(rule(three), "[") and not allows(rule(three + "["), "A")
    assert allows(rule(three + "["), "B")


def test_silence_does_not_go_on_where_bars_have_no_length() -> None:
    assert not allows(rule("\nM:none\nz4|"), "z")
    assert allows(rule("z6|\nT:z"), "z"), "a field is no music"


def test_fields_change_the_metre_and_are_no_music() -> None:
    assert rule("\nM:2/4\nABcd").only is not None
    assert rule("\nT:A full bar of nothing | at all") == FREE
    assert rule("\nM:none\nABcd") == FREE
    assert rule("\nK:D\nT:one|two\n") == rule("\nK:D\nT:one two\n")


@given(
    st.integers(0, 2**32),
    st.sampled_from(("6/8", "4/4", "3/4", "2/4", "9/8")),
    st.sampled_from(("1/8", "1/16")),
)
@settings(max_examples=200)
def test_whoever_keeps_the_rules_writes_bars_that_add_up(seed: int, metre: str, unit: str) -> None:
    chance = random.Random(seed)
    text = f"X:1\nM:{metre}\nL:{unit}\nK:C\n"
    fill = BarFill(text)
    while len(text) < 300:
        found = fill.rule()
        more = "234/> " if text[-1] in NOTES else "/" if found.only == "/" else ""
        text += chance.choice([c for c in NOTES + "|" + more if allows(found, c)])
        fill.read(text[-1])
    found = bars(text[: text.rindex("|") + 1])
    assert len(found) > 2
    # The last section's pick-up waits for an end that is not written.
    assert all(bar.fits or bar.beats == found[0].beats for bar in found), text
