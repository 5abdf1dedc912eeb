"""All sessions of a bridge, and how much strangers may make it keep."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from itertools import chain

from .osc import Outgoing, Value
from .pacer import Host
from .ports import House
from .session import Session

MAX_SESSIONS = 256
MAX_WEIGHT = 262_144
"""Notes that all sessions together may keep: some 40 MB."""
WEIGH_EVERY = 64
"""Messages between two weighings, which take longer than answering one."""


class Sessions:
    """Sessions by sender; blank ones are forgotten first, then the least recently used that await no answer.

    Args:
        house: what they share.
        send: takes a reply and the address it goes to.
    """

    def __init__(self, house: House, send: Callable[[Outgoing, Host], None]) -> None:
        self._house = house
        self._send = send
        self._by_sender: OrderedDict[Host, Session] = OrderedDict()
        self._lock = threading.Lock()
        self._arrivals = 0

    def __len__(self) -> int:
        return len(self._by_sender)

    def all(self) -> list[Session]:
        """Return all sessions."""
        with self._lock:
            return list(self._by_sender.values())

    def of(self, sender: Host) -> Session:
        """Return a sender's session, the most recently used now."""
        with self._lock:
            session = self._by_sender.get(sender)
            if session is None:
                session = self._by_sender[sender] = self._new(sender)
            self._by_sender.move_to_end(sender)
            self._arrivals += 1
            surplus = self._over_count()
            if self._arrivals % WEIGH_EVERY == 0:
                surplus += self._over_weight()
        for forgotten in surplus:
            forgotten.close()
        return session

    def _new(self, sender: Host) -> Session:
        def send(message: Outgoing, reply_port: int) -> None:
            self._send(message, (sender[0], reply_port or sender[1]))

        return Session(
            sender, self._house, send, lambda name: self._lender(sender, name),
            lambda name: self._asker(sender, name),
        )  # fmt: skip

    def _lender(self, sender: Host, name: Value) -> Session | None:
        """Return the latest one-shot sender of the same host that sent a context of this id."""
        with self._lock:
            for (address, _), session in reversed(self._by_sender.items()):
                if address == sender[0] and session.lends and name in session.contexts:
                    return session
        return None

    def _asker(self, sender: Host, name: Value) -> Session | None:
        """Return the latest session of the same host whose request of this id is running."""
        with self._lock:
            for (address, _), session in reversed(self._by_sender.items()):
                if address == sender[0] and session.runs(name):
                    return session
        return None

    def _over_count(self) -> list[Session]:
        """Take out sessions beyond their number, never the newest."""
        taken: list[Session] = []
        while len(self._by_sender) > MAX_SESSIONS:
            older = list(self._by_sender)[:-1]
            blank = (sender for sender in older if self._by_sender[sender].is_blank)
            idle = (sender for sender in older if not self._by_sender[sender].is_waiting)
            taken.append(self._by_sender.pop(next(chain(blank, idle, older))))
        return taken

    def _over_weight(self) -> list[Session]:
        """Take out sessions until the others are light enough, never the newest, idle ones first."""
        taken: list[Session] = []
        weights = {sender: session.weight for sender, session in self._by_sender.items()}
        total = sum(weights.values())
        older = list(weights)[:-1]
        for sender in sorted(older, key=lambda sender: self._by_sender[sender].is_waiting):
            if total <= MAX_WEIGHT:
                break
            if weights[sender]:
                taken.append(self._by_sender.pop(sender))
                total -= weights[sender]
        return taken
