"""Datagrams that have come and wait to be answered, each sender's in order, the senders in turn."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..protocol.osc import Malformed, Message, is_bundle, read
from .pacer import Host
from .quota import OVERHEAD_BYTES, Quota

MAX_SENDER_BYTES = 64 << 20
MAX_BYTES = 64 << 20
"""Bytes that may wait, with what keeping them costs: some 200,000 small datagrams."""


@dataclass
class _Sender:
    """What waits of one sender."""

    datagrams: deque[bytes] = field(default_factory=deque)
    messages: Iterator[Message | Malformed] | None = None
    """What is left of the first datagram's messages, once it has been begun."""


class Backlog:
    """Hands out messages one at a time: a sender's flood, or a bundle of a thousand, delays no other.

    Not thread-safe.
    """

    def __init__(self) -> None:
        self._senders: OrderedDict[Host, _Sender] = OrderedDict()
        self._quota = Quota(MAX_SENDER_BYTES, MAX_BYTES)

    def __bool__(self) -> bool:
        return bool(self._senders)

    def put(self, datagram: bytes, host: Host) -> bool:
        """Keep a datagram; return False where too much waits already."""
        if not self._quota.admit(host, len(datagram) + OVERHEAD_BYTES):
            return False
        sender = self._senders.get(host)
        if sender is None:
            sender = self._senders[host] = _Sender()
        sender.datagrams.append(datagram)
        return True

    def pop(self) -> tuple[Message | Malformed | None, Host]:
        """Return the next sender's next message, None where its datagram holds no more, and the sender."""
        host, sender = self._senders.popitem(last=False)
        if sender.messages is None:
            sender.messages = read(sender.datagrams[0])
        message = next(sender.messages, None)
        if message is None or not is_bundle(sender.datagrams[0]):
            self._quota.release(host, len(sender.datagrams.popleft()) + OVERHEAD_BYTES)
            sender.messages = None
        if sender.datagrams:
            self._senders[host] = sender
        return message, host
