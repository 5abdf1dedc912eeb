"""Notes to ABC: how keys and modes are spelt."""

from __future__ import annotations

import pytest
from antiphon.models.abc.write import mode_name

C_MAJOR = frozenset({0, 2, 4, 5, 7, 9, 11})


@pytest.mark.parametrize(
    ("tonic", "sharps", "classes", "name"),
    [
        (0, 0, C_MAJOR, "C"),
        (5, 0, C_MAJOR, "F Lydian"),
        (11, 0, C_MAJOR, "B Locrian"),
        (9, 0, frozenset({9, 0, 4}), "Am"),
        (3, -5, frozenset({3}), "Eb Dorian"),
        (6, 5, frozenset({6}), "F# Mixolydian"),
    ],
)
def test_a_mode_of_the_signature_is_named(
    tonic: int, sharps: int, classes: frozenset[int], name: str
) -> None:
    assert mode_name(tonic, sharps, classes) == name


@pytest.mark.parametrize(
    ("tonic", "classes"), [(None, C_MAJOR), (1, {0, 4}), (0, {0, 3}), (0, C_MAJOR | {1})]
)
def test_what_is_no_mode_of_the_signature_has_no_name(tonic: int | None, classes: set[int]) -> None:
    assert mode_name(tonic, 0, frozenset(classes)) == ""
