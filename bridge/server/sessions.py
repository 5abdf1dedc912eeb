"""All sessions of a bridge, and how much strangers may make it keep."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from itertools import chain

from ..interfaces import House
from ..protocol.osc import Message, Outgoing, Value
from ..session.session import Session
from .pacer import Host

MAX_SESSIONS = 256
MAX_WEIGHT = 262_144
"""Notes that all sessions together may keep: some 40 MB."""
WEIGH_EVERY = 64
"""Messages between two weighings, which take longer than answering one."""
FORGOTTEN = "too many clients, or too much to keep: the bridge has forgotten you; say hello and set all again"


class Sessions:
    """Sessions by sender.

    Blank ones are forgotten first. Of the others those go first that await no answer, of these those that
    have nothing set up, such as one-shot senders of contexts, or have long been silent, and of these the
    least recently used.

    Args:
        house: what they share.
        send: takes a reply, the address it goes to, and the client who asked.
    """

    def __init__(self, house: House, send: Callable[[Outgoing, Host, Host], None]) -> None:
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
            self._forget(*forgotten)
        return session

    def _forget(self, sender: Host, session: Session) -> None:
        """Let a session go that has been taken out; whoever has something set up is told."""
        session.close()
        if _is_set_up(session):
            told = Message("/antiphon/fail", ("/antiphon/hello", "busy", FORGOTTEN))
            self._send(told, (sender[0], session.reply_port or sender[1]), sender)

    def _new(self, sender: Host) -> Session:
        def send(message: Outgoing, reply_port: int) -> None:
            self._send(message, (sender[0], reply_port or sender[1]), sender)

        def lend(name: Value) -> Session | None:
            return self._latest(sender[0], lambda other: other.caller.lends and name in other.contexts)

        def asked(name: Value) -> Session | None:
            return self._latest(sender[0], lambda other: other.runs(name))

        return Session(sender, self._house, send, lend, asked)

    def _latest(self, address: str, fits: Callable[[Session], bool]) -> Session | None:
        """Return the most recently used session of a host that ``fits``, None where none does."""
        with self._lock:
            own = (each for (host, _), each in reversed(self._by_sender.items()) if host == address)
            return next(filter(fits, own), None)

    def _over_count(self) -> list[tuple[Host, Session]]:
        """Take out sessions beyond their number, never the newest."""
        taken: list[tuple[Host, Session]] = []
        while len(self._by_sender) > MAX_SESSIONS:
            older = list(self._by_sender)[:-1]
            blank = (sender for sender in older if self._by_sender[sender].is_blank)
            # Lazily: most often one of the first has nothing set, and this is done for every new client.
            spare = (sender for sender in older if not any(_worth(self._by_sender[sender])))
            first = next(chain(blank, spare), None)
            if first is None:
                first = min(older, key=lambda sender: _worth(self._by_sender[sender]))
            taken.append((first, self._by_sender.pop(first)))
        return taken

    def _over_weight(self) -> list[tuple[Host, Session]]:
        """Take out sessions until the others are light enough, never the newest, nor who has little."""
        taken: list[tuple[Host, Session]] = []
        weights = {sender: session.weight for sender, session in self._by_sender.items()}
        total = sum(weights.values())
        share = MAX_WEIGHT / max(len(weights), 1)
        heavy = [sender for sender in list(weights)[:-1] if weights[sender] > share]
        for sender in sorted(heavy, key=lambda sender: _worth(self._by_sender[sender])):
            if total <= MAX_WEIGHT:
                break
            taken.append((sender, self._by_sender.pop(sender)))
            total -= weights[sender]
        return taken


def _is_set_up(session: Session) -> bool:
    """Return whether a client has told how it wants to be treated, and so counts on being remembered."""
    return bool(session.settings or session.reply_port or session.notified)


def _worth(session: Session) -> tuple[bool, bool]:
    """Return how much forgetting a session would harm; least comes first."""
    return session.is_waiting, _is_set_up(session) and not session.caller.is_gone
