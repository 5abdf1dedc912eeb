"""What is said to a bridge until it answers, over one socket: lost datagrams are sent again."""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from ...models.errors import AntiphonError, RequestError
from ...models.refusal import reason
from ..address import ask_for_room, looked_up
from ..protocol.arguments import is_reply
from ..protocol.osc import MAX_DATAGRAM, Message, Outgoing, Value, encode, read
from ..protocol.table import DATAGRAMS_A_SLOT, PROTOCOL, SLOT_SECONDS

AGAIN_SECONDS = 0.25
"""How long a request may stay unanswered before it is sent again."""
STOP_SECONDS = 0.05
HELLO, HELLO_REPLY = "/antiphon/hello", "/antiphon/hello/reply"


class Conversation:
    """A client's side of the talk with one bridge. Not for several threads at once.

    Args:
        host: where the bridge runs.
        port: its UDP port.
        timeout: seconds without a sign of life before giving up.
        name: what the bridge tells this program from others by.

    Raises AntiphonError where the host is unknown or cannot be reached.
    """

    def __init__(self, host: str, port: int, timeout: float, name: str) -> None:
        self._where = f"{host}:{port}"
        self._timeout = timeout
        self._hello = Message(HELLO, (0, name, PROTOCOL))
        self._greeted = False
        """Before anything else: the bridge may still know the program that had this port before, and
        forgets with it what has been said since."""
        try:
            family, address = looked_up(host, port)
            self.socket = _connected(family, address)
        except (OSError, UnicodeError, OverflowError) as error:  # no name or port can be so
            why = reason(error) if isinstance(error, OSError) else error
            raise AntiphonError(f"cannot reach {self._where}: {why}") from error

    def close(self) -> None:
        """Free the socket."""
        self.socket.close()

    def cancel(self, name: str) -> None:
        """Stop a request; nobody waits for what the bridge says to it."""
        with contextlib.suppress(OSError):
            self.socket.send(encode(Message("/antiphon/cancel", (name,))))

    def greet(self, name: str | None = None, stop: Callable[[], bool] | None = None) -> tuple[Value, ...]:
        """Introduce this client; return the reply's arguments.

        Args:
            name: the request that it is done for, which :meth:`talk` may end meanwhile.
            stop: as in :meth:`talk`.
        """
        reply = self.one(self._hello, HELLO_REPLY, name=name, stop=stop)
        if reply[2] != PROTOCOL:
            text = f"the bridge speaks protocol {reply[2]} and this client {PROTOCOL}"
            raise RequestError(
                "protocol", f"{text}; bring both to one version: pip install --upgrade antiphon"
            )
        self._greeted = True
        return reply

    def one(
        self,
        message: Message,
        reply: str,
        fits: Callable[[tuple[Value, ...]], bool] = lambda args: True,
        name: str | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> tuple[Value, ...]:
        """Send a request that has one reply; return the reply's arguments.

        Args:
            message: the request.
            reply: the reply's address.
            fits: whether a reply's arguments answer this very request.
            name: as in :meth:`talk`.
            stop: as in :meth:`talk`.
        """
        found: list[tuple[Value, ...]] = []

        def take(came: Message) -> bool:
            if came.address == reply and fits(came.args):
                found.append(came.args)
            return bool(found)

        self.talk(message, take, name, stop=stop)
        return found[0]

    def talk(
        self,
        say: Outgoing | Callable[[], Sequence[Outgoing]],
        take: Callable[[Message], bool],
        name: str | None = None,
        excuses: Callable[[Message], bool] = lambda failure: False,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        """Send, and send again after each silence, until ``take`` has all it wants.

        Args:
            say: a message, or what tells those to be sent now.
            take: given each reply; returns whether it was the last.
            name: the id of the request.
            excuses: whether a refusal calls for another try.
            stop: looked at while waiting; True cancels the request ``name``.

        Raises RequestError when the bridge refuses ``name`` or the message's address, or stays silent for the
        timeout, and ``cancelled`` when stopped.
        """
        if not self._greeted and say != self._hello:
            self.greet(name, stop)
        told: Callable[[], Sequence[Outgoing]] = say if callable(say) else lambda: [say]
        refused = (name, told()[0].address)  # an unknown verb is refused by its address
        self._forget_what_came()
        heard = time.monotonic()
        while True:
            self._send(told())
            silence = time.monotonic() + AGAIN_SECONDS
            while (left := silence - time.monotonic()) > 0:
                if name and stop and stop():
                    self.cancel(name)
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
        self.socket.setblocking(True)  # waits for room in the system's buffer, for as long as it takes
        for count, message in enumerate(messages, 1):
            try:
                self.socket.send(encode(message))
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
            self.socket.setblocking(False)
            while True:
                with contextlib.suppress(ConnectionError):
                    self.socket.recv(MAX_DATAGRAM)

    def _receive(self, seconds: float) -> list[Message]:
        """Return the replies of the next datagram, none when it takes longer than ``seconds``."""
        self.socket.settimeout(seconds)
        try:
            datagram = self.socket.recv(MAX_DATAGRAM)
        except TimeoutError:
            return []
        except OSError:  # nobody listens there, or a router or firewall says so: perhaps not for long
            time.sleep(min(seconds, 0.02))
            return []
        return [m for m in read(datagram) if isinstance(m, Message) and is_reply(m)]


def _connected(family: int, address: Any) -> socket.socket:
    """Return a UDP socket that hears one address alone; raises OSError."""
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        ask_for_room(sock)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock
