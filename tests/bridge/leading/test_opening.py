"""Where an answer's first step stands: bars, metres, pick-ups, long gaps."""

from __future__ import annotations

from dataclasses import replace

import pytest
from antiphon.bridge.leading.context import in_phrase, read_context
from antiphon.bridge.leading.opening import bars_in, opening
from antiphon.models.codec import Codec
from antiphon.models.field import Field
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.note import Note
from tiny_model import tiny_manifest

MANIFEST = tiny_manifest(codec=Codec.default(parts=2))
FOUR = MetreMap()


def melody(*starts: float) -> list[Note]:
    return [Note(60, start, 0.5) for start in starts]


def test_without_a_context_the_answer_starts_on_a_barline() -> None:
    context = read_context(MANIFEST, [], FOUR)
    assert context.notes == 0
    start = opening(MANIFEST, context, 7.5, Metre(6, 8))
    assert (start.gap, start.clock, start.first_bar) == (0, (0, 0, 72), 0)
    assert MANIFEST.metres[start.metre - 1] == "6/8"


def test_a_note_that_is_written_after_the_answers_start_is_no_step_back() -> None:
    """Played a little before the start, and meant for a place after it."""
    sixteenths = tuple(range(0, 97, 6))
    codec = Codec(
        (Field("delta", sixteenths), Field("pitch", tuple(range(128))), Field("duration", sixteenths[1:]))
    )
    manifest = tiny_manifest(codec=codec)
    context = read_context(manifest, melody(0.03, 0.97, 2.04, 2.96, 4.03, 4.96, 5.97, 6.89), FOUR)
    assert context.last_beat == 7.0
    start = opening(manifest, context, 6.9, Metre(4, 4))
    assert (start.gap, start.clock, start.first_bar) == (0, (1, 0, 96), 1)


def test_the_same_bars_go_on() -> None:
    context = read_context(MANIFEST, melody(0.0, 3.0, 6.5), FOUR)
    start = opening(MANIFEST, context, 8.0, Metre(4, 4))
    assert (start.gap, start.clock, start.first_bar) == (36, (1, 60, 96), 2)


def test_another_metre_counts_its_bars_from_the_start() -> None:
    context = read_context(MANIFEST, melody(0.0, 3.0, 6.5), FOUR)
    start = opening(MANIFEST, context, 8.0, Metre(3, 4))
    bar, place, length = start.clock
    assert (start.gap, length) == (36, 72)
    assert (place + start.gap) % length == 0  # the start is a barline of three
    assert bar + (place + start.gap) // length == start.first_bar
    assert MANIFEST.metres[start.metre - 1] == "3/4"


def test_after_a_pick_up_the_barline_is_the_contexts() -> None:
    """Bars of 3/4 whose first full one starts at beat 1: a pick-up of one beat."""
    metres = MetreMap(((1.0, Metre(3, 4)),))
    context = read_context(MANIFEST, melody(0.0, 1.0, 2.0, 3.0, 4.0), metres)
    assert context.codes[0, 0] == 48  # the pick-up stands on the third beat of its bar
    assert context.clocks[1].tolist() == [0, 48, 72]
    assert metres.next_barline(4.5) == 7.0
    start = opening(MANIFEST, context, 7.0, Metre(3, 4))
    assert (start.gap, start.clock, start.first_bar) == (72, (2, 0, 72), 3)


def test_a_start_anywhere_becomes_a_barline() -> None:
    context = read_context(MANIFEST, melody(0.0, 1.0), FOUR)
    start = opening(MANIFEST, context, 2.5, Metre(4, 4))
    bar, place, length = start.clock
    assert (bar * length + place + start.gap) == start.first_bar * length


@pytest.mark.parametrize("beats", [17.0, 100.0, 1234.5])
def test_long_silence_is_shortened_by_whole_bars(beats: float) -> None:
    context = read_context(MANIFEST, melody(0.0), FOUR)
    start = opening(MANIFEST, context, beats, Metre(4, 4))
    ticks = MANIFEST.codec["delta"].values
    assert start.gap in ticks and start.gap + 96 <= ticks[-1]
    assert (start.gap - MANIFEST.codec.to_ticks(beats)) % 96 == 0


@pytest.mark.parametrize(
    ("end", "start", "gap"),
    [
        (7.0, 8.0, 36),  # the next barline
        (8.0, 12.0, 36),  # a bar of rest
        (8.0, 1000.0, 36),
        (8.3, 12.0, 36),  # let go a little late
        (9.0, 12.0, 132),  # rings on: no whole bar is silent
        (9.0, 16.0, 132),
        (12.0, 12.0, 132),  # a held note up to the answer
        (20.0, 12.0, 132),  # and beyond
        (30.0, 20.0, 228),  # of 324 ticks, no bar of which is silent: a bar's choice must be left
    ],
)
def test_bars_of_rest_are_left_out(end: float, start: float, gap: int) -> None:
    notes = [Note(60, 0.0, 0.5), Note(62, 6.5, end - 6.5)]
    found = opening(MANIFEST, read_context(MANIFEST, notes, FOUR), start, Metre(4, 4))
    assert found.gap == gap
    assert (found.clock[1] + gap) % 96 == 0
    assert found.latest == gap + 47


def test_a_short_note_on_the_barline_before_keeps_its_distance() -> None:
    context = read_context(MANIFEST, [Note(60, 8.0, 0.05)], FOUR)
    assert opening(MANIFEST, context, 12.0, Metre(4, 4)).gap == 96


def test_a_gap_that_the_table_lacks_is_lengthened() -> None:
    codec = Codec((Field("delta", (0, 12, 24, 96)), Field("pitch", (60, 62))))
    manifest = replace(MANIFEST, codec=codec)
    context = read_context(manifest, [Note(60, 0.0, 1.0), Note(60, 3.0, 1.3)], FOUR)
    start = opening(manifest, context, 4.0, Metre(1, 8))  # bars of 12: 24 is there
    assert start.gap == 24
    start = opening(manifest, context, 4.25, Metre(1, 16))  # bars of 6; 30 is not, nor is 36
    assert start.gap in codec["delta"].values
    assert start.clock[1] < 6 and (start.clock[1] + start.gap) % 6 == 0


def test_bars_longer_than_the_table() -> None:
    context = read_context(MANIFEST, melody(0.0), FOUR)
    start = opening(MANIFEST, context, 60.0, Metre(64, 1))
    assert start.gap <= MANIFEST.codec["delta"].values[-1]


PHRASED = replace(MANIFEST, phrases=True)


def test_a_model_that_knows_phrases_is_told_where_each_bar_is() -> None:
    context = read_context(PHRASED, melody(16.0, 20.0, 24.0, 28.0, 28.5), FOUR)
    assert context.remaining.tolist() == [33, 33, 34, 35, 36]  # of what each step reads
    start = opening(PHRASED, context, 32.0, Metre(4, 4))
    assert (start.first_bar, start.phrase) == (4, 4)
    assert [in_phrase(start.phrase, bar) for bar in (-1, 0, 3, 4)] == [36, 37, 40, 33]


def test_a_phrase_begins_after_a_pick_up() -> None:
    context = read_context(PHRASED, melody(3.5, 4.0, 8.0), FOUR)
    assert context.remaining.tolist() == [40, 40, 33]
    assert opening(PHRASED, context, 12.0, Metre(4, 4)).phrase == 2
    late = read_context(PHRASED, melody(1.5, 4.0), FOUR)
    assert opening(PHRASED, late, 8.0, Metre(4, 4)).phrase == 2


def test_a_context_may_begin_later_in_its_phrase() -> None:
    notes = melody(0.0, 4.0, 8.0, 12.0)
    context = read_context(PHRASED, notes, FOUR, 7)
    assert context.remaining.tolist() == [39, 39, 40, 33]
    assert opening(PHRASED, context, 16.0, Metre(4, 4)).phrase == 10
    assert read_context(PHRASED, melody(3.5, 4.0, 8.0), FOUR, 7).remaining.tolist() == [38, 38, 39]
    unknown = read_context(PHRASED, notes, FOUR, 0)
    assert unknown.remaining.tolist() == [0] * 4
    assert opening(PHRASED, unknown, 16.0, Metre(4, 4)).phrase is None


@pytest.mark.parametrize(("first", "phrase"), [(2.0, 2), (1.9, 2), (1.75, 3), (-0.02, 3), (-2.1, 3)])
def test_a_pick_up_may_be_early(first: float, phrase: int) -> None:
    context = read_context(PHRASED, melody(first, 4.0, 8.0), FOUR)
    assert opening(PHRASED, context, 12.0, Metre(4, 4)).phrase == phrase


def test_phrases_wait_through_silence_as_the_bars_do() -> None:
    context = read_context(PHRASED, melody(0.0, 4.0), FOUR)
    for start in (8.0, 16.0, 400.0):
        found = opening(PHRASED, context, start, Metre(4, 4))
        assert (found.first_bar, found.phrase) == (2, 2)


@pytest.mark.parametrize("metre", [Metre(4, 4), Metre(3, 4), Metre(6, 8), Metre(2, 4), Metre(6, 4)])
def test_phrases_count_the_bars_of_the_context_s_metre(metre: Metre) -> None:
    held = [*melody(0.0, 4.0, 8.0), Note(60, 12.0, 4.0)]
    for notes in (held, melody(0.0, 4.0, 8.0, 12.0, 15.0)):
        assert opening(PHRASED, read_context(PHRASED, notes, FOUR), 16.0, metre).phrase == 4


def test_phrases_go_on_in_a_context_that_is_cut() -> None:
    notes = melody(*(i * 0.5 for i in range(150)))  # 18 bars and three quarters, of which 100 notes are read
    cut = read_context(PHRASED, notes, FOUR)
    assert cut.remaining[0] == 33 + 6  # from the seventh bar on
    assert opening(PHRASED, cut, 76.0, Metre(4, 4)).phrase == 19


def test_a_model_that_knows_no_phrases_is_told_nothing() -> None:
    context = read_context(MANIFEST, melody(0.0, 4.0), FOUR)
    assert context.remaining.tolist() == [0, 0]
    start = opening(MANIFEST, context, 8.0, Metre(4, 4))
    assert start.phrase is None
    assert in_phrase(start.phrase, 3) == 0


def test_a_phrase_begins_where_nothing_was_played() -> None:
    assert opening(PHRASED, read_context(PHRASED, [], FOUR), 8.0, Metre(4, 4)).phrase == 0


def test_bars_in() -> None:
    assert [bars_in(beats, Metre(3, 4)) for beats in (0.1, 3.0, 3.1, 12.0)] == [1, 1, 2, 4]
