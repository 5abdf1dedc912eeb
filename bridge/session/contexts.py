"""The contexts of one session, put together from their messages."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from ...models.errors import RequestError
from ...models.note import Note
from ...models.score import Score
from ..protocol.osc import Value
from ..protocol.table import MAX_CONTEXT_NOTES

MAX_CONTEXTS = 32
MAX_CONTEXT_MESSAGES = 1024
MAX_SESSION_NOTES = 16384
"""Notes and messages that the contexts of a session may weigh; the newest is kept whatever its size."""


@dataclass
class Assembly:
    """One context on its way.

    A message tells its context's id and its place, not which edition of the context it is of; it may overtake
    others, or come twice. So a client that sends a changed context is told from one that repeats the last by
    what comes after a :meth:`seal`, which falls where one edition was complete, or was asked for.
    """

    of: int
    """How many messages it has."""
    chunks: dict[int, tuple[Note, ...]] = field(default_factory=dict)
    fresh: set[int] = field(default_factory=set)
    """Places of messages that came after the last seal: they may be the next context's."""
    altered: bool = False
    """Whether one of them differs from what it replaces: then they are the next one's."""
    was_sealed: bool = False
    size: int = field(init=False)
    """Notes so far: counted as they come, for each of a thousand messages is weighed with all before it."""
    _notes: tuple[Note, ...] | None = None
    """In order, once asked for: a request asks again for what was read when the context arrived."""

    def __post_init__(self) -> None:
        self.size = sum(map(len, self.chunks.values()))

    def put(self, seq: int, notes: tuple[Note, ...]) -> None:
        """Take one message."""
        former = self.chunks.get(seq)
        if former != notes:
            self.altered |= self.was_sealed
            self.size += len(notes) - len(former or ())
            self.chunks[seq] = notes
            self._notes = None
        self.fresh.add(seq)
        if len(self.fresh) == self.of or (not self.was_sealed and len(self.chunks) == self.of):
            self.seal()

    def seal(self) -> None:
        """Take what is here for one context: what comes from now on may belong to the next."""
        self.was_sealed, self.altered = True, False
        self.fresh.clear()

    def next(self) -> Assembly:
        """Return the context that follows, with those of its messages that overtook its first."""
        fresh = self.fresh if self.was_sealed else ()
        return Assembly(self.of, {seq: self.chunks[seq] for seq in fresh}, set(fresh))

    @property
    def missing(self) -> list[int]:
        """Which messages have not come: of the next context, where it begins as the former one did."""
        here = self.fresh if self.altered and 0 in self.fresh else self.chunks
        return [seq for seq in range(self.of) if seq not in here] if len(here) < self.of else []

    @property
    def weight(self) -> int:
        """What it costs to keep: notes, and one for each message."""
        return self.size + len(self.chunks)

    def notes(self) -> tuple[Note, ...]:
        """Return all notes in the codec's order."""
        if self._notes is None:
            self._notes = Score.ordered([note for chunk in self.chunks.values() for note in chunk])
        return self._notes


class Contexts:
    """Contexts by id; the least recently used ones go when there are too many."""

    def __init__(self) -> None:
        self._by_id: OrderedDict[Value, Assembly] = OrderedDict()
        self._weight: int | None = 0
        """None once something has changed: all clients are weighed now and then, few have changed since."""

    def __contains__(self, name: Value) -> bool:
        return name in self._by_id

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def weight(self) -> int:
        """What all of them cost to keep, in notes."""
        if self._weight is None:
            self._weight = sum(assembly.weight for assembly in self._by_id.values())
        return self._weight

    def add(self, name: Value, seq: int, of: int, notes: tuple[Note, ...]) -> tuple[Note, ...] | None:
        """Take one message; return the whole context once it is complete.

        A message replaces the one of the same place. A first message that differs, or another ``of``,
        begins anew; what came since the former context was whole belongs to the new one.
        Raises RequestError ``bad_args`` or ``too_large``.
        """
        if not 1 <= of <= MAX_CONTEXT_MESSAGES:
            raise RequestError("too_large" if of > 0 else "bad_args",
                               f"of {of} must be in range 1..{MAX_CONTEXT_MESSAGES}")  # fmt: skip
        if not 0 <= seq < of:
            raise RequestError("bad_args", f"seq {seq} must be in range 0..{of - 1}")
        self._weight = None
        assembly = self._assembly(name, seq, of, notes)
        assembly.put(seq, notes)
        if assembly.size > MAX_CONTEXT_NOTES:
            del self._by_id[name]
            raise RequestError("too_large", f"the context has more than {MAX_CONTEXT_NOTES} notes; "
                               "send its end: models read the last few hundred notes")  # fmt: skip
        self._trim()
        return None if assembly.missing else assembly.notes()

    def _assembly(self, name: Value, seq: int, of: int, notes: tuple[Note, ...]) -> Assembly:
        """Return the assembly that a message belongs to, the most recently used now."""
        known = self._by_id.get(name)
        if known is None or known.of != of:
            assembly = Assembly(of)
        elif seq == 0 and known.chunks.get(0, notes) != notes:
            assembly = known.next()
        else:
            assembly = known
        self._by_id[name] = assembly
        self._by_id.move_to_end(name)
        return assembly

    def _trim(self) -> None:
        """Forget the least recently used contexts beyond the limits, never the newest."""
        while len(self._by_id) > MAX_CONTEXTS or (len(self._by_id) > 1 and self.weight > MAX_SESSION_NOTES):
            self._by_id.popitem(last=False)
            self._weight = None

    def whole(self, name: Value) -> tuple[Note, ...] | None:
        """Return a context if it is kept and complete, used no more recently for that."""
        assembly = self._by_id.get(name)
        return None if assembly is None or assembly.missing else assembly.notes()

    def get(self, name: Value) -> tuple[Note, ...]:
        """Return a complete context; raises RequestError ``no_context`` that says what is missing."""
        assembly = self._by_id.get(name)
        if assembly is None:
            raise RequestError("no_context", f"send /antiphon/context {name} 0 1 n notes… first")
        if missing := assembly.missing:
            listed = ", ".join(map(str, missing[:8])) + ("…" if len(missing) > 8 else "")
            raise RequestError("no_context", f"of the {assembly.of} messages of the context, seq {listed} "
                               "did not arrive; send them again")  # fmt: skip
        assembly.seal()
        self._by_id.move_to_end(name)
        return assembly.notes()
