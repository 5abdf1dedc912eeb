"""Tunes that are the same music."""

from __future__ import annotations

from antiphon.train.dataset.sametune import SameTunes


def test_what_was_given_up_stands_for_its_music_still() -> None:
    same = SameTunes()
    assert same.add("a", "train", "X:1\nL:1/8\nK:C\nCDEF|\n") == []
    assert same.add("b", "test", "X:1\nL:1/8\nK:D\nDEFG|\n") == [("a", "b")]  # the notes of a
    assert same.add("c", "valid", "X:1\nL:1/16\nK:C\nCDEF|\n") == [("c", "b")]  # the letters of a
