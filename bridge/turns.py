"""Rows that wait for a worker, the clients in turn."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from itertools import chain

from .rows import Row
from .shelf import LoadedModel


@dataclass(frozen=True)
class Task:
    """A row that waits for a worker."""

    client: Hashable
    """Who wants it."""
    model: str
    make: Callable[[LoadedModel], Row]
    """Called by the worker."""
    fail: Callable[[str, str], None]
    unwanted: Callable[[], bool]


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

    def __iter__(self) -> Iterator[Task]:
        return chain.from_iterable(self._by_client.values())

    def append(self, task: Task) -> None:
        """Add a task behind its client's others."""
        self._by_client.setdefault(task.client, deque()).append(task)
        self._count += 1

    def pop(self) -> Task:
        """Remove and return the next client's first task; raises KeyError when there is none."""
        client, tasks = self._by_client.popitem(last=False)
        task = tasks.popleft()
        if tasks:
            self._by_client[client] = tasks
        self._count -= 1
        return task

    def put_back(self, task: Task) -> None:
        """Give a task back that was popped; those popped together go back last one first."""
        self._by_client.setdefault(task.client, deque()).appendleft(task)
        self._by_client.move_to_end(task.client, last=False)
        self._count += 1
