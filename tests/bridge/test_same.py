"""What caches tell apart by identity."""

from __future__ import annotations

from antiphon.bridge.same import Same


def test_equal_tuples_are_not_the_same() -> None:
    notes = tuple(range(3))
    others = tuple(range(3))
    assert notes == others
    assert Same(notes) == Same(notes) and hash(Same(notes)) == hash(Same(notes))
    assert Same(notes) != Same(others)


def test_what_can_change_is_never_the_same() -> None:
    notes = [0, 1, 2]
    assert Same(notes) != Same(notes)
    assert Same(notes).held == (0, 1, 2)
