"""What has been answered lately, so that lost messages can be sent again."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from ...models.errors import RequestError
from ..protocol.osc import Encoded, Outgoing, Value

MAX_REQUESTS = 16
MAX_WEIGHT = 16384
"""Notes and messages a session keeps for resending; the newest request is kept whatever its size."""


@dataclass(frozen=True)
class Sent:
    """The messages of one take."""

    notes: tuple[Encoded, ...]
    """By seq (or by index, in mode single)."""
    done: Outgoing
    weight: int
    text: tuple[Encoded, ...] = ()
    """The tune, from a model of text."""

    def pick(self, seqs: tuple[int, ...]) -> tuple[Outgoing, ...]:
        """Return the notes' messages of ``seqs``, or without any all messages and the done.

        Raises RequestError ``bad_args`` where there is no such message.
        """
        if not seqs:
            return (*self.notes, *self.text, self.done)
        wrong = [seq for seq in seqs if seq >= len(self.notes)]
        if wrong and not self.notes:
            raise RequestError("bad_args", f"seq {wrong[0]}: the take has no notes")
        if wrong:
            raise RequestError("bad_args", f"seq {wrong[0]} must be in range 0..{len(self.notes) - 1}")
        return tuple(self.notes[seq] for seq in dict.fromkeys(seqs))


@dataclass
class Answered:
    """The takes of one request, as far as they are complete."""

    reply_port: int
    fraction: float = 0.0
    """How much of it exists, 0 to 1."""
    takes: dict[int, Sent] = field(default_factory=dict)
    weight: int = 1
    """What it costs to keep, in notes."""

    def add(self, take: int, sent: Sent) -> None:
        """Keep a take that is complete."""
        self.takes[take] = sent
        self.weight += sent.weight


class ResendStore:
    """Answers by id; the oldest go when there are too many."""

    def __init__(self) -> None:
        self._by_id: OrderedDict[Value, Answered] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def weight(self) -> int:
        """What all of it costs to keep, in notes."""
        return sum(answered.weight for answered in self._by_id.values())

    def keep(self, name: Value, answered: Answered) -> None:
        """Keep what a request's takes go into, in place of what an earlier one of its id left.

        The oldest answers beyond the limits are forgotten.
        """
        self._by_id.pop(name, None)
        self._by_id[name] = answered
        while len(self._by_id) > MAX_REQUESTS or (len(self._by_id) > 1 and self.weight > MAX_WEIGHT):
            self._by_id.popitem(last=False)

    def find(self, name: Value) -> Answered:
        """Return what is kept of a request; raises RequestError ``bad_args``."""
        if name not in self._by_id:
            raise RequestError("bad_args", f"nothing is kept of a request {name!r}; ask for it anew")
        return self._by_id[name]
