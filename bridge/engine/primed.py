"""Contexts that the engine has read, or is reading, ahead of their requests."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from ..job import Job
from ..leading.context import Context
from ..request import GenerationRequest
from ..runtime.shelf import LoadedModel
from ..runtime.stepper import Snapshot
from ..take.rows import Row
from ..text.prompt import Prompt

MAX_PRIMED = 64
"""Contexts kept."""
MAX_BYTES = 128 << 20
"""What their snapshots may take: one of a model that ships up to 0.7 MB, of another up to 20."""

Subject = tuple[Hashable, ...]
"""What contexts are told apart by."""


@dataclass(frozen=True)
class Reading:
    """What the takes of a request start from."""

    context: Context
    """As the model reads it."""
    prompt: Prompt | None = None
    """Of a model of text."""
    snapshot: Snapshot | None = None
    """The model's state after the context; None where takes start at a model's beginning."""


MakeRow = Callable[[Reading, int, LoadedModel], Row]
"""Makes the row of a take, by its number, from what was read."""


@dataclass(frozen=True)
class Waiter:
    """A request whose takes start from a context."""

    job: Job
    row: MakeRow


class Primed:
    """One context of one model, and who waits for it. The engine's lock guards it."""

    def __init__(self, model: str, request: GenerationRequest, subject: Subject, *, kept: bool) -> None:
        self.model = model
        self.request = request
        """One of those that start from it."""
        self.subject = subject
        self.kept = kept
        """Whether to read it though nobody waits yet."""
        self.reading: Reading | None = None
        """None until it is read."""
        self.waiting: list[Waiter] = []

    @property
    def bytes(self) -> int:
        """What its snapshot takes, 0 until there is one."""
        snapshot = None if self.reading is None else self.reading.snapshot
        return 0 if snapshot is None else snapshot.bytes

    @property
    def unwanted(self) -> bool:
        """Whether reading it helps nobody."""
        return not self.kept and all(waiter.job.closed for waiter in self.waiting)


class PrimedShelf:
    """The contexts last used, one a key and model. The engine's lock guards it."""

    def __init__(self, most: int = MAX_PRIMED) -> None:
        self._most = most
        self._entries: OrderedDict[tuple[Hashable, str], Primed] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, key: Hashable, model: str, subject: Subject) -> Primed | None:
        """Return the entry of a key and model if it holds this very context."""
        found = self._entries.get((key, model))
        if found is None or found.subject != subject:
            return None
        self._entries.move_to_end((key, model))
        return found

    def put(self, key: Hashable, primed: Primed) -> None:
        """Keep an entry in place of its key's last one."""
        self._release(self._entries.pop((key, primed.model), None))
        self._entries[key, primed.model] = primed
        self.trim()

    def trim(self) -> None:
        """Let the longest unused ones go that are too many, or with what has been read of them too large."""
        total = sum(entry.bytes for entry in self._entries.values())
        while len(self._entries) > self._most or (len(self._entries) > 1 and total > MAX_BYTES):
            _, oldest = self._entries.popitem(last=False)
            total -= oldest.bytes
            self._release(oldest)

    def drop(self, primed: Primed) -> None:
        """Forget an entry that failed."""
        for place in [place for place, entry in self._entries.items() if entry is primed]:
            del self._entries[place]

    @staticmethod
    def _release(primed: Primed | None) -> None:
        """Let an entry go: if nobody waits for it, it need not be read."""
        if primed is not None:
            primed.kept = False
