"""Sends datagrams no faster than addresses can take them, each sender's apart from the others'."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ..clock import Clock
from ..protocol.table import DATAGRAMS_A_SLOT, SLOT_SECONDS
from .quota import OVERHEAD_BYTES, Quota

MAX_CLIENT_BYTES = 16 << 20
"""Bytes that may wait of one client's replies, with what keeping them costs: as many as it may ask for."""
MAX_BYTES = 64 << 20
MAX_LANES = 1024
TURN_SECONDS = SLOT_SECONDS / 4
CLOSING_SECONDS = 0.5
"""Enough for some 3,000 last replies of each client."""
log = logging.getLogger("antiphon.osc.out")

Host = tuple[str, int]


@dataclass
class Queue:
    """What one client has asked for and one address waits for."""

    datagrams: deque[bytes] = field(default_factory=deque)
    once: set[bytes] = field(default_factory=set)
    """Those of them that need not wait twice."""

    def pop(self) -> bytes:
        """Remove and return the first datagram."""
        datagram = self.datagrams.popleft()
        self.once.discard(datagram)
        return datagram


@dataclass
class Lane:
    """What waits for one address: some may be asked for by others, who name it for their replies."""

    waiting: OrderedDict[Host, Queue] = field(default_factory=OrderedDict)
    """By client; none is empty, and the first one's turn is next."""
    times: deque[float] = field(default_factory=lambda: deque(maxlen=DATAGRAMS_A_SLOT))
    """When the latest datagrams had gone, which may take long where other threads have the processor."""

    def may(self, now: float) -> bool:
        """Return whether a datagram may go now: in no stretch of a slot's length go more than a slot's."""
        return len(self.times) < DATAGRAMS_A_SLOT or now - self.times[0] >= SLOT_SECONDS

    @property
    def first(self) -> bytes:
        """The datagram that is next."""
        return next(iter(self.waiting.values())).datagrams[0]

    def pop(self) -> tuple[Host, bytes]:
        """Remove the datagram that is next; return it with the client who asked for it."""
        client, queue = self.waiting.popitem(last=False)
        datagram = queue.pop()
        if queue.datagrams:
            self.waiting[client] = queue
        return client, datagram


class Pacer:
    """Queues by address and client. A datagram goes at once while its address keeps within the pace.

    Args:
        send: sends a datagram now; must not block; returns False when the system's buffer is full.
        clock: tells the slots.
    """

    def __init__(self, send: Callable[[bytes, Host], bool], clock: Clock) -> None:
        self._send = send
        self._clock = clock
        self._lanes: dict[Host, Lane] = {}
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

    def put(self, datagram: bytes, host: Host, client: Host | None = None, *, once: bool = False) -> None:
        """Send a datagram, now or when the pace allows; never blocks. Thread-safe.

        Args:
            datagram: what is sent.
            host: where it goes.
            client: who has asked for it, the host itself if left out.
            once: whether it need not wait again where the same waits for the same client already.
        """
        client = client or host
        with self._lock:
            lane = self._lane(host)
            now = self._clock.now()
            if not lane.waiting and lane.may(now) and self._send(datagram, host):
                lane.times.append(self._clock.now())
                return
            queue = lane.waiting.get(client)
            if once and queue is not None and datagram in queue.once:
                return
            if not self._quota.admit(client, len(datagram) + OVERHEAD_BYTES):
                self.dropped += 1
                if self.dropped.bit_count() == 1:  # 1, 2, 4, 8 …: once is news, a flood is not
                    log.warning("%s:%d takes too little: %d datagrams dropped so far", *host, self.dropped)
                return
            if queue is None:
                queue = lane.waiting[client] = Queue()
            queue.datagrams.append(datagram)
            if once:
                queue.once.add(datagram)
            self._queued += 1
            if self._queued == 1:
                self._wake.notify()

    def _lane(self, host: Host) -> Lane:
        """Return an address' lane; where there are many, a new one takes the place of the oldest idle one."""
        lane = self._lanes.get(host)
        if lane is None:
            if len(self._lanes) >= MAX_LANES:
                idle = next((old for old, each in self._lanes.items() if not each.waiting), None)
                if idle is not None:
                    del self._lanes[idle]
            lane = self._lanes[host] = Lane()
        return lane

    def turn(self) -> None:
        """Send what the pace allows now, one datagram to each address after the other."""
        with self._lock:
            now = self._clock.now()
            active = [(host, lane) for host, lane in self._lanes.items() if lane.waiting]
            while active:
                active = [pair for pair in active if self._step(*pair, now)]

    def _step(self, host: Host, lane: Lane, now: float) -> bool:
        """Send one datagram of a lane; return whether more could go."""
        if not lane.may(now) or not self._send(lane.first, host):
            return False
        client, datagram = lane.pop()
        self._quota.release(client, len(datagram) + OVERHEAD_BYTES)
        lane.times.append(self._clock.now())
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
            time.sleep(TURN_SECONDS)  # on Windows a condition's wait with a limit would take 15.6 ms
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
