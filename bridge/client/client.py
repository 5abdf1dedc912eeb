"""A client for scripts, notebooks and the command line: ask a running bridge for notes.

    from antiphon.bridge.client import Client
    from antiphon.models.note import Note

    with Client() as bridge:
        theme = [Note(62, 0.0, 1.0), Note(65, 1.0, 1.0), Note(69, 2.0, 2.0)]
        take = bridge.continue_(theme, bars=4, metre="4/4", scale="D dorian", seed=7)[0]
        for note in take.notes:
            print(note.start, note.pitch)

What gets lost on the way is asked for again.
"""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import TracebackType

from ...models.errors import RequestError
from ...models.note import Note
from ..protocol.options import AUTO, OptionValue, new_seed
from ..protocol.osc import Message, NoteMessage, Value
from ..protocol.table import HOST, NOTES_A_DATAGRAM, PORT
from ..request import Take
from .about import Bridge, ModelLine, Status
from .asked import fitting, hold, merged, refuse_own, take_count
from .collect import Collector
from .conversation import Conversation

NO_CONTEXT = "no_context"
OnNote = Callable[[int, int, Note], None]
OnProgress = Callable[[float], None]
__all__ = ["Bridge", "Client", "ModelLine", "Status", "Take"]


class Client:
    """One conversation with a bridge. Not for several threads at once.

    Every method raises RequestError: with the bridge's code and sentence where it refuses, with the code
    ``timeout`` where nothing answers.

    Args:
        host: where the bridge runs.
        port: its UDP port.
        timeout: seconds without a sign of life before giving up.
        name: what the bridge knows this program by.
    """

    def __init__(
        self, host: str = HOST, port: int = PORT, *, timeout: float = 5.0, name: str = "python"
    ) -> None:
        self._name = secrets.token_hex(3)
        self._conversation = Conversation(host, port, timeout, f"{name} {self._name}")
        self._numbers = itertools.count(1)
        self._held: dict[str, OptionValue] = {}
        """What :meth:`set` and :meth:`load` asked for, told with each request: a bridge started anew knows
        nothing of it."""

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the socket."""
        self._conversation.close()

    def hello(self) -> Bridge:
        """Return who answers; raises RequestError ``protocol`` where it speaks another one."""
        reply = self._conversation.greet()
        return Bridge(str(reply[0]), str(reply[1]), int(reply[2]), _words(reply[4]))

    def ping(self, size: int = 0) -> float:
        """Return how long a message with ``size`` bytes of text takes there and back, in seconds."""
        token = f"{self._name}-{next(self._numbers)}"
        began = time.perf_counter()
        text = (token, "x" * size) if size else (token,)
        ping = Message("/antiphon/ping", text)
        self._conversation.one(ping, "/antiphon/pong", lambda reply: reply[:1] == (token,))
        return time.perf_counter() - began

    def status(self) -> Status:
        """Ask how the bridge is."""
        reply = self._conversation.one(Message("/antiphon/status"), "/antiphon/status/reply")
        return Status(int(reply[0]), str(reply[1]), bool(reply[2]), int(reply[3]), float(reply[4]))

    def models(self) -> list[ModelLine]:
        """List the models by name."""
        found: dict[str, ModelLine] = {}

        def take(message: Message) -> bool:
            if message.address == "/antiphon/model":
                name, title, tasks, parts, size = message.args
                found[str(name)] = ModelLine(str(name), str(title), _words(tasks), _words(parts), float(size))
            return message.address == "/antiphon/models/done" and len(found) >= int(message.args[0])

        self._conversation.talk(Message("/antiphon/models"), take)
        return [found[name] for name in sorted(found)]

    def load(self, model: str) -> None:
        """Load a model and make it this client's default; "" means the bridge's own, by its name."""
        load = Message("/antiphon/load", (model,))
        reply = self._conversation.one(load, "/antiphon/loaded", lambda reply: reply == (model,) or not model)
        hold(self._held, "model", reply[0])

    def set(self, **options: OptionValue) -> None:
        """Set options for all requests to come; the value "auto" takes one back."""
        refuse_own(options)
        for key, value in options.items():
            self._told(key, Message("/antiphon/set", (key, value)))
            hold(self._held, key, value)

    def get(self, option: str) -> Value:
        """Return what holds for an option."""
        value = self._told(option, Message("/antiphon/get", (option,)))
        return float(f"{value:.7g}") if isinstance(value, float) else value  # it came as 32 bits

    def _told(self, option: str, message: Message) -> Value:
        """Return what the bridge says that holds for an option, asked or set by a message."""
        reply = self._conversation.one(message, "/antiphon/get/reply", lambda reply: reply[0] == option)
        return reply[1]

    def generate(self, *, on_note: OnNote | None = None, **options: OptionValue) -> list[Take]:
        """Return notes from nothing, one Take for each of ``takes``.

        Args:
            on_note: called with take, index and note as soon as each is chosen.
            options: the protocol's: model, bars, seed, scale, temperature …
        """
        return self.request("generate", options=options, on_note=on_note)

    def continue_(
        self, notes: Iterable[Note], *, on_note: OnNote | None = None, **options: OptionValue
    ) -> list[Take]:
        """Return what follows ``notes``, whose starts are beats on the caller's timeline.

        Args:
            notes: the context, in any order.
            on_note: called with take, index and note as soon as each is chosen.
            options: the protocol's: model, start, bars, metre, seed, scale, temperature …
        """
        return self.request("continue", notes, options, on_note=on_note)

    def request(
        self,
        verb: str,
        notes: Iterable[Note] | None = None,
        options: Mapping[str, OptionValue] | None = None,
        *,
        on_note: OnNote | None = None,
        on_progress: OnProgress | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> list[Take]:
        """Return what any verb of the bridge's capabilities makes.

        Args:
            verb: "generate", "continue" …
            notes: the context, in any order; None for verbs that take none.
            options: the protocol's.
            on_note: called with take, index and note as soon as each is chosen.
            on_progress: called with the fraction that exists, at most ten times a second.
            stop: looked at twenty times a second; True cancels, which raises RequestError ``cancelled``.
        """
        asked = merged(options or {}, self._held)
        name = self._new_id()
        context = None if notes is None else fitting(notes, asked)
        if context is not None:
            self._send_context(name, context, stop)
        if asked.get("seed", AUTO) == AUTO:
            # Sent twice because its ack got lost, a request must mean the same notes twice.
            asked["seed"] = new_seed()
        pairs = [value for pair in asked.items() for value in pair]
        mode = ("mode", "chunk" if on_note is None else "single")
        collector = Collector(name, take_count(asked), on_note, on_progress)
        message = Message(f"/antiphon/{verb}", (name, *pairs, *mode))
        talk = partial(
            self._conversation.talk, lambda: collector.missing() or [message], collector.take, name
        )
        try:
            try:
                talk(collector.excuses, stop)
            except RequestError as error:
                if error.code != NO_CONTEXT or context is None:
                    raise
                # The bridge was started anew in between, or had no room for this one among others.
                self._send_context(name, context, stop)
                talk(collector.excuses, stop)
        except KeyboardInterrupt:
            self._conversation.cancel(name)
            raise
        return collector.takes()

    def _new_id(self) -> str:
        return f"{self._name}-{next(self._numbers)}"

    def _send_context(self, name: str, notes: Sequence[Note], stop: Callable[[], bool] | None) -> None:
        """Send a context until every message of it is acknowledged."""
        size = NOTES_A_DATAGRAM
        chunks = [tuple(notes[at : at + size]) for at in range(0, len(notes), size)] or [()]
        waiting = {
            seq: NoteMessage("/antiphon/context", (name, seq, len(chunks), len(chunk)), chunk)
            for seq, chunk in enumerate(chunks)
        }

        def take(message: Message) -> bool:
            if message.address == "/antiphon/ack" and message.args[0] == name:
                waiting.pop(int(message.args[1]), None)
            return not waiting

        # A request's refusal for want of a context may come twice.
        self._conversation.talk(
            lambda: list(waiting.values()), take, name, lambda fail: fail.args[1] == NO_CONTEXT, stop
        )


def _words(text: Value) -> tuple[str, ...]:
    """Return the words of a comma-separated reply."""
    return tuple(filter(None, str(text).split(",")))
