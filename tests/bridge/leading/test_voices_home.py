"""The lowest of the voices that play ends on the tonic, the others on its triad."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from antiphon.bridge.engine.plan import read
from antiphon.bridge.leading.cadence import CLOSE
from antiphon.bridge.leading.leading import Leading
from antiphon.bridge.session.resolve import resolve
from antiphon.models.codec import Codec
from antiphon.models.field import Field
from antiphon.models.file.manifest import Manifest
from antiphon.models.note import Note
from antiphon.models.score import Part
from tiny_model import tiny_manifest

DUO = tiny_manifest()
CODEC = DUO.codec
CLASSES = CODEC["pitch"].array.astype(int) % 12
FREE = np.zeros(CODEC["pitch"].size, np.float32)
LOW = CODEC["pitch"].nearest(50)
HIGH = CODEC["pitch"].nearest(74)
THEME = tuple(Note(pitch, i, 1.0, part=part) for i in range(4) for part, pitch in ((0, 74), (1, 50)))
ROOT, TRIAD = {0}, {0, 4, 7}


def leads(context: tuple[Note, ...] = (), manifest: Manifest = DUO, **options: Any) -> Leading:
    options = {"scale": "C major", "ending": "closed", **options}
    request = resolve({}, options, context or None, manifest, 1)
    return Leading(manifest, request, FREE, read(manifest, request).context)


def hear(led: Leading, part: int, duration: int = 24, *, delta: int = 0) -> None:
    codes = [CODEC["delta"].nearest(delta), part, (HIGH, LOW)[part], CODEC["duration"].nearest(duration)]
    led.hear(codes, 0, 0)


def homes(led: Leading) -> set[int]:
    """Return the pitch classes that gain by the end of the last bar."""
    gained = led.mask(1.0) - led.mask(0.0)
    return set(CLASSES[gained > CLOSE / 2].tolist())


def test_the_lowest_has_the_root_and_who_is_above_the_triad() -> None:
    led = leads(THEME)
    assert homes(led) == TRIAD  # a new onset, which the upper voice begins
    hear(led, 0, delta=24)
    assert homes(led) == ROOT
    hear(led, 1)
    assert homes(led) == TRIAD


def test_the_lowest_has_the_root_when_it_moves_alone() -> None:
    led = leads(THEME)
    hear(led, 0, 48, delta=24)
    hear(led, 1, 24)
    assert homes(led) == ROOT


def test_a_voice_that_has_gone_below_another_is_no_lowest_for_that() -> None:
    led = leads((*THEME, Note(41, 4, 1.0, part=0), Note(50, 4, 1.0, part=1)))
    assert homes(led) == TRIAD


def test_the_lowest_is_known_from_the_first_notes_of_a_piece() -> None:
    led = leads()
    assert homes(led) == TRIAD
    hear(led, 0, 24)
    assert homes(led) == TRIAD  # nobody knows yet who is the lowest
    hear(led, 1, 24)
    assert homes(led) == TRIAD
    hear(led, 0, 24, delta=24)
    assert homes(led) == ROOT


def test_the_lowest_is_known_where_a_voice_lies_outside_the_range() -> None:
    led = leads(THEME, low=60)
    hear(led, 0, delta=24)
    assert homes(led) == ROOT


@pytest.mark.parametrize("context", [(), THEME])
@pytest.mark.parametrize("parts", ["upper", "lower"])
def test_a_voice_that_plays_alone_ends_on_the_root(parts: str, context: tuple[Note, ...]) -> None:
    led = leads(context, parts=parts)
    assert homes(led) == ROOT
    hear(led, ("upper", "lower").index(parts), delta=24)
    assert homes(led) == ROOT


def where(led: Leading) -> set[int]:
    """Return the pitches that gain by the end of the last bar."""
    gained = led.mask(1.0) - led.mask(0.0)
    return {int(pitch) for pitch, nats in zip(CODEC["pitch"].values, gained, strict=True) if nats > CLOSE / 2}


def test_voices_come_home_without_a_leap() -> None:
    led = leads(THEME)
    assert where(led) == {67, 72, 76, 79}
    hear(led, 0, delta=24)
    assert where(led) == {48}


def test_voices_come_home_across_no_other_that_sounds() -> None:
    held = (*THEME[:-2], Note(55, 3, 4.0, part=0), Note(50, 3, 1.0, part=1))
    assert where(leads(held, scale="A minor", start=4)) == {45}
    assert where(leads((*THEME[:-2], replace(held[-2], duration=1.0), held[-1]), scale="A minor")) >= {57}


def test_who_does_not_play_is_not_the_lowest() -> None:
    fields = tuple(Field("part", (0, 1, 2)) if f.name == "part" else f for f in CODEC.fields)
    trio = tiny_manifest(codec=Codec(fields), parts=(*DUO.parts, Part("lowest", 42)))
    led = leads((*THEME, *(Note(40, i, 1.0, part=2) for i in range(4))), trio, parts="0,1")
    hear(led, 0, delta=24)
    assert homes(led) == ROOT


def test_a_part_of_chords_ends_on_the_triad() -> None:
    assert homes(leads(THEME, tiny_manifest(monophonic=False, parts=DUO.parts[:1]))) == TRIAD
    assert homes(leads(THEME, tiny_manifest(monophonic=False), parts="upper")) == TRIAD
