"""Rows that wait for a worker, the clients in turn."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Container, Hashable
from dataclasses import dataclass

from ..runtime.shelf import LoadedModel
from ..runtime.stepper import Array, Snapshot
from ..take.rows import Row


@dataclass(frozen=True)
class Pause:
    """Where a row was when it left between two steps."""

    snapshot: Snapshot
    inputs: list[Array]
    """Those that its next step would have had."""


@dataclass(frozen=True)
class Task:
    """A row that waits for a worker."""

    client: Hashable
    """Who wants it."""
    model: str
    make: Callable[[LoadedModel], Row]
    """Called by the worker; raises RequestError."""
    fail: Callable[[str, str], None]
    """Called with a code and a message where there can be no row."""
    unwanted: Callable[[], bool]
    """Tells whether nobody waits for the row any more."""
    paused: Pause | None = None
    """Where the row goes on; None where it begins."""


class Turns:
    """A queue in which each client's tasks keep their order, and the clients take turns.

    So whoever asks for one phrase does not wait for all that another has asked for before. Not thread-safe.
    """

    def __init__(self) -> None:
        self._by_client: OrderedDict[Hashable, deque[Task]] = OrderedDict()
        """None is empty; the first one's turn is next."""
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, task: Task) -> None:
        """Add a task behind its client's others."""
        self._by_client.setdefault(task.client, deque()).append(task)
        self._count += 1

    def peek(self, passed: Container[Hashable] = ()) -> Task | None:
        """Return, and leave, the task whose turn it is but for clients who are ``passed``; None for none."""
        return next((tasks[0] for client, tasks in self._by_client.items() if client not in passed), None)

    def take(self, client: Hashable) -> Task:
        """Remove and return a client's first task, and with it the client's turn."""
        tasks = self._by_client.pop(client)
        task = tasks.popleft()
        if tasks:
            self._by_client[client] = tasks
        self._count -= 1
        return task

    def put_back(self, task: Task) -> None:
        """Let a task wait again, ahead of its client's others; those taken last go back first."""
        self._by_client.setdefault(task.client, deque()).appendleft(task)
        self._count += 1

    def sweep(self) -> None:
        """Leave out what nobody wants any more, wherever it waits."""
        for client, tasks in list(self._by_client.items()):
            wanted = deque(task for task in tasks if not task.unwanted())
            self._count -= len(tasks) - len(wanted)
            if wanted:
                self._by_client[client] = wanted
            else:
                del self._by_client[client]

    def count(self, client: Hashable) -> int:
        """Return how many tasks of a client wait."""
        return len(self._by_client.get(client, ()))
