"""Waiting for an answer, in pieces: on Windows a wait without a limit hears no Ctrl-C."""

from __future__ import annotations

import pytest
from antiphon.bridge.engine.waiting import LOOK_SECONDS, Waiting


class Later:
    """An event that comes with the third wait for it."""

    def __init__(self) -> None:
        self.waits: list[float | None] = []

    def wait(self, seconds: float | None = None) -> bool:
        self.waits.append(seconds)
        return len(self.waits) == 3


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    later = Later()
    monkeypatch.setattr("antiphon.bridge.engine.waiting.threading.Event", lambda: later)
    return later


def test_it_looks_around_between_short_waits(later: Later) -> None:
    looks: list[int] = []
    assert Waiting().wait(look=lambda: looks.append(len(later.waits))) == []
    assert later.waits == [LOOK_SECONDS] * 3
    assert looks == [1, 2]


def test_a_limit_is_kept(later: Later) -> None:
    with pytest.raises(TimeoutError):
        Waiting().wait(1.5 * LOOK_SECONDS)
    assert later.waits == pytest.approx([LOOK_SECONDS, LOOK_SECONDS / 2])
