"""The bridge on the network: datagrams in, sessions, datagrams out."""

from __future__ import annotations

import errno
import itertools
import logging
import selectors
import socket
import threading
from collections.abc import Iterable
from types import TracebackType

from ...models.errors import ConfigError, RequestError
from ..address import ask_for_room, bound, looked_up
from ..clock import Clock, SystemClock
from ..interfaces import Catalogue, Generator, House
from ..lull import Lull
from ..protocol.options import new_seed
from ..protocol.osc import MAX_DATAGRAM, Encoded, Malformed, Message, Outgoing, encode
from ..protocol.table import HOST, PORT
from ..version import version
from .backlog import Backlog
from .chores import Chores
from .pacer import Host, Pacer
from .sessions import Sessions

DRAINED_AT_ONCE = 4096
"""Datagrams taken from the system between two answers, some 10 ms of work. A sender who never pauses
must not keep everybody from being answered; but an answer sets workers going, who then compete with the
reader: with 512 a burst of 10,000 large contexts overflowed the system's buffer."""
TICK_SECONDS = 0.25
LOOK_SECONDS = 2.0
"""How often the folders of models are looked at."""
LOADED_AHEAD = 16
"""Models loaded before anybody asks for them. A folder may hold a hundred runs: what is loaded stays in
memory, and loads that clients ask for wait in the same line, which is limited (chores.py)."""
CLOSING_SECONDS = 2.0
"""How long each thread may take to end."""
log = logging.getLogger("antiphon.server")
log_in = logging.getLogger("antiphon.osc.in")
log_out = logging.getLogger("antiphon.osc.out")


class Server:
    """Answers OSC on one UDP port. Binds at once, answers after :meth:`start`.

    Args:
        engine: makes the notes; the caller closes it.
        models: the models at hand.
        host: the address to listen on; anything but a loopback address lets the network in.
        port: the UDP port, 0 for any free one.
        announce: addresses that hear of startup and shutdown without having asked.
        clock: tells the pace and when requests are given up.

    Raises ConfigError where the port cannot be had, or an announced host is unknown.
    """

    def __init__(
        self,
        engine: Generator,
        models: Catalogue,
        *,
        host: str = HOST,
        port: int = PORT,
        announce: Iterable[Host] = (),
        clock: Clock | None = None,
    ) -> None:
        self._socket = bind(host, port)
        self.address: Host = self._socket.getsockname()[:2]
        self._models = models
        try:
            self._announce = tuple(resolved(self._socket.family, *each) for each in announce)
        except ConfigError:
            self._socket.close()
            raise
        clock = clock or SystemClock()
        self._pacer = Pacer(self._send_now, clock)
        self._chores = Chores()
        self._lull = Lull()
        house = House(engine, models, clock, version(), new_seed, self._chores.add, self._lull)
        self.sessions = Sessions(house, self.send)
        self._backlog = Backlog()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._receive, name="antiphon-receive", daemon=True),
            threading.Thread(target=self._pacer.run, name="antiphon-send", daemon=True),
            threading.Thread(target=self._keep_house, name="antiphon-house", daemon=True),
        ]

    def start(self) -> None:
        """Start answering, and load the first models by name, LOADED_AHEAD at most, in the background."""
        # First in the line: loads that clients have asked for since the port was taken could fill it.
        for info in self._models.models()[:LOADED_AHEAD]:
            self._chores.add(lambda name=info.name: self._load(name))  # type: ignore[misc]
        for thread in self._threads:
            thread.start()
        for host in self._announce:
            self.send(Message("/antiphon/startup", (version(),)), host)

    def close(self) -> None:
        """Say goodbye, cancel what runs and free the port. May be called twice."""
        if self._stop.is_set():
            return
        for session in self.sessions.all():
            session.tell("/antiphon/shutdown")
        for host in self._announce:
            self.send(Message("/antiphon/shutdown"), host)
        self._stop.set()
        receiving, *others = self._threads
        _end(receiving)  # before all is cancelled: what it has just acknowledged has its last reply, too
        for session in self.sessions.all():
            session.close("the bridge is shutting down")
        self._chores.close()
        self._pacer.close()
        for thread in others:
            _end(thread)
        self._socket.close()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until closed, at most ``seconds``; return whether it is."""
        return self._stop.wait(seconds)

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, message: Outgoing, host: Host, client: Host | None = None) -> None:
        """Send a reply within the pace of the address, which may be another than its client's.

        Notes that still wait to be sent are not sent twice for having been asked for again. Thread-safe,
        never blocks.
        """
        datagram = encode(message)
        if len(datagram) > MAX_DATAGRAM:
            text = f"the reply {message.address} has {len(datagram)} bytes, the limit is {MAX_DATAGRAM}"
            datagram = encode(Message("/antiphon/fail", (message.address, "too_large", text)))
        if log_out.isEnabledFor(logging.DEBUG):
            log_out.debug("%s:%d %s %.200s", *host, message.address, message.args)
        self._pacer.put(datagram, host, client, once=isinstance(message, Encoded))

    def _send_now(self, datagram: bytes, host: Host) -> bool:
        """Send a datagram; return False only where trying again would help."""
        try:
            try:
                self._socket.sendto(datagram, host)
            except ConnectionResetError:  # Windows may say of this one that an earlier one found nobody
                self._socket.sendto(datagram, host)
        except BlockingIOError:
            return False
        except (OSError, OverflowError) as error:
            if getattr(error, "errno", None) == errno.ENOBUFS:  # so macOS says that its buffer is full
                return False
            # A vanished client, a forbidden address, a socket just closed.
            log_out.debug("%s:%d cannot be reached: %s", *host, error)
        return True

    def _receive(self) -> None:
        """Take what has come and answer one message of it, over and over.

        One thread does both: with two, the one that parses would keep the interpreter from the one
        that empties the system's small buffer.
        """
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            while not self._stop.is_set():
                if self._backlog or selector.select(0 if self._lull else TICK_SECONDS):
                    self._drain()
                if self._backlog:
                    self._answer(*self._backlog.pop())
                elif self._lull:
                    self._lull.work()

    def _drain(self) -> None:
        """Move what the system holds into the backlog."""
        for _ in range(DRAINED_AT_ONCE):
            try:
                datagram, sender = self._socket.recvfrom(MAX_DATAGRAM + 1)
            except BlockingIOError:
                return
            except ConnectionResetError:
                continue  # Windows: an earlier reply found nobody
            except OSError:
                return  # closed
            host = _host(*sender)
            if not self._backlog.put(datagram, host):
                self.send(Message("/antiphon/fail", ("/", "busy", "too many datagrams wait")), host)

    def _answer(self, message: Message | Malformed | None, sender: Host) -> None:
        """Hand a message to the sender's session."""
        if log_in.isEnabledFor(logging.DEBUG):
            log_in.debug("%s:%d %.300s", *sender, message)
        try:
            session = self.sessions.of(sender)
            if isinstance(message, Malformed):
                session.reject(message.address, message.reason)
            elif message is not None:
                session.handle(message)
        except Exception:  # whatever one message does, the next one is answered
            log.exception("%.300s from %s:%d failed", message, *sender)

    def _keep_house(self) -> None:
        """Give up late requests and look for new models."""
        for ticks in itertools.count(1):
            if self._stop.wait(TICK_SECONDS):
                return
            chores = [session.tick for session in self.sessions.all()]
            if ticks % int(LOOK_SECONDS / TICK_SECONDS) == 0:
                chores.append(self._look)
            for chore in chores:
                try:
                    chore()
                except Exception:  # the others' requests are given up in time, too
                    log.exception("keeping house failed")

    def _look(self) -> None:
        """Tell clients of new models."""
        for info in self._models.refresh():
            log.info("model %s has been added", info.name)
            for session in self.sessions.all():
                session.tell("/antiphon/model/added", info.name)

    def _load(self, name: str) -> None:
        """Load a model before anybody asks for it."""
        if self._stop.is_set():
            return
        try:
            self._models.load(name)
        except RequestError as error:
            log.warning("model %s: %s", name, error)


def _end(thread: threading.Thread) -> None:
    """Wait until a thread that was told to end has done so, not for ever; it may never have begun."""
    if thread.ident is not None:
        thread.join(CLOSING_SECONDS)


def bind(host: str, port: int) -> socket.socket:
    """Return a non-blocking UDP socket; raises ConfigError that says what to do."""
    try:
        family, address = looked_up(host, port)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"--host {host}: {reason}; 127.0.0.1 is this computer") from error
    try:
        sock = bound(family, address)
    except OSError as error:
        advice = "Is another bridge running? Stop it or choose another --port"
        if error.errno == errno.EADDRNOTAVAIL:
            advice = "--host is an address of this computer: 127.0.0.1 for its own programs, 0.0.0.0 for all"
        raise ConfigError(f"port {port} on {host} cannot be had: {error.strerror}. {advice}") from error
    ask_for_room(sock)
    sock.setblocking(False)
    return sock


def resolved(family: int, host: str, port: int) -> Host:
    """Return a host's address as sockets of a family write it, looked up once; raises ConfigError."""
    try:
        address = socket.getaddrinfo(host, port, family, socket.SOCK_DGRAM, flags=socket.AI_V4MAPPED)[0][4]
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"--announce {host}:{port}: {reason}; the bridge cannot send there") from error
    return _host(*address)


def _host(address: str, port: int, flow: int = 0, interface: int = 0) -> Host:
    """Return a sender as replies are sent to it: a neighbour of IPv6 only with its interface."""
    return (f"{address}%{interface}" if interface else address), port
