"""Work that waits until nobody is waiting."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable

MAX_WAITING = 64
log = logging.getLogger("antiphon.server")


class Lull:
    """Keeps the newest work of each key for a quiet moment. The receiving thread's own.

    Only a head start may be kept here: beyond MAX_WAITING the oldest work is forgotten.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[Hashable, Callable[[], None]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, key: Hashable, work: Callable[[], None]) -> None:
        """Keep ``work``, in place of what was kept for its key."""
        self._waiting.pop(key, None)
        self._waiting[key] = work
        if len(self._waiting) > MAX_WAITING:
            self._waiting.popitem(last=False)

    def drop(self, key: Hashable) -> None:
        """Forget what is kept for a key, if anything."""
        self._waiting.pop(key, None)

    def work(self) -> None:
        """Do what has waited longest; what goes wrong is logged."""
        _, work = self._waiting.popitem(last=False)
        try:
            work()
        except Exception:
            log.exception("what was left for a quiet moment failed")
