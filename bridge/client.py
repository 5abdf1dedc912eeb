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

import contextlib
import errno
import itertools
import secrets
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import TracebackType

from ..models.errors import AntiphonError, RequestError
from ..models.note import Note
from .about import Bridge, ModelLine, Status
from .asked import fitting, merged, refuse_own, take_count
from .collect import Collector
from .options import AUTO, OptionValue
from .osc import MAX_DATAGRAM, Message, NoteMessage, Outgoing, Value, encode, read
from .protocol import (
    DATAGRAMS_A_SLOT,
    HOST,
    NOTES_A_DATAGRAM,
    PORT,
    PROTOCOL,
    SEED_BITS,
    SLOT_SECONDS,
)
from .request import Take

AGAIN_SECONDS = 0.25
"""How long a request may stay unanswered before it is sent again."""
STOP_SECONDS = 0.05
HELLO, HELLO_REPLY = "/antiphon/hello", "/antiphon/hello/reply"
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
        self._where = f"{host}:{port}"
        self._timeout = timeout
        self._name = secrets.token_hex(3)
        self._hello = Message(HELLO, (0, f"{name} {self._name}", PROTOCOL))
        self._greeted = False
        """Before anything else: the bridge may still know the program that had this port before, and
        forgets with it what has been said since."""
        self._numbers = itertools.count(1)
        self._held: dict[str, OptionValue] = {}
        """What :meth:`set` asked for, told with each request: a bridge started anew knows nothing of it."""
        self._loaded: str = AUTO
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            self._socket.connect(address)
        except OSError as error:
            raise AntiphonError(f"cannot reach {self._where}: {error}") from error

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the socket."""
        self._socket.close()

    def hello(self) -> Bridge:
        """Return who answers."""
        reply = self._one(HELLO, self._hello.args, HELLO_REPLY)
        self._greeted = True
        return Bridge(str(reply[0]), str(reply[1]), int(reply[2]), _words(reply[4]))

    def ping(self, size: int = 0) -> float:
        """Return how long a message with ``size`` bytes of text takes there and back, in seconds."""
        token = f"{self._name}-{next(self._numbers)}"
        began = time.perf_counter()
        text = (token, "x" * size) if size else (token,)
        self._one("/antiphon/ping", text, "/antiphon/pong", lambda reply: reply[:1] == (token,))
        return time.perf_counter() - began

    def status(self) -> Status:
        """Ask how the bridge is."""
        reply = self._one("/antiphon/status", (), "/antiphon/status/reply")
        return Status(int(reply[0]), str(reply[1]), bool(reply[2]), int(reply[3]), float(reply[4]))

    def models(self) -> list[ModelLine]:
        """List the models by name."""
        found: dict[str, ModelLine] = {}

        def take(message: Message) -> bool:
            if message.address == "/antiphon/model":
                name, title, tasks, parts, size = message.args
                found[str(name)] = ModelLine(str(name), str(title), _words(tasks), _words(parts), float(size))
            return message.address == "/antiphon/models/done" and len(found) >= int(message.args[0])

        self._talk(Message("/antiphon/models"), take)
        return [found[name] for name in sorted(found)]

    def load(self, model: str) -> None:
        """Load a model and make it this client's default."""
        self._one("/antiphon/load", (model,), "/antiphon/loaded", lambda reply: reply == (model,))
        self._loaded = model

    def set(self, **options: OptionValue) -> None:
        """Set options for all requests to come; the value "auto" takes one back."""
        refuse_own(options)
        for key, value in options.items():
            self._one("/antiphon/set", (key, value), "/antiphon/get/reply", partial(_is_about, key))
            self._held[key] = value

    def get(self, option: str) -> Value:
        """Return what holds for an option."""
        reply = self._one("/antiphon/get", (option,), "/antiphon/get/reply", lambda reply: reply[0] == option)
        value = reply[1]
        return float(f"{value:.7g}") if isinstance(value, float) else value  # it came as 32 bits

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
        asked = merged(options or {}, self._held, self._loaded)
        name = self._new_id()
        if notes is not None:
            self._send_context(name, fitting(notes, asked), stop)
        if asked.get("seed", AUTO) == AUTO:
            # Sent twice because its ack got lost, a request must mean the same notes twice.
            asked["seed"] = secrets.randbits(SEED_BITS)
        pairs = [value for pair in asked.items() for value in pair]
        mode = ("mode", "chunk" if on_note is None else "single")
        collector = Collector(name, take_count(asked), on_note, on_progress)
        message = Message(f"/antiphon/{verb}", (name, *pairs, *mode))
        try:
            self._talk(
                lambda: collector.missing() or [message], collector.take, name, collector.excuses, stop
            )
        except KeyboardInterrupt:
            self._cancel(name)
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

        self._talk(lambda: list(waiting.values()), take, name, stop=stop)

    def _cancel(self, name: str) -> None:
        """Stop a request; nobody waits for what the bridge says to it."""
        with contextlib.suppress(OSError):
            self._socket.send(encode(Message("/antiphon/cancel", (name,))))

    def _one(
        self,
        address: str,
        args: tuple[Value, ...],
        reply: str,
        fits: Callable[[tuple[Value, ...]], bool] = lambda args: True,
    ) -> tuple[Value, ...]:
        """Send a request that has one reply; return the reply's arguments."""
        found: list[tuple[Value, ...]] = []

        def take(message: Message) -> bool:
            if message.address == reply and fits(message.args):
                found.append(message.args)
            return bool(found)

        self._talk(Message(address, args), take)
        return found[0]

    def _talk(
        self,
        say: Outgoing | Callable[[], Sequence[Outgoing]],
        take: Callable[[Message], bool],
        name: str | None = None,
        excuses: Callable[[Message], bool] = lambda failure: False,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        """Send, and send again what ``say`` tells after each silence, until ``take`` has all it wants.

        Raises RequestError when the bridge refuses ``name`` or the message's address and
        ``excuses`` does not call for another try, or when it stays silent for the timeout.
        """
        if not self._greeted and say != self._hello:
            self._talk(self._hello, lambda message: message.address == HELLO_REPLY, name, stop=stop)
            self._greeted = True
        told: Callable[[], Sequence[Outgoing]] = say if callable(say) else lambda: [say]
        refused = (name, told()[0].address)  # an unknown verb is refused by its address
        self._forget_what_came()
        heard = time.monotonic()
        while True:
            self._send(told())
            silence = time.monotonic() + AGAIN_SECONDS
            while (left := silence - time.monotonic()) > 0:
                if name and stop and stop():
                    self._cancel(name)
                    raise RequestError("cancelled", "cancelled as asked")
                for message in self._receive(min(left, STOP_SECONDS) if stop else left):
                    if message.address == "/antiphon/fail" and message.args[0] in refused:
                        if excuses(message):
                            continue
                        raise RequestError(str(message.args[1]), str(message.args[2]))
                    if take(message):
                        return
                    heard = time.monotonic()
                    silence = heard + AGAIN_SECONDS
            if time.monotonic() - heard >= self._timeout:
                raise RequestError(
                    "timeout",
                    f"no answer from {self._where} for {self._timeout:g} s; is `antiphon serve` running?",
                )

    def _send(self, messages: Sequence[Outgoing]) -> None:
        """Send messages within the pace that a bridge's buffer takes."""
        for count, message in enumerate(messages, 1):
            try:
                self._socket.send(encode(message))
            except ConnectionError:
                continue  # told of an earlier datagram; the silence will be noticed
            except OSError as error:
                code = "too_large" if error.errno == errno.EMSGSIZE else "timeout"
                raise RequestError(code, f"cannot send to {self._where}: {error}") from error
            if count % DATAGRAMS_A_SLOT == 0:
                time.sleep(SLOT_SECONDS)

    def _forget_what_came(self) -> None:
        """Leave out what answers an earlier message, such as its refusal that came twice."""
        with contextlib.suppress(OSError):  # nothing is left, or sending will tell what is wrong
            self._socket.setblocking(False)
            while True:
                with contextlib.suppress(ConnectionError):
                    self._socket.recv(MAX_DATAGRAM)
        self._socket.setblocking(True)  # sending waits for room in the system's buffer

    def _receive(self, seconds: float) -> list[Message]:
        """Return the messages of the next datagram, none when it takes longer than ``seconds``."""
        self._socket.settimeout(seconds)
        try:
            datagram = self._socket.recv(MAX_DATAGRAM)
        except TimeoutError:
            return []
        except OSError:  # nobody listens there, or a router or firewall says so: perhaps not for long
            time.sleep(min(seconds, 0.02))
            return []
        return [message for message in read(datagram) if isinstance(message, Message)]


def _is_about(key: str, reply: Sequence[Value]) -> bool:
    """Return whether a reply tells of an option."""
    return reply[0] == key


def _words(text: Value) -> tuple[str, ...]:
    """Return the words of a comma-separated reply."""
    return tuple(filter(None, str(text).split(",")))
