"""Codes become notes: cut, separated, in order."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import ceil

import numpy as np
import pytest
from antiphon.bridge.take.writer import NoteWriter
from antiphon.models.codec import Codec
from antiphon.models.field import Field
from antiphon.models.note import Note
from hypothesis import given
from hypothesis import strategies as st

CODEC = Codec(
    (
        Field("delta", tuple(range(97))),
        Field("part", (0, 1)),
        Field("pitch", tuple(range(128))),
        Field("duration", (6, 12, 24, 48, 96)),
    )
)
PLAYED = Codec(
    (
        Field("delta", tuple(range(49))),
        Field("pitch", (36, 38)),
        Field("velocity", (20, 60, 100)),
        Field("offset", (-0.4, 0.0, 0.4)),
    )
)
QUARTER, WHOLE = 2, 4


def writer(
    *,
    voices: int | None = 2,
    start: float = 8.0,
    beats: float = 4.0,
    gap: int = 0,
    codec: Codec = CODEC,
) -> NoteWriter:
    return NoteWriter(codec, voices=voices, start=start, end=start + beats, gap=gap)


def write(w: NoteWriter, *rows: tuple[int, ...]) -> list[Note]:
    """Write rows; return what is ready on the way and at the end, as starts and lengths."""
    found = []
    for row in rows:
        assert w.write(row) == "note"
        found += w.ready()
    return found + w.rest()


def test_notes_lie_on_the_hosts_timeline() -> None:
    assert write(writer(gap=36), (36, 1, 60, QUARTER), (12, 0, 62, QUARTER)) == [
        Note(60, 8.0, 1.0, 80, 1),
        Note(62, 8.5, 1.0, 80, 0),
    ]


def test_a_note_is_cut_at_the_end_and_told_so_to_the_model() -> None:
    w = writer()
    assert w.write((60, 0, 60, WHOLE)) == "note"
    assert w.codes == [60, 0, 60, 2]  # 36 ticks are left; the table's next below is 24
    assert w.rest() == [Note(60, 10.5, 1.5)]
    assert w.write((0, 1, 50, 0)) == "note"
    assert w.codes is None


def test_the_end_is_not_part_of_the_answer() -> None:
    assert writer().write((95, 0, 60, 0)) == "note"
    assert writer().write((96, 0, 60, 0)) == "end"
    assert writer(beats=3.97).write((95, 0, 60, 0)) == "note"
    assert writer(beats=3.95).write((95, 0, 60, 0)) == "end"


def test_a_note_begins_when_its_voices_last_one_is_over_and_ends_where_it_would() -> None:
    notes = write(writer(), (0, 0, 60, QUARTER), (12, 0, 64, QUARTER), (0, 1, 50, WHOLE))
    assert notes == [Note(60, 8.0, 1.0), Note(50, 8.5, 3.5, 80, 1), Note(64, 9.0, 0.5)]


def test_a_note_that_is_over_before_its_voices_last_one_is_dropped() -> None:
    w = writer()
    assert w.write((0, 0, 60, WHOLE)) == "note"
    assert [w.write((24, 0, 64, QUARTER)), w.least] == ["dropped", 1]
    assert w.write((72, 0, 65, QUARTER)) == "end"
    assert w.rest() == [Note(60, 8.0, 4.0)]


def test_a_note_that_waits_is_told_in_its_turn() -> None:
    w = writer(beats=8.0)
    w.write((0, 0, 60, QUARTER))
    assert w.ready() == [Note(60, 8.0, 1.0)]
    w.write((12, 0, 64, WHOLE))  # from 9 on
    assert w.ready() == []
    w.write((6, 1, 50, QUARTER))
    assert w.ready() == [Note(50, 8.75, 1.0, 80, 1), Note(64, 9.0, 3.5)]  # nothing can begin before that
    w.write((24, 1, 52, QUARTER))
    assert w.ready() == [Note(52, 9.75, 1.0, 80, 1)]


def test_a_voice_off_the_grid_is_cut_by_its_next_note() -> None:
    played = Codec((*PLAYED.fields[:2], Field("duration", (6, 12, 24)), PLAYED.fields[3]))
    first, second = write(writer(voices=1, codec=played), (0, 0, 2, 1), (12, 1, 2, 1))
    assert (first.duration, second.start) == pytest.approx((0.5, 8.5))


def test_a_polyphonic_part_is_cut_by_the_same_pitch_only() -> None:
    rows = ((0, 0, 60, WHOLE), (24, 0, 64, QUARTER), (24, 0, 60, QUARTER))
    notes = write(writer(voices=None), *rows)
    assert notes == [Note(60, 8.0, 2.0), Note(64, 9.0, 1.0), Note(60, 10.0, 1.0)]


@pytest.mark.parametrize(("voices", "pitch"), [(2, 64), (None, 60)])
def test_a_second_note_in_the_same_place_is_dropped(voices: int | None, pitch: int) -> None:
    w = writer(voices=voices)
    assert w.write((12, 0, 60, QUARTER)) == "note"
    assert w.write((0, 0, pitch, WHOLE)) == "dropped"
    assert w.least == 1  # else the same might be dropped for ever
    assert w.write((0, 1, pitch, WHOLE)) == "note"
    assert w.total == 2
    assert [n.part for n in w.rest()] == [0, 1]


def test_a_note_may_still_be_cut_by_one_that_is_played_early() -> None:
    w = writer(voices=None, codec=PLAYED)
    w.write((0, 0, 1, 1))
    w.write((1, 1, 1, 1))
    assert w.ready() == []
    w.write((0, 0, 1, 0))
    assert w.rest()[0].duration == pytest.approx(0.6 / 24)


def test_notes_are_ready_once_nothing_can_touch_them() -> None:
    w = writer(voices=None)
    w.write((0, 0, 60, WHOLE))
    assert w.ready() == []
    w.write((24, 1, 50, QUARTER))
    assert w.ready() == []  # the first note may still be cut
    w.write((12, 1, 50, QUARTER))
    assert w.ready() == []  # the second is fixed, but they come in order
    w.write((12, 0, 60, QUARTER))
    assert w.ready() == [Note(60, 8.0, 2.0), Note(50, 9.0, 0.5, 80, 1)]
    assert w.ready() == []
    assert len(w.rest()) == 2


def test_where_all_voices_sound_the_next_note_waits_for_the_first_of_them_to_end() -> None:
    w = writer(beats=8.0)
    w.write((0, 0, 60, WHOLE))
    assert w.least == 0  # the other voice may begin, too
    w.write((12, 1, 50, QUARTER))
    assert w.least == 24
    w.write((24, 1, 52, 0))
    assert w.least == 6
    w.write((12, 1, 53, WHOLE))
    assert w.least == 96 - 48  # the first note's end


@pytest.mark.parametrize("voices", [1, 2])
def test_voices_are_told_at_once(voices: int) -> None:
    w = writer(voices=voices)
    for delta, pitch in ((0, 60), (24, 62), (36, 64)):
        w.write((delta, 0, pitch, QUARTER))
        assert [note.pitch for note in w.ready()] == [pitch]
        assert w.least == (24 if voices == 1 else 0)


def test_a_voice_that_sounds_for_longer_than_any_delta_keeps_the_next_note_waiting() -> None:
    short = replace(CODEC, fields=(Field("delta", (0, 12, 24)), *CODEC.fields[1:]))
    w = writer(voices=1, codec=short)
    w.write((0, 0, 60, 3))
    assert w.least == 24
    assert w.ready() == [Note(60, 8.0, 2.0)]
    w.write((2, 0, 62, WHOLE))
    assert w.rest() == [Note(62, 10.0, 2.0)]


@pytest.mark.parametrize("start", [0.0, -8.0, -2.0, 1 / 3, float(np.float32(100000.3)), -999999.7])
def test_when_a_note_may_come_does_not_depend_on_where_the_answer_is(start: float) -> None:
    w = writer(start=start, beats=8.0)
    found = []
    for row in ((0, 0, 60, WHOLE), (12, 1, 50, QUARTER), (24, 1, 52, 0), (12, 1, 53, WHOLE)):
        assert w.write(row) == "note"
        found.append((w.least, len(w.ready())))
    assert found == [(0, 1), (24, 1), (6, 1), (48, 1)]


@pytest.mark.parametrize("offset", [0, 1, 2])
def test_a_note_played_late_holds_the_next_one_up_no_longer_than_it_is_written(offset: int) -> None:
    played = Codec((*PLAYED.fields[:2], Field("duration", (6, 12, 24)), PLAYED.fields[3]))
    w = writer(voices=1, codec=played)
    assert w.write((0, 0, 1, offset)) == "note"
    assert w.least == 12
    assert w.write((12, 1, 1, 0)) == "note"
    first, second = (*w.ready(), *w.rest())
    assert first.end <= second.start + 1e-9


def test_many_voices_wait_for_nothing() -> None:
    w = writer(voices=None)
    for part in (0, 1):
        w.write((0, part, 60, WHOLE))
        assert w.least == 0


def test_offsets_move_notes_but_not_out_of_the_answer() -> None:
    notes = write(writer(codec=PLAYED, voices=None), (0, 0, 1, 0), (24, 1, 2, 0), (24, 0, 0, 2))
    tick = 1 / 24
    assert [n.velocity for n in notes] == [60, 100, 20]
    assert [n.start for n in notes] == pytest.approx([8.0, 9.0 - 0.4 * tick, 10.0 + 0.4 * tick])
    assert [n.duration for n in notes] == pytest.approx([tick] * 3)
    [last] = write(writer(codec=PLAYED, beats=0.01), (0, 0, 0, 2))
    assert last.start == 8.0
    assert last.end == pytest.approx(8.01)


def test_a_note_that_begins_late_is_cut_by_the_grid() -> None:
    played = Codec((*PLAYED.fields[:2], Field("duration", (6, 12, 24)), PLAYED.fields[3]))
    w = writer(codec=played, beats=1.0)
    assert w.write((12, 0, 2, 2)) == "note"
    assert w.codes == [12, 0, 1, 2]
    [note] = w.rest()
    assert (note.start, note.end) == pytest.approx((8.0 + 12.4 / 24, 9.0))


def test_of_two_notes_of_a_voice_an_instant_apart_one_is_dropped() -> None:
    """One late by half a tick, one early by as much."""
    half = Codec((*PLAYED.fields[:3], Field("offset", (-0.499999, 0.0, 0.499999))))
    w = writer(voices=1, codec=half)
    assert w.write((0, 0, 1, 2)) == "note"
    assert w.write((1, 0, 1, 0)) == "dropped"
    assert w.write((1, 0, 1, 0)) == "note"
    assert [note.duration for note in w.rest()] == pytest.approx([1 / 24] * 2, rel=1e-3)


def test_progress() -> None:
    w = writer(gap=48)
    w.write((48, 0, 60, 0))
    assert w.done == 0.0
    w.write((48, 0, 60, 0))
    assert w.done == 0.5


@pytest.mark.parametrize("codec", [CODEC, PLAYED])
@pytest.mark.parametrize("beats", ["16/3", "8/3", "2/3", "9/4", "1/10", "4"])
@pytest.mark.parametrize("start", ["0", "1/3", "1000"])
def test_a_length_of_32_bits_has_no_room_for_one_note_more(codec: Codec, beats: str, start: str) -> None:
    """16/3 comes as 5.3333335: what that is too long holds no note."""
    length, begins = Fraction(beats), Fraction(start)
    wanted = ceil(length * codec.ticks_per_beat) - 1
    if codec is PLAYED:
        wanted -= min(2, wanted)
    for number in float, lambda exact: float(np.float32(exact)):
        ends = number(begins) + number(length)
        told = NoteWriter(codec, voices=2, start=number(begins), end=ends, gap=0)
        assert told.last_tick == wanted


def test_a_stroke_ahead_of_the_downbeat_after_the_end_is_none_of_the_answer() -> None:
    for tick, said in ((93, "note"), (94, "end"), (95, "end")):
        played = writer(codec=PLAYED, voices=None)
        assert played.write((48, 0, 1, 1)) == "note"
        assert played.write((tick - 48, 0, 1, 1)) == said
    assert writer(codec=PLAYED, voices=None, beats=1 / 24).write((0, 0, 1, 1)) == "note"


ROWS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 1), st.integers(50, 70), st.integers(0, 4)), max_size=40
)


@given(ROWS, st.integers(1, 2))
def test_voices_come_in_order_and_never_overlap(rows: list[tuple[int, ...]], voices: int) -> None:
    w, told, chosen = writer(voices=voices, beats=12.0), [], 0
    for delta, part, pitch, duration in rows:
        said = w.write((max(delta, w.least), part % voices, pitch, duration))
        if said == "end":
            break
        chosen += said == "note"
        told += w.ready()
    told += w.rest()
    assert len(told) == chosen == w.total
    assert told == sorted(told, key=lambda note: note.start)
    assert all(8.0 <= note.start < note.end <= 20.0 for note in told)
    for part in range(voices):
        own = [note for note in told if note.part == part]
        assert all(a.end <= b.start + 1e-6 for a, b in pairwise(own))
