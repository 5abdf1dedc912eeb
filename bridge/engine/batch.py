"""Rows of one model that one worker steps together."""

from __future__ import annotations

import logging
from collections.abc import Hashable
from dataclasses import dataclass, replace

from ...models.refusal import first_line
from ..runtime.shelf import LoadedModel
from ..runtime.stepper import Stepper
from ..take.rows import Row
from .turns import Pause, Task

log = logging.getLogger("antiphon.engine")


@dataclass(frozen=True, slots=True)
class _Seat:
    """A row's place, the same number as its stepper's."""

    row: Row
    task: Task
    """What it came from."""
    number: int
    """How many have joined before it."""
    since: int
    """How many steps its batch had taken then."""


class Batch:
    """Rows join between steps and leave when they are finished. Not thread-safe."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._stepper = Stepper(model.session, model.manifest, model.batching)
        self._seats: list[_Seat] = []
        self._joined = 0
        self._steps = 0
        self._broken = False
        """Whether a step has failed."""

    def __len__(self) -> int:
        return len(self._seats)

    @property
    def bytes(self) -> int:
        """What it takes to keep."""
        return self._stepper.bytes

    @property
    def clients(self) -> list[Hashable]:
        """Whose the rows are, one by one."""
        return [seat.task.client for seat in self._seats]

    def admit(self, row: Row, task: Task) -> None:
        """Let a row join that a task has made, to begin or to go on."""
        paused, index = task.paused, None
        try:
            index = self._stepper.add(row.snapshot if paused is None else paused.snapshot)
            if paused is None:
                row.enter(self._stepper, index)
            else:
                self._stepper.put_inputs(index, paused.inputs)
        except Exception as error:
            if index is not None:
                self._stepper.remove(index)
            self._fail(row, error)
            return
        self._joined += 1
        self._seats.append(_Seat(row, task, self._joined, self._steps))

    def pause(self, client: Hashable) -> Task:
        """Take out the row of a client that has joined last; return the task that lets it go on.

        The same notes follow, whoever sits beside it then.
        """
        mine = [index for index, seat in enumerate(self._seats) if seat.task.client == client]
        return self._pause(max(mine, key=lambda index: self._seats[index].number))

    @property
    def longest(self) -> int:
        """How many steps the row has taken that has been here longest, since it joined; 0 without rows."""
        return max((self._steps - seat.since for seat in self._seats), default=0)

    def pause_longest(self) -> Task:
        """Take that row out; return the task that lets it go on."""
        return self._pause(min(range(len(self._seats)), key=lambda index: self._seats[index].since))

    def _pause(self, index: int) -> Task:
        seat = self._seats[index]
        paused = Pause(self._stepper.snapshot(index), self._stepper.inputs(index))
        self._leave(index)
        return replace(seat.task, make=lambda model: seat.row, paused=paused)

    def step(self) -> None:
        """Choose every row's next note. Whatever goes wrong fails the rows it concerns."""
        for index in range(len(self._seats) - 1, -1, -1):
            if self._seats[index].row.over:
                self._leave(index)
        if not self._seats:
            return
        self._steps += 1
        try:
            self._stepper.step()
        except Exception as error:  # ONNX Runtime's errors share no base below Exception
            self.collapse(error)
            return
        for index in range(len(self._seats) - 1, -1, -1):  # from the end: leaving moves the last row
            row = self._seats[index].row
            try:
                finished = row.after(self._stepper, index)
            except Exception as error:
                self._fail(row, error)
                finished = True
            if finished:
                self._leave(index)

    def warm(self) -> None:
        """Take a step of nothing, once there has been one of something and while all go well."""
        if self._steps and not self._broken:
            self._stepper.rehearse()

    def _leave(self, index: int) -> None:
        self._stepper.remove(index)
        last = self._seats.pop()
        if index < len(self._seats):
            self._seats[index] = last

    def _fail(self, row: Row, error: Exception) -> None:
        """End a row for a fault of its own, just caught, which must not reach its neighbours."""
        log.exception("a row of model %s failed", self._model.info.name)
        row.fail("model_error", f"{type(error).__name__}: {error}")

    def collapse(self, error: Exception) -> None:
        """Fail all rows: the step itself went wrong, or what holds them."""
        log.error("model %s failed: %s", self._model.info.name, error)
        self._broken = True
        seats, self._seats = self._seats, []
        self._stepper.clear()
        for seat in seats:
            seat.row.fail("model_error", f"model {self._model.info.name} failed: {first_line(error, 200)}")
