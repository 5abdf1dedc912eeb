"""The rows of one worker: whose they are, and who makes room for whom."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Hashable

from ...models.errors import AntiphonError, RequestError
from ..runtime.shelf import LoadedModel, ModelShelf
from ..runtime.stepper import MAX_ROWS
from .batch import Batch
from .turns import Task, Turns

log = logging.getLogger("antiphon.engine")
TOGETHER = 4
"""Rows of several clients together: more would delay each other's notes, fewer those with many takes."""
TURN = 32
"""Steps that a row takes at least before it makes room for one that waits: a bar of most music."""

MAX_IDLE_BYTES = 128 << 20
"""What batches may take before those without rows go, the longest unused first. One of a model that ships
takes 4 to 48 MB, and less than half a millisecond to make anew."""


class Crew:
    """Batches of rows, one a model, and MAX_ROWS rows in all: as many as one run takes.

    A client alone may have all of them, several clients an even share of TOGETHER, or a row each where they
    are many, whichever worker has theirs: workers get in each other's way. Rows beyond that are paused and
    wait for their turn, and so is the one that has been here longest where there is no room for more. So a
    short request waits for a few steps, each of few rows, and not until others' long ones are done.

    Tasks join in two turns: :meth:`pick` looks at the queue, whose lock is held meanwhile, and :meth:`start`
    may have to load a model, for which no other worker is to wait. Not thread-safe.
    """

    def __init__(self, models: ModelShelf) -> None:
        self._models = models
        self._batches: dict[str, Batch] = {}
        """By model, the most recently used last."""
        self._coming: list[Task] = []
        """Picked, and to be started."""

    def __bool__(self) -> bool:
        return any(self._batches.values())

    def pick(self, tasks: Turns, wanted: int, clients: set[Hashable]) -> None:
        """Take up to ``wanted`` tasks out of the queue, for :meth:`start`; put back what is to pause.

        Args:
            tasks: the queue.
            wanted: how many to take at most.
            clients: who has a request under way, here or with another worker.
        """
        rows = Counter(client for batch in self._batches.values() for client in batch.clients)
        clients = clients.union(rows)
        self._pause(rows, _share(len(clients)), tasks)
        passed: set[Hashable] = set()
        while len(self._coming) < wanted and (task := tasks.peek(passed)) is not None:
            client = task.client
            if task.unwanted():
                tasks.take(client)
                continue
            clients.add(client)
            share = _share(len(clients))
            self._pause(rows, share, tasks)
            if rows[client] < share and self._has_room(task.model, rows, tasks, passed):
                self._coming.append(tasks.take(client))
                rows[client] += 1
            else:
                passed.add(client)

    def _has_room(self, model: str, rows: Counter[Hashable], tasks: Turns, passed: set[Hashable]) -> bool:
        """Return whether a row of a model may join, pausing one that has had its turn where all is full."""
        fits = self._fits(model)
        if fits and rows.total() < MAX_ROWS:
            return True
        # Where the model's own batch is full, another's row would make room for nobody.
        known = self._batches.values() if fits else filter(None, [self._batches.get(model)])
        batch = max(known, key=lambda batch: batch.longest, default=None)
        if batch is None or batch.longest < TURN:
            return False
        task = batch.pause_longest()
        rows[task.client] -= 1
        passed.add(task.client)
        tasks.put_back(task)
        return self._fits(model)

    def _fits(self, model: str) -> bool:
        """Return whether the model's own batch has room."""
        # How many rows share a run is known once the model is loaded; one of them sees to that.
        most = self._models.get(model).batching.most if self._models.is_loaded(model) else 1
        seated = len(self._batches[model]) if model in self._batches else 0
        return seated + sum(task.model == model for task in self._coming) < most

    def _pause(self, rows: Counter[Hashable], share: int, tasks: Turns) -> None:
        """Pause what clients have beyond their share."""
        for batch in self._batches.values():
            for client in batch.clients:
                if rows[client] > share:
                    rows[client] -= 1
                    tasks.put_back(batch.pause(client))

    def start(self) -> None:
        """Let the rows of the tasks join that were picked."""
        coming, self._coming = self._coming, []
        for task in coming:
            self._start(task)

    def _start(self, task: Task) -> None:
        """Load a task's model if need be and let its row join."""
        try:
            model = self._models.get(task.model)
            batch = self._batch(model)
            row = task.make(model)
        except AntiphonError as error:
            task.fail(error.code if isinstance(error, RequestError) else "model_error", str(error))
            return
        except Exception as error:  # whatever breaks here concerns one request; the worker must live
            log.exception("a request could not start")
            task.fail("model_error", f"{type(error).__name__}: {error}")
            return
        batch.admit(row, task)

    def _batch(self, model: LoadedModel) -> Batch:
        """Return a model's batch, the most recently used now."""
        name = model.info.name
        if name not in self._batches:
            self._make_room()
            self._batches[name] = Batch(model)
        batch = self._batches[name] = self._batches.pop(name)
        return batch

    def _make_room(self) -> None:
        """Let batches go that nobody plays in, until the others take little enough."""
        total = sum(batch.bytes for batch in self._batches.values())
        for name in [name for name, batch in self._batches.items() if not len(batch)]:
            if total <= MAX_IDLE_BYTES:
                return
            total -= self._batches.pop(name).bytes

    def collapse(self, error: Exception) -> None:
        """Fail all rows, and the tasks that were to become some."""
        coming, self._coming = self._coming, []
        for task in coming:
            task.fail("model_error", f"{type(error).__name__}: {error}")
        for batch in self._batches.values():
            if len(batch):
                batch.collapse(error)

    def warm(self) -> None:
        """Take a step of nothing with the model that was played last, where nothing is played now."""
        if self._batches and not self:
            next(reversed(self._batches.values())).warm()

    def step(self) -> None:
        """Choose every row's next note."""
        for batch in self._batches.values():
            if len(batch):
                batch.step()


def _share(clients: int) -> int:
    """Return how many rows of a worker each of so many clients may have."""
    return MAX_ROWS if clients <= 1 else max(TOGETHER // clients, 1)
