"""Notes become codes and come back."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from antiphon.models.codec import Codec
from antiphon.models.errors import CodecError
from antiphon.models.field import Field, offset_table, velocity_table
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.note import Note
from antiphon.models.score import Score
from hypothesis import assume, given
from hypothesis import strategies as st

TICKS = 24
CODEC = Codec.default(parts=3)
PLAYED = Codec.default(parts=3, velocity_bins=32, offset_bins=9)
METRES = ("4/4", "3/4", "6/8", "5/8", "7/8", "2/2", "12/8", "9/16")
GRIDS = (1, 3, 4, 6, 8, 12, 24)
"""Ticks of a 96th, a 32nd, a sextuplet, a 16th, a triplet, an eighth, a quarter."""


@st.composite
def metre_maps(draw: st.DrawFn) -> MetreMap:
    """Return metres that change on barlines, the first of which may come after a pick-up."""
    barline = draw(st.integers(0, 95)) / TICKS
    changes = []
    for _ in range(draw(st.integers(1, 4))):
        metre = Metre.parse(draw(st.sampled_from(METRES)))
        changes.append((barline, metre))
        barline += draw(st.integers(1, 6)) * metre.beats
    return MetreMap(tuple(changes))


@st.composite
def on_grid(draw: st.DrawFn) -> tuple[Note, ...]:
    """Return notes on the grid, in any order, no two alike in start, part and pitch."""
    grid = draw(st.sampled_from(GRIDS))
    note = st.tuples(
        st.integers(0, 12 * TICKS // grid), st.integers(0, 2), st.integers(0, 127),
        st.integers(1, 4 * TICKS // grid),
    )  # fmt: skip
    rows = draw(st.lists(note, min_size=1, max_size=40, unique_by=lambda row: row[:3]))
    first = draw(st.integers(-48, 480)) * grid
    return tuple(
        Note(pitch, (first + start * grid) / TICKS, length * grid / TICKS, 80, part)
        for start, part, pitch, length in rows
    )


def back(codec: Codec, notes: tuple[Note, ...], metres: MetreMap | None = None) -> list[Note]:
    """Encode and decode."""
    encoded = codec.encode(notes, metres)
    return codec.decode(encoded.codes, encoded.origin)


def rounded(notes: tuple[Note, ...] | list[Note]) -> list[Note]:
    """Return notes with their beats rounded to a thousandth of a tick."""
    return [
        dataclasses.replace(n, start=round(n.start * TICKS, 3), duration=round(n.duration * TICKS, 3))
        for n in notes
    ]


@given(on_grid(), metre_maps())
def test_music_on_the_grid_comes_back_exactly(notes: tuple[Note, ...], metres: MetreMap) -> None:
    assert rounded(back(CODEC, notes, metres)) == rounded(Score.ordered(notes))


@given(on_grid(), st.sampled_from(("7/64", "15/64", "7/16")), st.integers(0, 95))
def test_bars_of_no_whole_ticks_move_no_note(notes: tuple[Note, ...], metre: str, tick: int) -> None:
    coarse = Codec.default(parts=3, ticks_per_beat=6)
    metres = MetreMap(((tick / TICKS, Metre.parse(metre)),))
    assert rounded(back(CODEC, notes, metres)) == rounded(Score.ordered(notes))
    slow = tuple(dataclasses.replace(n, start=4 * n.start, duration=4 * n.duration) for n in notes)
    assume(not coarse.encode(slow, metres).report.rests_shortened)
    assert rounded(back(coarse, slow, metres)) == rounded(Score.ordered(slow))


@given(on_grid(), metre_maps(), st.data())
def test_performances_come_back_within_half_a_bin(
    notes: tuple[Note, ...], metres: MetreMap, data: st.DataObject
) -> None:
    shift = st.floats(-0.49, 0.49)
    played = [
        dataclasses.replace(
            n, start=n.start + data.draw(shift) / TICKS, velocity=data.draw(st.integers(1, 127))
        )
        for n in Score.ordered(notes)
    ]
    found = back(PLAYED, tuple(played), metres)
    assert [(n.part, n.pitch) for n in found] == [(n.part, n.pitch) for n in played]
    half_offset, half_velocity = 0.5 / 9 / TICKS, 127 / 32 / 2 + 1
    for note, wanted in zip(found, played, strict=True):
        assert abs(note.start - wanted.start) <= half_offset + 1e-9
        assert abs(note.velocity - wanted.velocity) <= half_velocity


@given(on_grid(), metre_maps())
def test_clocks_are_places_in_the_bars(notes: tuple[Note, ...], metres: MetreMap) -> None:
    encoded = CODEC.encode(notes, metres)
    for note, place, ticks, metre in zip(
        Score.ordered(notes), encoded.places, encoded.bar_ticks, encoded.metres, strict=True
    ):
        bar = metres.bar_at(note.start)
        assert (metre, ticks) == (bar.metre, round(bar.metre.beats * TICKS))
        assert place == min(round((note.start - bar.start) * TICKS), ticks - 1)
    assert (np.diff(encoded.bars) >= 0).all()
    assert (np.diff(encoded.ticks) >= 0).all()


@given(on_grid(), metre_maps())
def test_bars_are_counted_whatever_their_metre(notes: tuple[Note, ...], metres: MetreMap) -> None:
    encoded = CODEC.encode(notes, metres)
    if encoded.report.rests_shortened:
        return
    bar, barline = 0, encoded.origin
    for note, found in zip(Score.ordered(notes), encoded.bars, strict=True):
        while metres.bar_at(note.start).start > barline + 1e-6:
            barline = metres.next_barline(barline + 1 / TICKS)
            bar += 1
        assert found == bar


def test_a_codec_has_the_fields_that_are_asked_for() -> None:
    assert Codec.default().names == ("delta", "pitch", "duration")
    assert Codec.default(parts=2).names == ("delta", "part", "pitch", "duration")
    played = Codec.default(parts=2, velocity_bins=8, offset_bins=9)
    assert played.names == ("delta", "part", "pitch", "duration", "velocity", "offset")


def test_a_pickup_is_the_first_delta() -> None:
    encoded = CODEC.encode([Note(60, 2.0, 1.0), Note(62, 3.0, 1.0)], MetreMap(((3.0, Metre(3, 4)),)))
    assert encoded.origin == 0.0
    assert [CODEC["delta"].values[row[0]] for row in encoded.codes] == [48, 24]
    assert encoded.bars.tolist() == [0, 1]


def test_long_notes_keep_the_largest_value_below_and_are_counted() -> None:
    codec = Codec((Field("delta", (0, 24)), Field("pitch", (60,)), Field("duration", (6, 12, 24))))
    encoded = codec.encode([Note(60, 0.0, 1.0), Note(60, 1.0, 9.0), Note(60, 2.0, 1000.0)])
    assert [n.duration for n in codec.decode(encoded.codes)] == [1.0, 1.0, 1.0]
    assert (encoded.report.notes, encoded.report.shortened, encoded.report.durations_moved) == (3, 2, 0)


def test_durations_that_the_table_lacks_are_counted() -> None:
    codec = Codec((Field("delta", (0, 24)), Field("pitch", (60,)), Field("duration", (6, 12, 24))))
    encoded = codec.encode([Note(60, 0.0, 1 / 3), Note(60, 1.0, 0.5), Note(60, 2.0, 0.7)])
    assert [n.duration for n in codec.decode(encoded.codes)] == [0.25, 0.5, 0.5]
    assert (encoded.report.shortened, encoded.report.durations_moved) == (0, 2)


def test_long_rests_lose_whole_bars_and_are_counted() -> None:
    codec = Codec.default()
    notes = [Note(60, 0.0, 1.0), Note(62, 103.5, 1.0), Note(64, 104.0, 1.0)]
    encoded = codec.encode(notes)
    found = codec.decode(encoded.codes)
    assert encoded.report.rests_shortened == 1
    assert len(found) == 3
    cut = 103.5 - found[1].start
    assert cut > 0
    assert cut % 4.0 == 0.0
    assert found[2].start - found[1].start == 0.5
    assert encoded.places.tolist() == [0, 84, 0]


def test_bars_cut_out_of_a_long_rest_are_not_counted() -> None:
    """The clock is that of the music as it is decoded, in bars of 96 ticks."""
    codec = Codec.default()
    encoded = codec.encode([Note(60, 0.0, 1.0), Note(62, 103.5, 1.0), Note(64, 104.0, 1.0)])
    assert encoded.bars.tolist() == [0, 3, 4]
    assert encoded.ticks.tolist() == [0, 3 * 96 + 84, 4 * 96]


def test_half_a_tick_rounds_up() -> None:
    codec = Codec.default(ticks_per_beat=4)
    beats = (-0.375, -0.125, 0.125, 0.375, 0.625, 0.875)
    assert [codec.to_ticks(beat) for beat in beats] == [-1, 0, 1, 2, 3, 4]


def test_what_the_tables_lack_takes_the_nearest_and_is_counted() -> None:
    codec = Codec(
        (Field("delta", (0, 12)), Field("part", (0, 1)), Field("pitch", (60, 67)), Field("duration", (12,)))
    )
    encoded = codec.encode([Note(61, 0.0, 0.5, part=5), Note(67, 0.25, 0.5, part=1)])
    report = encoded.report
    assert (report.unknown_pitches, report.unknown_parts, report.moved) == (1, 1, 1)
    assert [n.pitch for n in codec.decode(encoded.codes)] == [60, 67]
    report += report
    assert report.notes == 4


def test_nothing_encodes_to_nothing() -> None:
    encoded = CODEC.encode([])
    assert encoded.codes.shape == (0, 4)
    assert CODEC.decode(encoded.codes) == []


def test_decoding_stops_at_the_end() -> None:
    codes = CODEC.encode([Note(60, 0.0, 1.0), Note(62, 1.0, 1.0)]).codes
    codes[1, 0] = CODEC.end
    assert [n.pitch for n in CODEC.decode(codes)] == [60]


def test_what_stands_before_the_first_note_is_no_note() -> None:
    begin, middle = CODEC.begin(), CODEC.begin(middle=True)
    assert all(code >= f.size for code, f in zip(begin, CODEC.fields, strict=True))
    assert all(code < f.inputs for code, f in zip(middle, CODEC.fields, strict=True))
    assert middle[0] == begin[0] + 1


@pytest.mark.parametrize(
    ("fields", "ticks", "message"),
    [
        ((Field("pitch", (60,)),), 24, "needs the fields delta and pitch"),
        ((Field("pitch", (60,)), Field("delta", (0,))), 24, "must be in the order"),
        ((Field("delta", (0,)), Field("delta", (0,)), Field("pitch", (60,))), 24, "must be in the order"),
        ((Field("delta", (0,)), Field("pitch", (60,))), 0, "not in 1..960"),
    ],
)
def test_impossible_codecs(fields: tuple[Field, ...], ticks: int, message: str) -> None:
    with pytest.raises(CodecError, match=message):
        Codec(fields, ticks)


@pytest.mark.parametrize("values", [(), (1, 1), (2, 1)])
def test_impossible_tables(values: tuple[int, ...]) -> None:
    with pytest.raises(CodecError, match="ascending values"):
        Field("delta", values)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(CodecError, match="no field offset; it has delta, part"):
        CODEC["offset"]


def test_tables_are_centred() -> None:
    assert offset_table(9)[4] == 0.0
    assert velocity_table(32)[0] >= 1
    assert velocity_table(32)[-1] <= 127
    assert velocity_table(127) == tuple(range(1, 128))


def test_a_gap_beyond_the_table_in_bars_beyond_it_costs_no_more_than_itself() -> None:
    """Whole bars are taken out of long rests, and here one is longer than the rest."""
    short = Codec((Field("delta", tuple(range(49))), Field("pitch", tuple(range(128)))))
    encoded = short.encode([Note(60, 0.0, 0.5), Note(62, 2.5, 0.5), Note(64, 3.0, 0.5)])
    assert encoded.codes[:, 0].tolist() == [0, 0, 12]
    assert encoded.bars.tolist() == [0, 0, 0]
    assert encoded.report.rests_shortened == 1 and encoded.report.moved == 0


def test_places_lie_within_bars_that_are_no_whole_number_of_ticks() -> None:
    beats = Codec.default(ticks_per_beat=1)
    notes = [Note(60, float(beat), 1.0) for beat in range(10)]
    encoded = beats.encode(notes, MetreMap(((0.0, Metre(5, 16)),)))  # bars of a beat and a quarter
    assert set(encoded.bar_ticks.tolist()) == {1}
    assert set(encoded.places.tolist()) == {0}
