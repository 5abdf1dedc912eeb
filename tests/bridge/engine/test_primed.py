"""Which contexts are kept that have been read."""

from __future__ import annotations

import numpy as np
import pytest
from antiphon.bridge.engine import primed as module
from antiphon.bridge.engine.plan import read
from antiphon.bridge.engine.primed import Primed, PrimedShelf, Reading
from antiphon.bridge.request import GenerationRequest
from antiphon.bridge.runtime.stepper import Snapshot
from antiphon.models.note import Note
from tiny_model import tiny_manifest

REQUEST = GenerationRequest("tiny", 4.0, 8.0, seed=1, context=(Note(60, 0.0, 1.0),))


def entry(floats: int = 0) -> Primed:
    """Return a context that is read into a snapshot of so many numbers, not yet where there are none."""
    found = Primed("tiny", REQUEST, ("notes",), kept=True)
    if floats:
        state = {"h0": np.zeros(floats, np.float32)}
        context = read(tiny_manifest(), REQUEST).context
        found.reading = Reading(context, snapshot=Snapshot(state, 1, None, 0.0))
    return found


def test_the_ones_last_used_are_kept() -> None:
    shelf = PrimedShelf(most=2)
    entries = [entry() for _ in range(3)]
    shelf.put("a", entries[0])
    shelf.put("b", entries[1])
    assert shelf.find("a", "tiny", ("notes",)) is entries[0]
    shelf.put("c", entries[2])
    assert shelf.find("b", "tiny", ("notes",)) is None and not entries[1].kept
    assert shelf.find("a", "tiny", ("notes",)) is entries[0]
    assert shelf.find("a", "tiny", ("others",)) is None


def test_what_failed_is_forgotten_and_nothing_else() -> None:
    shelf = PrimedShelf()
    entries = [entry() for _ in range(3)]
    for name, each in zip("abc", entries, strict=True):
        shelf.put(name, each)
    shelf.drop(entries[1])
    found = [shelf.find(name, "tiny", ("notes",)) for name in "abc"]
    assert found == [entries[0], None, entries[2]]


def test_as_many_are_kept_as_there_is_memory_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 4000)
    shelf = PrimedShelf()
    for name in "abc":
        shelf.put(name, entry(400))  # 1600 bytes
    assert [shelf.find(name, "tiny", ("notes",)) is not None for name in "abc"] == [False, True, True]
    late = entry()
    shelf.put("late", late)
    late.reading = entry(800).reading  # what is read weighs something, though it was kept before
    shelf.trim()
    assert len(shelf) == 1 and shelf.find("late", "tiny", ("notes",)) is late
    shelf.put("large", entry(5000))
    assert len(shelf) == 1
    assert shelf.find("large", "tiny", ("notes",)) is not None  # whoever has asked last
