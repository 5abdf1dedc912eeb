"""Slow work on one thread of its own, in order, with a limit on what may wait."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from ...models.errors import RequestError

MAX_WAITING = 64
log = logging.getLogger("antiphon.server")


class Chores:
    """Runs what it is given, one after the other."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="antiphon-chores", daemon=True)
        self._thread.start()

    def add(self, work: Callable[[], None]) -> None:
        """Run ``work`` soon; raises RequestError ``busy`` when too much waits."""
        if self._queue.qsize() >= MAX_WAITING:
            raise RequestError("busy", f"{MAX_WAITING} loads wait already; ask again a little later")
        self._queue.put(work)

    def close(self, seconds: float = 2.0) -> None:
        """End the thread after what waits, which knows by now that it is too late; give it ``seconds``."""
        self._queue.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            try:
                work()
            except Exception:
                log.exception("a background task failed")
