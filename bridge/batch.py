"""Rows of one model that one worker steps together."""

from __future__ import annotations

import logging

from .rows import Row
from .shelf import LoadedModel
from .stepper import Stepper

log = logging.getLogger("antiphon.engine")


class Batch:
    """Rows join between steps and leave when they are finished. Not thread-safe."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._stepper = Stepper(model.session, model.manifest, model.batching)
        self._rows: list[Row] = []

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def room(self) -> int:
        """How many rows may still join."""
        return self._model.batching.most - len(self._rows)

    def admit(self, row: Row) -> None:
        """Let a row join."""
        index = self._stepper.add(row.snapshot)
        try:
            row.enter(self._stepper, index)
        except Exception as error:  # one row's fault must not reach its neighbours
            log.exception("a row of model %s could not start", self._model.info.name)
            self._stepper.remove(index)
            row.fail("model_error", f"{type(error).__name__}: {error}")
            return
        self._rows.append(row)

    def step(self) -> None:
        """Choose every row's next note. Whatever goes wrong fails the rows it concerns."""
        for index in range(len(self._rows) - 1, -1, -1):
            if self._rows[index].over:
                self._leave(index)
        if not self._rows:
            return
        try:
            self._stepper.step()
        except Exception as error:  # ONNX Runtime's errors share no base below Exception
            self._collapse(error)
            return
        for index in range(len(self._rows) - 1, -1, -1):  # from the end: leaving moves the last row
            row = self._rows[index]
            try:
                finished = row.after(self._stepper, index)
            except Exception as error:  # one row's fault must not reach its neighbours
                log.exception("a row of model %s failed", self._model.info.name)
                row.fail("model_error", f"{type(error).__name__}: {error}")
                finished = True
            if finished:
                self._leave(index)

    def _leave(self, index: int) -> None:
        self._stepper.remove(index)
        last = self._rows.pop()
        if index < len(self._rows):
            self._rows[index] = last

    def _collapse(self, error: Exception) -> None:
        """Fail all rows: the step itself went wrong."""
        log.error("model %s failed: %s", self._model.info.name, error)
        rows, self._rows = self._rows, []
        self._stepper.clear()
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        for row in rows:
            row.fail("model_error", f"model {self._model.info.name} failed: {reason}")
