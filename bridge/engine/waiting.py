"""A listener for those who would rather wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from math import inf

from ...models.errors import RequestError
from ...models.note import Note
from ..request import Take

LOOK_SECONDS = 0.2
"""How long a wait lasts before it looks around: without a limit Windows would hear no Ctrl-C meanwhile."""


class Waiting:
    """Keeps a request's takes until all are done."""

    def __init__(self) -> None:
        self._takes: dict[int, Take] = {}
        self._over = threading.Event()
        self._error: RequestError | None = None

    def wait(self, seconds: float = inf, look: Callable[[], None] = lambda: None) -> list[Take]:
        """Return the takes in order; raises the RequestError of a request that failed, or TimeoutError.

        Args:
            seconds: how long to wait.
            look: called now and then meanwhile; what it raises ends the wait.
        """
        while not self._over.wait(min(seconds, LOOK_SECONDS)):
            look()
            seconds -= LOOK_SECONDS
            if seconds <= 0:
                raise TimeoutError
        if self._error is not None:
            raise self._error
        return [self._takes[index] for index in sorted(self._takes)]

    def on_note(self, take: int, index: int, note: Note) -> None:
        """Leave the note to its take."""

    def on_progress(self, fraction: float) -> None:
        """Nothing to do."""

    def on_take(self, take: Take) -> None:
        """Keep a take."""
        self._takes[take.index] = take

    def on_done(self) -> None:
        """Let the waiting one go."""
        self._over.set()

    def on_fail(self, code: str, message: str) -> None:
        """Let the waiting one go with an error."""
        self._error = RequestError(code, message)
        self._over.set()
