"""A score's notes in the parts and pitches of a data set."""

from __future__ import annotations

from dataclasses import replace

import pytest
from antiphon.models.note import Note
from antiphon.models.score import Part, Score
from antiphon.train.dataset.arrange import arrange
from antiphon.train.dataset.prepareconfig import PartRule, PrepareConfig


def test_parts_by_name() -> None:
    score = Score(
        (Note(40, 0, 1, part=1), Note(70, 0, 1, part=0), Note(36, 0, 1, part=2), Note(50, 1, 1, part=3)),
        parts=(Part("Gesang"), Part("Pianoforte"), Part("Kit", is_drum=True), Part("Cello", 42)),
    )
    rules = (
        PartRule("voice", match=("gesang*", "voice*")),
        PartRule("rest", match=("piano*",), programs=(42,)),
    )
    assert [(n.pitch, n.part) for n in arrange(score, PrepareConfig(parts=rules))] == [
        (70, 0),
        (40, 1),
        (50, 1),
    ]


def test_parts_by_program_alone() -> None:
    score = Score(
        (Note(40, 0, 1, part=0), Note(70, 0, 1, part=1), Note(60, 1, 1, part=2)),
        parts=(Part("one", 33), Part("two", 73), Part("three", 48)),
    )
    rules = (PartRule("flute", programs=(72, 73)), PartRule("bass", programs=(32, 33)))
    assert [(n.pitch, n.part) for n in arrange(score, PrepareConfig(parts=rules))] == [(70, 0), (40, 1)]


@pytest.mark.parametrize("drums_at", [0, 1, 2])
def test_parts_keep_their_order_wherever_the_drums_are(drums_at: int) -> None:
    parts = [Part("flute", 73), Part("bass", 33)]
    parts.insert(drums_at, Part("kit", is_drum=True))
    score = Score(tuple(Note(40 + i, i, 1.0, part=i) for i in range(3)), parts=tuple(parts))
    rules = (PartRule("high"), PartRule("drums", is_drum=True), PartRule("low"))
    kept = arrange(score, PrepareConfig(parts=(rules[0], rules[2])))
    assert [parts[n.pitch - 40].name for n in kept] == ["flute", "bass"]
    assert [n.part for n in kept] == [0, 1]
    with_drums = arrange(score, PrepareConfig(parts=rules, drum_map="gm"))
    assert {parts[n.pitch - 40].name: n.part for n in with_drums} == {"flute": 0, "kit": 1, "bass": 2}


def taken(tracks: str, rules: str) -> list[str]:
    """Return the part of the data set that each track goes to, "" for none."""
    parts = tuple(Part(name.strip("*"), is_drum=name.endswith("*")) for name in tracks.split(","))
    score = Score(tuple(Note(40 + i, i, 1.0, part=i) for i in range(len(parts))), parts=parts)
    names = rules.split(",")
    config = PrepareConfig(parts=tuple(PartRule(name) for name in names))
    found = {note.pitch - 40: names[note.part] for note in arrange(score, config)}
    return [found.get(i, "") for i in range(len(parts))]


@pytest.mark.parametrize(
    ("tracks", "wanted"),
    [
        ("Bass,Tenor,Alto,Soprano", ["bass", "tenor", "alto", "soprano"]),
        ("Kit*,BASS,Tenor ,alto,soprano", ["", "bass", "tenor", "alto", "soprano"]),
        ("Piano,Bass,Tenor,Alto,Soprano", ["", "bass", "tenor", "alto", "soprano"]),
        ("Bass,Strings,Alto,Flute", ["bass", "soprano", "alto", "tenor"]),
        ("Soprano,Soprano,Alto,Tenor,Bass", ["soprano", "soprano", "alto", "tenor", "bass"]),
        ("Flute,Oboe,Bass*,Horn,Bassoon", ["soprano", "alto", "", "tenor", "bass"]),
    ],
)
def test_tracks_of_the_parts_names_are_those_parts(tracks: str, wanted: list[str]) -> None:
    assert taken(tracks, "soprano,alto,tenor,bass") == wanted


def test_what_patterns_take_is_not_given_in_order() -> None:
    names = ("Strings", "Lead", "Bass", "Horn")
    score = Score(
        tuple(Note(40 + i, i, 1.0, part=i) for i in range(4)), parts=tuple(Part(name, 9) for name in names)
    )
    rules = (PartRule("tune", match=("lead*",)), PartRule("rest"), PartRule("bass"))
    found = arrange(score, PrepareConfig(parts=rules))
    assert {names[n.pitch - 40]: n.part for n in found} == {"Strings": 1, "Lead": 0, "Bass": 2}


@pytest.mark.parametrize("parts", [(0, 0), (0, 1)])
@pytest.mark.parametrize("grid", [True, False])
def test_a_melody_is_the_highest_voice_and_nothing_between_its_notes(
    parts: tuple[int, int], grid: bool
) -> None:
    tune = [Note(76, 0, 1.5), Note(74, 1.5, 0.5), Note(72, 2, 2), Note(72, 5, 1)]
    below = [Note(60 + i % 5, i / 4, 0.25) for i in range(24)]
    notes = [replace(n, part=p) for p, voice in zip(parts, (tune, below), strict=True) for n in voice]
    rules = (PartRule("a"), PartRule("b"))
    config = PrepareConfig(melody=True, parts=rules, offset_bins=0 if grid else 9)
    score = Score(tuple(sorted(notes, key=lambda n: n.start)), parts=(Part("a"), Part("b")))
    found = arrange(score, config)
    assert [(n.pitch, n.start, n.duration) for n in found if n.pitch > 65] == [
        (n.pitch, n.start, n.duration) for n in tune
    ]
    assert [n.start for n in found if n.pitch < 66] == [4, 4.25, 4.5, 4.75]  # where the melody rests
