"""Rows that wait for a worker, the clients in turn."""

from __future__ import annotations

from typing import Any

import pytest
from antiphon.bridge.turns import Task, Turns


def task(client: str, number: int) -> Task:
    """Return a task that is told apart by its client and number."""
    unused: Any = None
    return Task(client, f"{client}{number}", unused, unused, unused)


def names(tasks: Any) -> str:
    """Return tasks' names in order."""
    return " ".join(task.model for task in tasks)


def test_each_clients_tasks_keep_their_order_and_the_clients_take_turns() -> None:
    turns = Turns()
    for client, number in [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("c", 1), ("b", 2)]:
        turns.append(task(client, number))
    assert len(turns) == 6
    assert sorted(names(turns).split()) == ["a1", "a2", "a3", "b1", "b2", "c1"]
    assert names(turns.pop() for _ in range(6)) == "a1 b1 c1 a2 b2 a3"
    assert not turns
    with pytest.raises(KeyError):
        turns.pop()


def test_a_newcomer_comes_after_one_task_of_each_client() -> None:
    turns = Turns()
    for number in range(100):
        turns.append(task("a", number))
    turns.pop()
    turns.append(task("b", 0))
    assert names(turns.pop() for _ in range(3)) == "a1 b0 a2"


def test_what_is_put_back_is_next_again() -> None:
    turns = Turns()
    for client, number in [("a", 1), ("a", 2), ("b", 1), ("b", 2), ("c", 1)]:
        turns.append(task(client, number))
    popped = [turns.pop() for _ in range(4)]  # a1 b1 c1 a2
    for left in reversed(popped[1:]):
        turns.put_back(left)
    assert len(turns) == 4
    assert names(turns.pop() for _ in range(4)) == "b1 c1 a2 b2"
