"""Rows that wait for a worker, the clients in turn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from antiphon.bridge.engine.turns import Task, Turns

unused: Any = (None,) * 3


def task(client: str, number: int) -> Task:
    """Return a task that is told apart by its client and number."""
    return Task(client, f"{client}{number}", *unused)


def names(tasks: Any) -> str:
    """Return tasks' names in order."""
    return " ".join(task.model for task in tasks)


def drawn(turns: Turns, count: int) -> str:
    """Take so many tasks out and return their names in order."""
    found = []
    for _ in range(count):
        following = turns.peek()
        assert following is not None
        found.append(turns.take(following.client))
        assert found[-1] is following
    return names(found)


def test_each_clients_tasks_keep_their_order_and_the_clients_take_turns() -> None:
    turns = Turns()
    for client, number in [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("c", 1), ("b", 2)]:
        turns.append(task(client, number))
    assert len(turns) == 6
    assert [turns.count(client) for client in "abcd"] == [3, 2, 1, 0]
    assert drawn(turns, 6) == "a1 b1 c1 a2 b2 a3"
    assert not turns
    assert turns.peek() is None


def test_a_newcomer_comes_after_one_task_of_each_client() -> None:
    turns = Turns()
    for number in range(100):
        turns.append(task("a", number))
    drawn(turns, 1)
    turns.append(task("b", 0))
    assert drawn(turns, 3) == "a1 b0 a2"


def test_what_is_put_back_is_its_client_s_next() -> None:
    turns = Turns()
    for client, number in [("a", 1), ("a", 2), ("b", 1), ("b", 2), ("c", 1)]:
        turns.append(task(client, number))
    first, second = turns.take("a"), turns.take("a")
    for left in (second, first):
        turns.put_back(left)
    assert len(turns) == 5
    assert drawn(turns, 5) == "b1 c1 a1 b2 a2"


def test_a_client_may_be_passed_and_keeps_its_turn() -> None:
    turns = Turns()
    for client in (None, "b"):
        turns.append(Task(client, f"{client}", *unused))
    assert names(turns.peek(passed) for passed in ((), {None}, {"b"})) == "None b None"
    assert turns.peek({None, "b"}) is None
    assert drawn(turns, 2) == "None b"


def test_what_nobody_wants_is_swept_away() -> None:
    turns = Turns()
    for client, number in [("a", 1), ("a", 2), ("b", 1), ("c", 1)]:
        unwanted = (client, number) in (("a", 1), ("b", 1))
        turns.append(replace(task(client, number), unwanted=lambda unwanted=unwanted: unwanted))
    turns.sweep()
    assert len(turns) == 2
    assert drawn(turns, 2) == "a2 c1"
