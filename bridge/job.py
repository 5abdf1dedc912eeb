"""One request on its way through the engine, as its client sees it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable

from ..models.note import Note
from .interfaces import Listener
from .request import GenerationRequest, Take

log = logging.getLogger("antiphon.engine")
PROGRESS_STEP = 0.05
"""The least that on_progress advances."""


class Job:
    """A request that the engine works on.

    Args:
        request: what is wanted.
        listener: hears how it goes.
        ended: called when it is over and its place is free; perhaps twice.
        withdraw: has the engine stop it, and tell so by :meth:`fail`.
        client: who asks.
    """

    def __init__(
        self,
        request: GenerationRequest,
        listener: Listener,
        ended: Callable[[Job], None],
        withdraw: Callable[[Job], None],
        client: Hashable = None,
    ) -> None:
        self.request = request
        self.client = client
        """Who asks."""
        self.closed = False
        """Whether the listener has heard the last."""
        self._listener = listener
        self._ended = ended
        self._withdraw = withdraw
        self._open = request.takes
        self._done = [0.0] * request.takes
        self._told = 0.0
        # Two workers may hold takes of one request; reentrant, as a listener may end its own request.
        self._telling = threading.RLock()

    def cancel(self) -> None:
        """Stop before the next note; the listener hears on_fail("cancelled", ...) unless it is over."""
        self._withdraw(self)

    def note(self, take: int, index: int, note: Note) -> None:
        """Tell of a note."""
        self._tell(lambda: self._listener.on_note(take, index, note))

    def progress(self, take: int, fraction: float) -> None:
        """Note how far a take is, and tell when all have come a step further."""
        self._done[take] = fraction
        if sum(self._done) / len(self._done) < self._told + PROGRESS_STEP:
            return  # as nearly always: without the lock
        with self._telling:
            overall = sum(self._done) / len(self._done)
            if self._told + PROGRESS_STEP <= overall < 1.0:
                self._told = overall
                self._tell(lambda: self._listener.on_progress(overall))

    def finish(self, take: Take) -> None:
        """Tell of a complete take, and of the end with the last one."""
        self._done[take.index] = 1.0
        with self._telling:
            self._open -= 1
            if not self._open:
                self._ended(self)  # its place is free before its client hears so, and asks anew
            self._tell(lambda: self._listener.on_take(take))
            if not self._open:
                self._tell(self._listener.on_done)
                self._close()

    def fail(self, code: str, message: str) -> None:
        """Tell of a failure; nothing follows it."""
        with self._telling:
            self._tell(lambda: self._listener.on_fail(code, message))
            self._close()

    def _tell(self, call: Callable[[], None]) -> None:
        with self._telling:
            if self.closed:
                return
            try:
                call()
            except Exception:  # a listener's fault must not stop the worker and the others' requests
                log.exception("a listener failed; its request ends")
                self._close()

    def _close(self) -> None:
        if not self.closed:
            self.closed = True
            self._ended(self)
