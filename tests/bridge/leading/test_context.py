"""What a model reads of a context."""

from __future__ import annotations

from dataclasses import replace

import pytest
from antiphon.bridge.leading.context import read_context, remaining
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.bridge.text.prompt import prompt_for
from antiphon.models.codec import Codec
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.note import Note
from tiny_model import tiny_manifest

MANIFEST = tiny_manifest(codec=Codec.default(parts=2))
FOUR = MetreMap()
PHRASED = replace(MANIFEST, phrases=True)
HYMN = ((67, 62, 59, 43), (69, 62, 57, 50), (71, 62, 55, 43), (72, 64, 55, 48))


def melody(*starts: float) -> list[Note]:
    return [Note(60, start, 0.5) for start in starts]


def test_a_context_is_read_from_its_first_barline() -> None:
    context = read_context(MANIFEST, melody(9.0, 11.5, 12.0), FOUR)
    assert context.begin.tolist() == MANIFEST.codec.begin().tolist()
    assert context.codes[:, 0].tolist() == [24, 60, 12]
    assert context.clocks.tolist() == [[0, 0, 96], [0, 24, 96], [0, 84, 96]]
    assert context.metres.tolist() == [1, 1, 1]
    assert (context.last_beat, context.last_bar) == (12.0, 1)


def test_a_long_context_is_cut_and_said_to_be() -> None:
    notes = melody(*(i * 0.5 for i in range(150)))
    context = read_context(MANIFEST, notes, FOUR)
    assert context.notes == 100
    assert context.begin.tolist() == MANIFEST.codec.begin(middle=True).tolist()
    assert context.codes[0, 0] == MANIFEST.codec.to_ticks(25.0 % 4)


@pytest.mark.parametrize(
    ("bar", "last", "code"), [(3, 3, 1), (2, 3, 2), (0, 31, 32), (0, 500, 32), (5, 3, 1)]
)
def test_remaining(bar: int, last: int, code: int) -> None:
    assert remaining(bar, last) == code


VOICES = [Note(p, beat, 1.0, part=part) for beat, chord in enumerate(HYMN) for part, p in enumerate(chord)]
CHORALE, FOLK, DRUMS, TEXT = (
    ModelShelf().manifest(name) for name in ("chorale", "folk", "drums", "irish-abc")
)


def played(notes: list[Note]) -> list[Note]:
    """Return notes as somebody plays them: some early and cut short, some late and held too long."""
    missed = ((0.03, 0.9), (-0.02, 1.1), (0.04, 0.8), (-0.04, 1.05), (0.02, 0.85))
    return [
        replace(n, start=max(n.start + missed[i % 5][0], 0), duration=n.duration * missed[i % 5][1])
        for i, n in enumerate(notes)
    ]


def test_chords_on_one_part_are_read_as_voices() -> None:
    """Hosts send a track as one part."""
    wanted = read_context(CHORALE, VOICES, FOUR)
    for notes in (
        [replace(note, part=0) for note in VOICES],
        played([replace(note, part=0) for note in VOICES]),
    ):
        found = read_context(CHORALE, notes, FOUR)
        assert found.codes.tolist() == wanted.codes.tolist()
        assert found.clocks.tolist() == wanted.clocks.tolist()
        assert (found.last_beat, found.last_bar) == (wanted.last_beat, wanted.last_bar)


JIG = [Note(62 + step, i * 0.5, 0.5) for i, step in enumerate((0, 4, 7, 12, 7, 4, 5, 2, 5, 9, 12, 9))]
SIX = MetreMap(((0.0, Metre(6, 8)),))


def test_a_played_tune_is_read_as_it_was_meant() -> None:
    wanted = read_context(FOLK, JIG, SIX)
    below = [Note(pitch, bar * 3.0, 3.0) for bar in range(2) for pitch in (43, 47, 50)]
    for notes in (played(JIG), [*JIG, *below], [*played(JIG), *played(below)]):
        found = read_context(FOLK, notes, SIX)
        assert found.codes.tolist() == wanted.codes.tolist()
        assert found.clocks.tolist() == wanted.clocks.tolist()


def test_a_played_tune_is_written_as_it_was_meant() -> None:
    def written(notes: list[Note]) -> tuple[str, ...]:
        request = resolve({"metre": "6/8"}, {"metre": "6/8"}, tuple(notes), TEXT, seed=1)
        return prompt_for(TEXT, request).forced

    assert written(played(JIG)) == written(JIG)


def test_grooves_are_read_as_they_were_played() -> None:
    notes = played([Note(36 + 2 * (i % 4), i * 0.25, 0.1) for i in range(16)])
    found = read_context(DRUMS, notes, FOUR)
    assert found.codes.tolist() == DRUMS.codec.encode(notes, FOUR).codes.tolist()


def test_chords_are_cut_after_their_melody_was_read() -> None:
    """A model that looks back on 256 notes looks back on 256 of the tune."""
    tune = [Note(60 + i % 5, i * 0.5, 0.5) for i in range(300)]
    chords = [Note(pitch, i * 0.5, 0.5) for i in range(300) for pitch in (40, 47)]
    found = read_context(FOLK, [*tune, *chords], FOUR)
    assert found.codes.tolist() == read_context(FOLK, tune, FOUR).codes.tolist()
    assert found.notes == FOLK.memory.length if FOLK.memory else 256


def test_a_context_may_be_read_with_its_end_known() -> None:
    notes = [Note(60, 4.0 * bar, 1.0) for bar in range(4)]
    context = read_context(PHRASED, notes, FOUR).ending_in(7)
    assert context.remaining.tolist() == [8, 8, 7, 6]  # each step reads the bar of the note before
