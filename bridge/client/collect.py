"""Puts the replies to one request together, whatever their order, and knows what is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ...models.note import Note
from ..protocol.arguments import notes as read_notes
from ..protocol.osc import Message, Value
from ..protocol.table import NOTES_A_DATAGRAM, VALUES_A_NOTE
from ..request import Take

_DONE = 6
"""Arguments that every done has; one more counts the messages of text."""
_DECIMALS = 6
"""What 32-bit floats keep of a beat."""


@dataclass
class _Partial:
    """A take on its way."""

    pieces: dict[int, tuple[Note, ...]] = field(default_factory=dict)
    """By seq, or by index in mode single."""
    done: tuple[Value, ...] = ()
    text: dict[int, str] = field(default_factory=dict)
    """By seq, from a model of text."""


class Collector:
    """Collects the takes of one request.

    Args:
        name: the request's id.
        wanted: how many takes it has.
        on_note: given each note once; makes this a collector for mode single.
        on_progress: given the fraction that exists.
    """

    def __init__(
        self,
        name: str,
        wanted: int,
        on_note: Callable[[int, int, Note], None] | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> None:
        self._name = name
        self._on_note, self._on_progress = on_note, on_progress
        self._partial = {index: _Partial() for index in range(wanted)}
        self._accepted = False
        self._resent = False
        """Whether the bridge was last asked to send again, not for the request itself."""

    def take(self, message: Message) -> bool:
        """Take one message; return whether all takes are complete."""
        args = message.args
        if not args or args[0] != self._name or message.address == "/antiphon/fail":
            return False
        self._accepted = True
        if message.address == "/antiphon/progress" and self._on_progress is not None:
            self._on_progress(float(args[1]))
        if message.address in ("/antiphon/notes", "/antiphon/note", "/antiphon/text", "/antiphon/done"):
            partial = self._partial.setdefault(int(args[1]), _Partial())
            if message.address == "/antiphon/notes":
                partial.pieces[int(args[2])] = _notes(args[5:])
            elif message.address == "/antiphon/note":
                self._single(partial, int(args[1]), int(args[2]), args[3:])
            elif message.address == "/antiphon/text":
                partial.text[int(args[3])] = str(args[2])
            else:
                partial.done = args
        return all(map(self._complete, self._partial.values()))

    def _single(self, partial: _Partial, take: int, index: int, values: tuple[Value, ...]) -> None:
        if index not in partial.pieces:
            partial.pieces[index] = notes = _notes(values)
            if self._on_note is not None:
                self._on_note(take, index, notes[0])

    def _piece_count(self, partial: _Partial) -> int:
        """Return how many messages a take has, once its done is here."""
        total = int(partial.done[2])
        return total if self._on_note is not None else max(-(-total // NOTES_A_DATAGRAM), 1)

    def _complete(self, partial: _Partial) -> bool:
        return self._has_notes(partial) and len(partial.text) >= sum(map(int, partial.done[_DONE:]))

    def _has_notes(self, partial: _Partial) -> bool:
        return bool(partial.done) and len(partial.pieces) >= self._piece_count(partial)

    def missing(self) -> Sequence[Message]:
        """Return the messages to send for what is missing; none while the request is not acknowledged."""
        self._resent = self._accepted
        if not self._accepted:
            return []
        asks = []
        for index, partial in self._partial.items():
            if not partial.done or (self._has_notes(partial) and not self._complete(partial)):
                asks.append(Message("/antiphon/resend", (self._name, index)))
            elif not self._complete(partial):
                lost = [seq for seq in range(self._piece_count(partial)) if seq not in partial.pieces]
                asks.append(Message("/antiphon/resend", (self._name, index, *lost)))
        return asks

    def excuses(self, failure: Message) -> bool:
        """Return whether a failure calls for the request once more.

        The bridge knows nothing to send again where a late ack of the context was taken for the
        request's, which itself got lost, and where it has answered many others since: the same request
        brings the same notes. It may say so twice before it is asked.
        """
        again = self._resent and failure.args[1] == "bad_args"
        self._accepted &= not again
        return again

    def takes(self) -> list[Take]:
        """Return the takes, all complete."""
        result = []
        for index, partial in sorted(self._partial.items()):
            notes = tuple(note for _, piece in sorted(partial.pieces.items()) for note in piece)
            end, seed, nats = partial.done[3:_DONE]
            text = "".join(piece for _, piece in sorted(partial.text.items()))
            result.append(Take(index, notes, round(float(end), _DECIMALS), int(seed), float(nats), text))
        return result


def _notes(values: tuple[Value, ...]) -> tuple[Note, ...]:
    """Return flat values as notes, their beats rid of the noise of 32-bit floats."""
    return tuple(
        Note(
            note.pitch,
            round(note.start, _DECIMALS),
            round(note.duration, _DECIMALS),
            note.velocity,
            note.part,
        )
        for note in read_notes(values, len(values) // VALUES_A_NOTE)
    )
