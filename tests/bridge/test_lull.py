"""Work that waits until nobody is waiting."""

from __future__ import annotations

import pytest
from antiphon.bridge.lull import MAX_WAITING, Lull


def test_work_is_done_in_order_and_the_newest_of_a_key_alone() -> None:
    lull, done = Lull(), list[str]()
    for key, what in [("a", "old"), ("b", "second"), ("a", "third"), ("c", "gone")]:
        lull.add(key, lambda what=what: done.append(what))  # type: ignore[misc]
    lull.drop("c")
    lull.drop("unknown")
    while lull:
        lull.work()
    assert done == ["second", "third"]


def test_what_waits_is_bounded() -> None:
    lull, done = Lull(), list[int]()
    for number in range(3 * MAX_WAITING):
        lull.add(number, lambda number=number: done.append(number))  # type: ignore[misc]
    while lull:
        lull.work()
    assert done == list(range(2 * MAX_WAITING, 3 * MAX_WAITING))


def test_what_goes_wrong_is_logged_and_the_next_is_done(caplog: pytest.LogCaptureFixture) -> None:
    lull, done = Lull(), list[int]()
    lull.add(0, lambda: done.append(1 // 0))
    lull.add(1, lambda: done.append(1))
    while lull:
        lull.work()
    assert done == [1]
    assert "ZeroDivisionError" in caplog.text
