"""A bridge that misses a request and knows nothing to send again, for tests of clients."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from types import TracebackType

from antiphon.bridge.protocol.osc import MAX_DATAGRAM, Message, Value, encode, read
from antiphon.bridge.protocol.table import PROTOCOL
from antiphon.models.note import Note

NOTE = Note(60, 4.0, 1.0, 80, 0)
"""The one that it answers with."""
Reply = tuple[Value, ...]


class Forgetful(threading.Thread):
    """A bridge behind a network that loses the first request and doubles what is said instead of an answer.

    Args:
        begins: whether it has heard the request and begun to answer, and has forgotten that since.
        refuses: whether the request is wrong, too.
    """

    def __init__(self, *, begins: bool = False, refuses: bool = False) -> None:
        super().__init__(daemon=True)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._begins, self._refuses = begins, refuses
        self.port: int = self._socket.getsockname()[1]
        self.heard: list[Message] = []
        """All but greetings."""

    def __enter__(self) -> Forgetful:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.sendto(b"", self._socket.getsockname())
        self.join(5)
        self._socket.close()

    def run(self) -> None:
        """Answer until an empty datagram comes."""
        to = ("", 0)
        while datagram := self._socket.recvfrom(MAX_DATAGRAM):
            data, sender = datagram
            if not data:
                return
            (message,) = read(data)
            assert isinstance(message, Message)
            if message.address == "/antiphon/hello":
                to = (sender[0], int(message.args[0]) or sender[1])
                replies: Sequence[Reply] = [
                    ("hello/reply", "antiphon", "9.0.0", PROTOCOL, message.args[0], "generate,continue")
                ]
            else:
                self.heard.append(message)
                replies = self.answers(message)
            for address, *args in replies:
                self._socket.sendto(encode(Message(f"/antiphon/{address}", tuple(args))), to)

    def answers(self, message: Message) -> Sequence[Reply]:
        """Return the replies to the message heard last."""
        name = message.args[0]
        if message.address == "/antiphon/context":
            return [("ack", name, message.args[1])]
        if message.address == "/antiphon/resend":
            return [("fail", name, "bad_args", "nothing is kept of it")] * 2
        if self.heard.count(message) == 1:
            late = ("ack", name, 0)  # the context's, once more
            return [late, ("progress", name, 0.5)] if self._begins else [late]
        if self._refuses:
            return [("fail", name, "bad_args", "no")]
        return self.answer(message)

    def answer(self, message: Message) -> Sequence[Reply]:
        """Return the whole answer to a request."""
        name = message.args[0]
        told = dict(zip(message.args[1::2], message.args[2::2], strict=True))
        values = (NOTE.pitch, NOTE.start, NOTE.duration, NOTE.velocity, NOTE.part)
        takes = [
            (("notes", name, take, 0, 1, 1, *values), ("done", name, take, 1, 8.0, 3, 1.5))
            for take in range(int(told.get("takes", 1)))
        ]
        return [("ack", name, 0), *(reply for replies in takes for reply in replies)]

    @property
    def asked(self) -> list[Message]:
        """The requests that it has heard."""
        return [m for m in self.heard if m.address == "/antiphon/continue"]


class StartedAnew(Forgetful):
    """A bridge that ended after a context had come, ``times`` times, and then knows nothing of it."""

    def __init__(self, times: int = 1) -> None:
        super().__init__()
        self._times = times

    def answers(self, message: Message) -> Sequence[Reply]:
        """Return the replies to the message heard last."""
        name = message.args[0]
        if message.address == "/antiphon/context":
            return [("ack", name, message.args[1])]
        if self._times:
            self._times -= 1
            return [("fail", name, "no_context", "send it first")] * 2
        return self.answer(message)
