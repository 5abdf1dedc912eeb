"""MIDI files made by hand, byte by byte: every format, and everything that can be wrong with one."""

from __future__ import annotations

import random
from collections.abc import ItemsView
from functools import partial
from pathlib import Path

import pytest
from antiphon.models.errors import MusicError
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.midi import events as midi_events
from antiphon.models.midi import read as midi_read
from antiphon.models.midi.read import read_midi
from antiphon.models.midi.write import write_midi
from antiphon.models.note import Note
from antiphon.models.score import Part, Score

END = b"\x00\xff\x2f\x00"


def midi(*tracks: bytes, kind: int = 1, division: bytes = b"\x00\x60") -> bytes:
    """Build a file with 96 ticks a beat; the tracks get their ends."""
    head = b"MThd\x00\x00\x00\x06" + kind.to_bytes(2, "big") + len(tracks).to_bytes(2, "big") + division
    chunks = [b"MTrk" + (len(track) + 4).to_bytes(4, "big") + track + END for track in tracks]
    return head + b"".join(chunks)


def heard(data: bytes) -> list[tuple[int, float, float]]:
    """Read a file's notes: pitch, start, duration."""
    return [(n.pitch, n.start, n.duration) for n in read_midi(data).notes]


C4 = b"\x00\x90\x3c\x50\x60\x80\x3c\x40"
E4 = b"\x00\x91\x40\x50\x60\x81\x40\x40"


def test_running_status_and_velocity_0() -> None:
    assert heard(midi(b"\x00\x90\x3c\x50\x60\x3c\x00\x00\x3e\x50\x30\x3e\x00")) == [
        (60, 0.0, 1.0),
        (62, 1.0, 0.5),
    ]


def test_format_0_has_a_part_a_channel() -> None:
    score = read_midi(midi(C4 + E4, kind=0))
    assert [(n.pitch, n.start, n.part) for n in score.notes] == [(60, 0.0, 0), (64, 1.0, 1)]


def test_format_1_plays_tracks_at_once() -> None:
    score = read_midi(midi(C4, E4, kind=1))
    assert [(n.pitch, n.start, n.part) for n in score.notes] == [(60, 0.0, 0), (64, 0.0, 1)]


def test_tracks_beyond_the_headers_count_are_read() -> None:
    whole = midi(C4, E4, C4)
    assert heard(whole.replace(b"\x00\x01\x00\x03", b"\x00\x01\x00\x01", 1)) == heard(whole)
    assert len(heard(whole)) == 3


@pytest.mark.parametrize("controller", [120, 123])
def test_all_notes_off_ends_those_of_its_channel(controller: int) -> None:
    begins = b"\x00\x90\x3c\x50\x00\x90\x40\x50\x00\x91\x43\x50"
    off = b"\x60\xb0" + bytes([controller]) + b"\x00"
    assert heard(midi(begins + off + b"\x60\x81\x43\x40")) == [(60, 0.0, 1.0), (64, 0.0, 1.0), (67, 0.0, 2.0)]
    other = b"\x60\xb0\x07\x00"
    assert {duration for *_, duration in heard(midi(begins + other + b"\x60\x81\x43\x40"))} == {2.0}


def test_format_2_plays_tracks_one_after_the_other() -> None:
    score = read_midi(midi(C4, E4, kind=2))
    assert [(n.pitch, n.start, n.part) for n in score.notes] == [(60, 0.0, 0), (64, 1.0, 1)]


def test_without_tempo_and_metre() -> None:
    score = read_midi(midi(C4))
    assert score.tempos == ((0.0, 120.0),)
    assert score.metres == MetreMap(((0.0, Metre(4, 4)),))
    assert score.key is None


def test_a_late_tempo_and_metre_leave_the_start_as_it_is() -> None:
    late = b"\x83\x00\xff\x51\x03\x0f\x42\x40\x00\xff\x58\x04\x03\x02\x18\x08"  # 384 ticks: 4 beats
    score = read_midi(midi(late, C4))
    assert score.tempos == ((0.0, 120.0), (4.0, 60.0))
    assert score.metres == MetreMap(((0.0, Metre(4, 4)), (4.0, Metre(3, 4))))


def test_a_metre_said_again_within_a_bar_cuts_the_bar() -> None:
    four = b"\xff\x58\x04\x04\x02\x18\x08"
    at_4_and_6 = b"\x00" + four + b"\x83\x00" + four + b"\x81\x40" + four
    assert read_midi(midi(at_4_and_6, C4)).metres == MetreMap(((0.0, Metre()), (6.0, Metre())))


def test_an_impossible_metre_is_left_out() -> None:
    assert read_midi(midi(b"\x00\xff\x58\x04\x00\x02\x18\x08" + C4)).metres == MetreMap()


@pytest.mark.parametrize(
    "event",
    ["ff5902 0c00", "ff5902 f400", "ff5902 0002", "ff5902 80ff", "ff5405 e000000000", "ff5405 9f01020304"],
)
def test_a_key_and_an_offset_that_mean_nothing_are_left_out(event: str) -> None:
    score = read_midi(midi(b"\x00" + bytes.fromhex(event) + b"\x00\x90\x3c\x40\x60\x80\x3c\x00"))
    assert [(n.pitch, n.start, n.duration) for n in score.notes] == [(60, 0.0, 1.0)]
    assert score.key is None


@pytest.mark.parametrize(
    "before", [b"", b"\x00\xff\x59\x02\x20\x00"], ids=["alone", "after a key that is none"]
)
def test_a_velocity_beyond_the_highest_is_the_highest(before: bytes) -> None:
    (note,) = read_midi(midi(before + b"\x00\x90\x3c\xc8\x60\x80\x3c\x40")).notes
    assert (note.pitch, note.velocity) == (60, 127)


def test_hanging_notes_end_with_their_track() -> None:
    assert heard(midi(b"\x00\x90\x3c\x50\x60\x90\x3e\x50\x60\x80\x3e\x00")) == [
        (60, 0.0, 2.0),
        (62, 1.0, 1.0),
    ]


def test_an_end_without_a_beginning_is_ignored() -> None:
    assert heard(midi(b"\x00\x80\x3c\x40")) == []


def test_overlapping_notes_end_in_their_order() -> None:
    data = midi(b"\x00\x90\x3c\x50\x60\x90\x3c\x51\x60\x80\x3c\x00\x60\x80\x3c\x00")
    assert heard(data) == [(60, 0.0, 2.0), (60, 1.0, 2.0)]


def test_a_note_without_length_gets_a_tick() -> None:
    assert heard(midi(b"\x00\x90\x3c\x50\x00\x80\x3c\x00")) == [(60, 0.0, 1 / 96)]


@pytest.mark.parametrize("raw", ["Flöte".encode(), "Flöte".encode("latin-1")])
def test_names_in_utf_8_and_latin_1(raw: bytes) -> None:
    name = b"\x00\xff\x03" + bytes([len(raw)]) + raw
    assert read_midi(midi(name + C4)).parts == (Part("Flöte"),)


def test_a_part_without_name_is_called_after_its_sound() -> None:
    score = read_midi(midi(b"\x00\xc0\x28" + C4 + b"\x00\x99\x24\x50\x60\x89\x24\x00"))
    assert score.parts == (Part("Violin", 40), Part("drums", 0, is_drum=True))


def refused(source: Path | bytes, *words: str, name: str | None = None) -> None:
    """Check that a file is refused with its name and ``words``."""
    with pytest.raises(MusicError) as error:
        read_midi(source, name)
    for word in (name or str(source), *words):
        assert word in str(error.value)


BROKEN: dict[str, tuple[bytes, str]] = {
    "smpte": (midi(C4, division=b"\xe7\x28"), "SMPTE"),
    "no-division": (midi(C4, division=b"\x00\x00"), "a beat no ticks"),
    "empty": (b"", "MThd"),
    "garbage": (b"RIFF\x00\x01garbage", "MThd"),
    "garbage-after-head": (
        b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x00\x60garbage and more",
        "not a readable MIDI file",
    ),
    "head-only": (b"MThd", "ends too early"),
    "no-such-track": (midi(C4).replace(b"\x00\x01\x00\x01\x00\x60", b"\x00\x01\x00\x05\x00\x60"), "early"),
    "endless-time": (midi(b"\xff" * 600 + b"\x7f\x90\x3c\x50"), "not a readable MIDI file"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_files(kind: str, tmp_path: Path) -> None:
    data, word = BROKEN[kind]
    path = tmp_path / f"{kind}.mid"
    path.write_bytes(data)
    refused(path, word)
    refused(data, word, name="the take")


def test_truncated_anywhere() -> None:
    data = midi(C4 + E4, E4)
    for length in range(len(data)):
        refused(data[:length], name="cut.mid")


def test_no_file(tmp_path: Path) -> None:
    refused(tmp_path)
    refused(tmp_path / "missing.mid", "No such file")
    refused(tmp_path / "no\0path.mid")


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.mid"
    path.write_bytes(midi(C4))
    monkeypatch.setattr("antiphon.models.midi.read.MAX_BYTES", 20)
    refused(path, "larger than")
    refused(path.read_bytes(), "larger than", name="large")
    monkeypatch.undo()
    monkeypatch.setattr("antiphon.models.midi.read.MAX_NOTES", 0)
    refused(path, "more than 0 notes")


def test_random_damage(tmp_path: Path) -> None:
    path = tmp_path / "whole.mid"
    parts = (Part("lead", 5), Part("kit", 0, is_drum=True))
    notes = tuple(Note(50 + i, i / 2, 0.75, 60 + i, i % 2) for i in range(20))
    write_midi(Score(notes, tempos=((0.0, 90.0), (4.0, 140.0)), parts=parts, key="D minor"), path)
    whole, chance, refusals = path.read_bytes(), random.Random(20), 0
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            read_midi(bytes(data), "damaged.mid")
        except MusicError as error:
            assert str(error).startswith("damaged.mid: ")
            refusals += 1
    assert 0 < refusals < 300


def chunk(kind: bytes, body: bytes) -> bytes:
    return kind + len(body).to_bytes(4, "big") + body


@pytest.mark.parametrize("alien", [b"", b"\x00", b"MTrk\xff\xff\xff\xff"])
def test_chunks_of_other_kinds_are_skipped(alien: bytes) -> None:
    plain = midi(C4, E4)
    head, tracks = plain[:14], plain[14:]
    assert heard(head + chunk(b"XFIH", alien) + tracks + chunk(b"XFKM", alien)) == heard(plain)


@pytest.mark.parametrize("other", [b"", b"\x01", b"\x01\x02"])
def test_a_riff_file_holds_a_midi_file(other: bytes) -> None:
    plain = midi(C4, E4, b"\x00\xff\x01\x01a")
    padded = other + b"\x00" * (len(other) % 2)
    body = b"RMID" + b"DISP" + len(other).to_bytes(4, "little") + padded
    body += b"data" + len(plain).to_bytes(4, "little") + plain
    assert heard(b"RIFF" + len(body).to_bytes(4, "little") + body) == heard(plain)


def test_a_riff_file_of_another_kind_is_no_midi_file() -> None:
    with pytest.raises(MusicError, match="does not begin with MThd"):
        read_midi(b"RIFF\x0c\x00\x00\x00WAVEdata\x00\x00\x00\x00")


@pytest.mark.parametrize("rest", [b"\x1a", b"JUNK", b"no chunks at all"])
def test_what_follows_the_tracks_is_ignored(rest: bytes) -> None:
    assert heard(midi(C4) + rest) == heard(midi(C4))


@pytest.mark.parametrize("before", [b"", b"\x00\xff\x01", b"\x00\xf0"], ids=["delta", "text", "exclusive"])
def test_a_number_without_end_is_refused_before_it_is_added_up(before: bytes) -> None:
    """Each byte made it longer, and each cost its length: a megabyte took minutes."""
    with pytest.raises(MusicError, match="a number of more than 16 bytes; export it again"):
        read_midi(midi(before + b"\xff" * 20_000 + b"\x00" + C4))


def test_a_number_a_little_longer_than_the_standard_has_is_read() -> None:
    assert heard(midi(b"\x80" * 6 + C4)) == heard(midi(C4))


@pytest.mark.parametrize(
    "events",
    [C4, b"\x00\xc0\x05\x00\x06", b"\x00\xf0\x02\x01\xf7\x00\xff\x01\x01a", b"\x00\xf2\x01\x02\x00\xf6"],
    ids=["notes", "running status", "exclusive and text", "system"],
)
def test_more_events_than_music_has_are_refused(events: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """They take a hundred times their bytes."""
    track = C4 + events * 10
    monkeypatch.setattr(midi_events, "MAX_EVENTS", 2 * (2 + 20 + 1))
    assert read_midi(midi(track, track)).notes
    monkeypatch.setattr(midi_events, "MAX_EVENTS", 2 * (2 + 20 + 1) - 1)
    with pytest.raises(MusicError, match="more than 45 events; thin out its controllers"):
        read_midi(midi(track, track))


def test_programs_are_looked_through_once_for_all_tracks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a track, thirty thousand of them took minutes."""
    looked = []

    class Programs(dict[tuple[int, int], int]):
        def items(self) -> ItemsView[tuple[int, int], int]:
            looked.append(self)
            return super().items()

    monkeypatch.setattr(midi_read, "_Heard", partial(midi_read._Heard, programs=Programs()))
    score = read_midi(midi(b"\x00\xc0\x05\x00\xc1\x06", *[C4, E4] * 50))
    assert [part.program for part in score.parts] == [5, 6] * 50
    assert len(looked) == 1


def test_a_part_has_the_first_program_of_its_channel() -> None:
    score = read_midi(midi(b"\x00\xc0\x05" + C4 + b"\x00\xc0\x06" + C4))
    assert [part.program for part in score.parts] == [5]
