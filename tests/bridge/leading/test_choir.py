"""A line that nobody gave a voice is read as the one that it lies in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from antiphon.bridge.leading.choir import homes_of, in_its_voice
from antiphon.bridge.leading.context import as_learnt
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.models.file.manifest import Defaults
from antiphon.models.metre import MetreMap
from antiphon.models.note import Note
from antiphon.models.score import Part
from tiny_model import tiny_manifest

CHOIR = tiny_manifest(
    parts=tuple(map(Part, ("Soprano", "Alto", "Tenor", "Bass"))), defaults=Defaults(low=38, high=79)
)


def line(lowest: int, part: int = 0) -> tuple[Note, ...]:
    """Return eight notes up and down a fourth."""
    return tuple(Note(lowest + step, i / 2, 0.5, 90, part) for i, step in enumerate((0, 2, 4, 5, 4, 2, 0, 2)))


@pytest.mark.parametrize(("lowest", "voice"), [(80, 0), (68, 0), (61, 0), (57, 2), (47, 3), (24, 3)])
def test_a_line_is_the_voice_that_it_lies_in_and_a_tune_the_soprano(lowest: int, voice: int) -> None:
    found = in_its_voice(line(lowest), CHOIR, None)
    assert found == tuple(replace(note, part=voice) for note in line(lowest))


def test_the_same_notes_give_the_same_tuple() -> None:
    """What has been read of a context is told apart by it."""
    told = line(47)
    assert in_its_voice(told, CHOIR, None) is in_its_voice(told, CHOIR, None)
    high = line(68)
    assert in_its_voice(high, CHOIR, None) is high
    assert in_its_voice((), CHOIR, None) == ()


@pytest.mark.parametrize(
    "notes",
    [
        line(47, part=1),
        (*line(47), Note(70, 0.0, 4.0, part=1)),
        tuple(replace(n, start=0.0) for n in line(47)),
    ],
    ids=["its part was told", "several parts", "a chord"],
)
def test_what_tells_its_parts_or_is_no_line_is_left(notes: tuple[Note, ...]) -> None:
    assert in_its_voice(notes, CHOIR, None) is notes


def test_who_asks_for_a_part_means_that_of_the_context() -> None:
    notes = line(47)
    assert in_its_voice(notes, CHOIR, frozenset({0})) is notes


@pytest.mark.parametrize("names", [("upper", "lower"), ("bass", "soprano"), ("tune",)])
def test_parts_of_other_names_may_lie_anywhere(names: tuple[str, ...]) -> None:
    manifest = tiny_manifest(parts=tuple(map(Part, names)))
    notes = line(47)
    assert in_its_voice(notes, manifest, None) is notes and not homes_of(manifest)


def test_the_bass_of_a_keyboard_is_a_bass(shipped_shelf: ModelShelf) -> None:
    manifest = shipped_shelf.manifest("chorale")
    assert {n.part for n in resolve({}, {}, line(47), manifest, 1).context} == {3}
    assert {n.part for n in resolve({}, {"parts": "soprano"}, line(47), manifest, 1).context} == {0}
    both = [*line(47), *(Note(72 - n % 2, float(n), 1.0) for n in range(4))]
    read = as_learnt(manifest, both, MetreMap())
    assert {note.part for note in read if note.pitch < 60} == {3}
    assert {note.part for note in read if note.pitch > 60} == {0}
