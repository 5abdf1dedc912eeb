"""Who has been in a batch longest."""

from __future__ import annotations

from typing import Any

from antiphon.bridge.engine.batch import Batch
from antiphon.bridge.engine.turns import Task
from antiphon.bridge.runtime.shelf import ModelShelf


class Idler:
    """A row that writes nothing and never ends by itself."""

    snapshot = None
    over = False

    def enter(self, stepper: Any, row: int) -> None:
        pass

    def after(self, stepper: Any, row: int) -> bool:
        return False

    def fail(self, code: str, message: str) -> None:
        raise AssertionError(message)


def test_the_row_that_has_been_here_longest_is_known_and_paused_first(shelf: ModelShelf) -> None:
    batch = Batch(shelf.get("tiny"))
    rows = {name: Idler() for name in ("first", "second", "third")}
    tasks = {
        name: Task(name, "tiny", lambda _, row=row: row, row.fail, lambda: False)  # type: ignore[misc]
        for name, row in rows.items()
    }
    assert batch.longest == 0
    for name, row in rows.items():
        batch.admit(row, tasks[name])
        batch.step()
        batch.step()
    assert batch.longest == 6
    assert (batch.pause_longest().client, batch.longest) == ("first", 4)
    batch.admit(rows["first"], tasks["first"])  # what joins again begins to wait again
    batch.step()
    assert [batch.pause_longest().client for _ in rows] == ["second", "third", "first"]
    assert (len(batch), batch.longest) == (0, 0)
