"""The requests of one client: those running, those answered, and who waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable

from ...models.errors import RequestError
from ..clock import Clock
from ..interfaces import Generator
from ..protocol.osc import Outgoing, Value
from ..request import GenerationRequest
from .answer import Answer, Order
from .resend import Answered, ResendStore

MAX_RUNNING = 32
"""Requests of one client that may wait at once."""
MAX_WAITING = 64
"""Syncs of one client that may wait at once."""
REQUEST_SECONDS = 60.0
"""When a request is given up."""


class Desk:
    """Hands a client's requests to the engine and their answers to the client."""

    def __init__(
        self,
        client: Hashable,
        engine: Generator,
        clock: Clock,
        send: Callable[[Outgoing, int], None],
    ) -> None:
        self.last_ms = 0.0
        """How long the last request took, from arrival to its end."""
        self._client = client
        self._engine = engine
        self._clock = clock
        self._send = send
        self._kept = ResendStore()
        self._running: dict[Value, Answer] = {}
        self._held: set[object] = set()
        self._waiting: list[tuple[Callable[[], None], set[object]]] = []
        self._lock = threading.RLock()

    @property
    def weight(self) -> int:
        """What the answers cost that are kept and that are on their way, in notes."""
        with self._lock:
            return self._kept.weight + sum(answer.kept.weight for answer in self._running.values())

    @property
    def is_blank(self) -> bool:
        """Whether no answer is kept, and none on its way."""
        return not (self.is_busy or self._kept)

    @property
    def is_busy(self) -> bool:
        """Whether a request is on its way, or something else that syncs wait for."""
        return bool(self._running or self._held)

    def runs(self, name: Value) -> bool:
        """Return whether a request of that id is on its way."""
        return name in self._running

    def ask(self, order: Order, request: GenerationRequest, key: Hashable) -> None:
        """Start a request. One of the same id that still runs is replaced, unless it is this very one.

        Raises RequestError where nothing could be made of it or the engine is busy; it replaces nothing then.
        """
        with self._lock:
            former = self._running.get(order.id)
        if former is not None and former.order.signature == order.signature:
            if former.again(order.reply_port):  # sent twice because our ack got lost
                return
        elif former is not None:
            self._engine.check(request, self._client, former.job)
            former.stop("cancelled", "replaced by a newer request of the same id")
        with self._lock:
            if len(self._running) >= MAX_RUNNING:
                raise RequestError("busy", f"{MAX_RUNNING} requests of this client wait already")
            answer = Answer(order, Answered(order.reply_port), self._clock, self._send, self._finished)
            self._running[order.id] = answer
        # Sent before the engine begins: it is the first reply, and its sending delays no note.
        self._send(answer.ack, order.reply_port)
        try:
            replaces = None if former is None else former.job
            job = self._engine.submit(request, answer, key, self._client, replaces)
        except BaseException:
            with self._lock:
                self._running.pop(order.id, None)
            raise
        answer.began(job)

    def resend(self, name: Value, take: int, seqs: tuple[int, ...]) -> None:
        """Send messages of a take again, or how far it is; raises RequestError ``bad_args``."""
        with self._lock:
            running = self._running.get(name)
            kept = self._kept.find(name) if running is None else running.kept
        if take in kept.takes:
            for message in kept.takes[take].pick(seqs):
                self._send(message, kept.reply_port)
        elif running is not None:
            self._send(running.progress, kept.reply_port)
        else:
            has = f"it has {len(kept.takes)}" if kept.takes else "it ended before one was complete"
            raise RequestError("bad_args", f"request {name!r} has no take {take}; {has}")

    def cancel(self, name: Value) -> None:
        """Stop a request; raises RequestError ``bad_args`` when there is none."""
        with self._lock:
            answer = self._running.get(name)
        if answer is None or not answer.stop("cancelled", "cancelled as asked"):
            raise RequestError("bad_args", f"no request {name!r} is running")

    def hold(self) -> Callable[[], None]:
        """Let syncs wait for something that is no request; return what is to be called when it is done."""
        held = object()
        with self._lock:
            self._held.add(held)

        def release() -> None:
            with self._lock:
                self._held.discard(held)
            self._let_go(held)

        return release

    def when_idle(self, act: Callable[[], None]) -> None:
        """Do something once all that is on its way now has ended; raises RequestError ``busy``."""
        with self._lock:
            waits = {*self._running.values(), *self._held}
            if waits:
                if len(self._waiting) >= MAX_WAITING:
                    raise RequestError("busy", f"{MAX_WAITING} syncs wait already")
                self._waiting.append((act, waits))
                return  # from now on another thread may empty what it waits for, and acts then
        act()

    def settle(self) -> None:
        """Strike off the requests of which the client has had the last reply."""
        for answer in self._answers():
            answer.settle()

    def tick(self) -> None:
        """Give up requests that take too long."""
        now = self._clock.now()
        for answer in self._answers():
            if now - answer.started >= REQUEST_SECONDS:
                answer.stop("timeout", f"given up after {REQUEST_SECONDS:g} s; ask for less at once")

    def close(self, reason: str) -> None:
        """Cancel everything; the client is told why."""
        for answer in self._answers():
            answer.stop("cancelled", reason)

    def _answers(self) -> list[Answer]:
        with self._lock:
            return list(self._running.values())

    def _finished(self, answer: Answer) -> None:
        """Strike a request off."""
        with self._lock:
            if self._running.get(answer.order.id) is answer:
                del self._running[answer.order.id]
                # Not before: what runs must not be forgotten for what is asked after it, and a request
                # that is refused leaves the last answer of its id.
                self._kept.keep(answer.order.id, answer.kept)
            self.last_ms = (self._clock.now() - answer.started) * 1000.0
        self._let_go(answer)

    def _let_go(self, ended: object) -> None:
        """Do what waited for something, unless it waits for more."""
        with self._lock:
            for _, waits in self._waiting:
                waits.discard(ended)
            ready = [act for act, waits in self._waiting if not waits]
            self._waiting = [entry for entry in self._waiting if entry[1]]
        for act in ready:
            act()
