"""Who calls from a port: programs come and go, and systems hand their ports out again."""

from __future__ import annotations

from ..clock import Clock

HELLO = "/antiphon/hello"
LENT_MESSAGES = frozenset({"/antiphon/context"})
CANCELLING_MESSAGES = frozenset({"/antiphon/cancel"})
SILENCE_SECONDS = 60.0
"""After so long a port that never said hello may be another program's."""
GONE_SECONDS = 600.0
"""After so long in silence a program has gone, where there is no room for all."""
MAX_STRAYS = 64
"""Messages in a row that are no requests and are answered nevertheless."""
PAUSE_SECONDS = 1.0
"""After so long a row is at its end: people who try things out make pauses."""


class Caller:
    """Tells one-shot senders, such as oscsend, from programs that stay, and a program from its forerunner.

    >>> from antiphon.bridge.clock import FakeClock
    >>> caller = Caller(FakeClock())
    >>> caller.says("/antiphon/context")
    >>> caller.lends, caller.cancels_others
    (True, False)
    >>> caller.is_another("max"), caller.is_another("max"), caller.is_another("reaper")
    (False, False, True)
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard = clock.now()
        self._addresses: set[str] = set()
        self._name: str | None = None
        self._strays, self._strayed = 0, self._heard

    @property
    def lends(self) -> bool:
        """Whether it has sent nothing but contexts: a one-shot sender's next message has another port."""
        return self._addresses <= LENT_MESSAGES

    @property
    def cancels_others(self) -> bool:
        """Whether it has sent nothing but cancels: then it may be a one-shot sender, too."""
        return self._addresses <= CANCELLING_MESSAGES

    @property
    def is_gone(self) -> bool:
        """Whether it has said nothing for long."""
        return self._clock.now() - self._heard > GONE_SECONDS

    def says(self, address: str) -> None:
        """Keep what a message is sent to, one of the protocol's addresses or an empty one."""
        now = self._clock.now()
        if now - self._heard > SILENCE_SECONDS and HELLO not in self._addresses:
            self._addresses.clear()
        self._heard = now
        self._addresses.add(address)
        if address:
            self._strays = 0

    def strays(self) -> bool:
        """Count a message that is no request; return whether it is to be left without an answer.

        Some programs, scsynth among them, answer whatever they do not know. Named as a reply port, or where a
        sender's address is forged, such a one and the bridge would complain to each other for ever.
        """
        now = self._clock.now()
        self._strays = 1 if now - self._strayed >= PAUSE_SECONDS else self._strays + 1
        self._strayed = now
        return self._strays > MAX_STRAYS

    def is_another(self, name: str) -> bool:
        """Take the name that a program tells of itself; return whether the one before had another."""
        former, self._name = self._name, name
        return former not in (None, name)
