"""One request on its way: what the engine says becomes replies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from ...models.note import Note
from ..clock import Clock
from ..interfaces import Cancellable
from ..protocol.arguments import shortened
from ..protocol.osc import Encoded, Message, NoteMessage, Outgoing, Value, encoded
from ..protocol.table import NOTES_A_DATAGRAM, TEXT_A_DATAGRAM
from ..request import Take
from .resend import Answered, Sent

PROGRESS_SECONDS = 0.1
"""How often a client hears of progress at most: answers that take less need none."""


@dataclass(frozen=True)
class Order:
    """What a client asked for, as far as the replies go."""

    id: Value
    signature: tuple[object, ...]
    """Verb, arguments, settings and context: equal for a request that was sent twice."""
    single: bool
    """Whether each note is sent as soon as it is chosen."""
    reply_port: int
    takes: int = 1
    """How many takes the answer has."""


class Answer:
    """The engine's listener for one request. Sends each reply once and nothing after the end."""

    def __init__(
        self,
        order: Order,
        kept: Answered,
        clock: Clock,
        send: Callable[[Outgoing, int], None],
        finished: Callable[[Answer], None],
    ) -> None:
        self.order = order
        self.started = clock.now()
        self.job: Cancellable | None = None
        self.kept = kept
        """Its takes, as far as they are complete."""
        self._clock = clock
        self._send = send
        self._finished = finished
        self._lock = threading.RLock()
        self._over = False
        self._told = self.started
        self._singles: dict[int, list[Encoded]] = {}
        """By take, what was sent in mode single."""

    def began(self, job: Cancellable) -> None:
        """Learn which job works on this."""
        with self._lock:
            self.job = job
            over = self._over
        if over:  # stopped, or even done, before the engine had told which job it is
            job.cancel()

    @property
    def ack(self) -> Message:
        """The reply that says the request has arrived."""
        return Message("/antiphon/ack", (self.order.id, 0))

    def again(self, reply_port: int) -> bool:
        """Acknowledge the same request sent twice; return False when it has ended and is to be asked anew."""
        with self._lock:
            if self.settle():
                return False
            self._send(self.ack, reply_port)
        return True

    def settle(self) -> bool:
        """End the request if the client has its last reply; return whether it has. Waits for one being sent.

        With the last take sent the request is over, though the engine has yet to say that it is done.
        """
        with self._lock:
            if not self._over and len(self.kept.takes) >= self.order.takes:
                self._end(None)
            return self._over

    def stop(self, code: str, message: str) -> bool:
        """End the request with a failure; return False when it had ended already."""
        with self._lock:
            if self.settle():
                return False
            self._end(Message("/antiphon/fail", (self.order.id, code, message)))
        if self.job is not None:
            self.job.cancel()
        return True

    def on_note(self, take: int, index: int, note: Note) -> None:
        """Send a note at once in mode single."""
        if self.order.single:
            with self._lock:
                if not self._over:
                    head = (self.order.id, take, index)
                    message = encoded(NoteMessage("/antiphon/note", head, (note,)))
                    self._singles.setdefault(take, []).append(message)
                    self._emit(message)

    def on_progress(self, fraction: float) -> None:
        """Tell how far the request is, now and then."""
        with self._lock:
            self.kept.fraction = fraction
            if not self._over and self._clock.now() - self._told >= PROGRESS_SECONDS:
                self._told = self._clock.now()
                self._emit(self.progress)

    @property
    def progress(self) -> Message:
        """The reply that tells how far the request is."""
        return Message("/antiphon/progress", (self.order.id, float(self.kept.fraction)))

    def on_take(self, take: Take) -> None:
        """Send a take and keep it for resending."""
        single = self.order.single
        notes = tuple(self._singles.pop(take.index, ())) if single else self._messages(take)
        text = self._text(take)
        last = (self.order.id, take.index, len(take.notes), take.end_beats, take.seed, take.nats_per_note)
        done = Message("/antiphon/done", (*last, len(text)) if text else last)
        with self._lock:
            if self._over:
                return
            weight = len(take.notes) + len(notes) + len(text) + 1
            self.kept.add(take.index, Sent(notes, done, weight, text))
            for message in text if single else (*notes, *text):
                self._emit(message)
            self._emit(done)

    def on_done(self) -> None:
        """End the request."""
        with self._lock:
            if not self._over:
                self._end(None)

    def on_fail(self, code: str, message: str) -> None:
        """End the request with the engine's failure."""
        with self._lock:
            if not self._over:
                self._end(Message("/antiphon/fail", (self.order.id, code, shortened(message))))

    def _messages(self, take: Take) -> tuple[Encoded, ...]:
        """Return a take's notes as messages of mode chunk, at least one."""
        head = (self.order.id, take.index)
        size = NOTES_A_DATAGRAM
        chunks = [take.notes[at : at + size] for at in range(0, len(take.notes), size)] or [()]
        return tuple(
            encoded(NoteMessage("/antiphon/notes", (*head, seq, len(chunks), len(chunk)), chunk))
            for seq, chunk in enumerate(chunks)
        )

    def _text(self, take: Take) -> tuple[Encoded, ...]:
        """Return a take's text as messages, none where it has none."""
        size = TEXT_A_DATAGRAM
        chunks = [take.text[at : at + size] for at in range(0, len(take.text), size)]
        return tuple(
            encoded(Message("/antiphon/text", (self.order.id, take.index, chunk, seq, len(chunks))))
            for seq, chunk in enumerate(chunks)
        )

    def _emit(self, message: Outgoing) -> None:
        self._send(message, self.order.reply_port)

    def _end(self, last: Outgoing | None) -> None:
        """Send the last reply, if any, and say that this is over."""
        if last is not None:
            self._emit(last)
        self._over = True
        self._finished(self)
