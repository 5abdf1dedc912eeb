"""Sends datagrams no faster than clients can take them, each client's apart from the others'."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from .clock import Clock
from .protocol import DATAGRAMS_A_SLOT, SLOT_SECONDS
from .quota import OVERHEAD_BYTES, Quota

MAX_CLIENT_BYTES = 16 << 20
"""Bytes that may wait for one client, with what keeping them costs: as much as it may ask for at once."""
MAX_BYTES = 64 << 20
MAX_LANES = 1024
TURN_SECONDS = SLOT_SECONDS / 4
CLOSING_SECONDS = 0.5
"""Enough for some 3,000 last replies of each client."""
log = logging.getLogger("antiphon.osc.out")

Host = tuple[str, int]


@dataclass
class Lane:
    """What waits for one address."""

    waiting: deque[bytes] = field(default_factory=deque)
    times: deque[float] = field(default_factory=lambda: deque(maxlen=DATAGRAMS_A_SLOT))
    """When the latest datagrams went."""

    def may(self, now: float) -> bool:
        """Return whether a datagram may go now: in no stretch of a slot's length go more than a slot's."""
        return len(self.times) < DATAGRAMS_A_SLOT or now - self.times[0] >= SLOT_SECONDS


class Pacer:
    """Queues by address. A datagram goes at once while its address keeps within the pace.

    Args:
        send: sends a datagram now; must not block; returns False when the system's buffer is full.
        clock: tells the slots.
    """

    def __init__(self, send: Callable[[bytes, Host], bool], clock: Clock) -> None:
        self._send = send
        self._clock = clock
        self._lanes: OrderedDict[Host, Lane] = OrderedDict()
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._queued = 0
        self._quota = Quota(MAX_CLIENT_BYTES, MAX_BYTES)
        self._closed = False
        self.dropped = 0
        """Datagrams given up because too much waited."""

    @property
    def queued(self) -> int:
        """Datagrams that wait."""
        return self._queued

    @property
    def waiting_bytes(self) -> int:
        """What waits, with what keeping it costs."""
        return self._quota.total

    def put(self, datagram: bytes, host: Host) -> None:
        """Send a datagram, now or when the pace allows; never blocks. Thread-safe."""
        with self._lock:
            lane = self._lane(host)
            now = self._clock.now()
            if not lane.waiting and lane.may(now) and self._send(datagram, host):
                lane.times.append(now)
                return
            if not self._quota.admit(host, len(datagram) + OVERHEAD_BYTES):
                self.dropped += 1
                if self.dropped.bit_count() == 1:  # 1, 2, 4, 8 …: once is news, a flood is not
                    log.warning("%s:%d takes too little: %d datagrams dropped so far", *host, self.dropped)
                return
            lane.waiting.append(datagram)
            self._queued += 1
            if self._queued == 1:
                self._wake.notify()

    def _lane(self, host: Host) -> Lane:
        """Return an address' lane; forgets the oldest idle ones when there are many."""
        lane = self._lanes.get(host)
        if lane is None:
            lane = self._lanes[host] = Lane()
            if len(self._lanes) > MAX_LANES:
                idle = next(
                    (key for key, old in self._lanes.items() if not old.waiting and old is not lane), None
                )
                if idle is not None:
                    del self._lanes[idle]
        return lane

    def turn(self) -> None:
        """Send what the pace allows now, one datagram of each client after the other."""
        with self._lock:
            now = self._clock.now()
            active = [(host, lane) for host, lane in self._lanes.items() if lane.waiting]
            while active:
                active = [pair for pair in active if self._step(*pair, now)]

    def _step(self, host: Host, lane: Lane, now: float) -> bool:
        """Send one datagram of a lane; return whether more could go."""
        if not lane.may(now) or not self._send(lane.waiting[0], host):
            return False
        self._quota.release(host, len(lane.waiting.popleft()) + OVERHEAD_BYTES)
        lane.times.append(now)
        self._queued -= 1
        return bool(lane.waiting)

    def run(self) -> None:
        """Take turns until :meth:`close`; the sending thread's work."""
        while True:
            with self._wake:
                while not self._queued and not self._closed:
                    self._wake.wait()
                if self._closed:
                    return
                self._wake.wait(TURN_SECONDS)  # lets go of the lock, so others may put meanwhile
            self.turn()

    def close(self, seconds: float = CLOSING_SECONDS) -> None:
        """Send what waits, at the same pace and for so long at most, and end :meth:`run`."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        for _ in range(round(seconds / TURN_SECONDS)):
            self.turn()
            if not self._queued:
                break
            time.sleep(TURN_SECONDS)
