import threading
import time

import pytest
from antiphon.bridge.clock import FakeClock, SystemClock
from antiphon.bridge.protocol.table import DATAGRAMS_A_SLOT, SLOT_SECONDS
from antiphon.bridge.server.pacer import MAX_BYTES, MAX_CLIENT_BYTES, MAX_LANES, Pacer

A, B = ("127.0.0.1", 1), ("127.0.0.1", 2)


class Wire:
    def __init__(self):
        self.clock = FakeClock()
        self.sent = []
        self.full = False
        self.stall = 0.0  # seconds that the next one takes to go
        self.pacer = Pacer(self.send, self.clock)

    def send(self, datagram, host):
        if self.full:
            return False
        self.clock.advance(self.stall)
        self.stall = 0.0
        self.sent.append((self.clock.now(), host, datagram))
        return True


@pytest.fixture
def wire():
    return Wire()


def test_what_keeps_within_the_pace_goes_at_once(wire):
    for i in range(DATAGRAMS_A_SLOT):
        wire.pacer.put(bytes([i]), A)
    assert [d for _, _, d in wire.sent] == [bytes([i]) for i in range(DATAGRAMS_A_SLOT)]
    assert wire.pacer.queued == 0


def test_what_comes_later_goes_later_though_the_pace_allows_it_at_once(wire):
    wire.full = True
    wire.pacer.put(b"first", A)
    wire.full = False
    wire.pacer.put(b"second", A)
    assert not wire.sent
    wire.pacer.turn()
    assert [d for _, _, d in wire.sent] == [b"first", b"second"]


def test_no_stretch_of_5_ms_holds_more_than_32(wire):
    for i in range(500):
        wire.pacer.put(i.to_bytes(2, "big"), A)
        if i % 7 == 0:
            wire.clock.advance(0.0003)
            wire.pacer.turn()
    while wire.pacer.queued:
        wire.clock.advance(0.0009)
        wire.pacer.turn()
    times = [t for t, _, _ in wire.sent]
    assert len(times) == 500
    assert all(b - a >= SLOT_SECONDS - 1e-9 for a, b in zip(times, times[DATAGRAMS_A_SLOT:], strict=False))
    assert [d for _, _, d in wire.sent] == [i.to_bytes(2, "big") for i in range(500)]


@pytest.mark.parametrize("first", [True, False])
def test_what_goes_late_counts_as_late(wire, first):
    """Other threads may keep the one that sends from the processor, in the middle of its turn, too."""
    if first:
        wire.stall = 0.02
    for i in range(4 * DATAGRAMS_A_SLOT):
        wire.pacer.put(i.to_bytes(2, "big"), A)
    while wire.pacer.queued:
        wire.clock.advance(0.001)
        if len(wire.sent) == DATAGRAMS_A_SLOT:
            wire.stall = 0.02
        wire.pacer.turn()
    times = [t for t, _, _ in wire.sent]
    assert all(b - a >= SLOT_SECONDS - 1e-9 for a, b in zip(times, times[DATAGRAMS_A_SLOT:], strict=False))
    assert times[-1] < 0.02 * (2 if first else 1) + 4 * (SLOT_SECONDS + 0.001)


def test_a_flooded_client_does_not_delay_another(wire):
    for _ in range(1000):
        wire.pacer.put(b"a", A)
    wire.pacer.put(b"b", B)
    assert wire.sent[-1][1] == B


def test_turns_go_round(wire):
    for _ in range(DATAGRAMS_A_SLOT):
        wire.pacer.put(b"", A)
        wire.pacer.put(b"", B)
    for _ in range(3):
        wire.pacer.put(b"a", A)
        wire.pacer.put(b"b", B)
    wire.sent.clear()
    wire.clock.advance(SLOT_SECONDS)
    wire.pacer.turn()
    assert [h for _, h, _ in wire.sent] == [A, B] * 3


def test_clients_who_have_their_replies_sent_to_one_address_take_turns(wire):
    for i in range(1000):
        wire.pacer.put(b"a%d" % i, A, B)
    wire.pacer.put(b"own", A)
    wire.sent.clear()
    wire.clock.advance(SLOT_SECONDS)
    wire.pacer.turn()
    sent = [datagram for _, _, datagram in wire.sent]
    assert len(sent) == DATAGRAMS_A_SLOT
    assert sent[:3] == [b"a32", b"own", b"a33"]


def test_who_floods_an_address_uses_up_its_own_share(wire):
    large = bytes(1 << 16)
    for _ in range(MAX_CLIENT_BYTES // len(large) + DATAGRAMS_A_SLOT + 5):
        wire.pacer.put(large, A, B)
    dropped = wire.pacer.dropped
    assert dropped
    wire.pacer.put(large, A)
    assert wire.pacer.dropped == dropped
    wire.pacer.put(large, B)  # of the same client, to itself: it goes at once
    assert wire.sent[-1][1] == B


def test_what_waits_already_need_not_wait_twice(wire):
    for _ in range(DATAGRAMS_A_SLOT):
        wire.pacer.put(b"", A)
    wire.sent.clear()
    for client in (A, A, B, B):
        for datagram in (b"x", b"y"):
            wire.pacer.put(datagram, A, client, once=True)
        wire.pacer.put(b"each", A, client)
    wire.clock.advance(SLOT_SECONDS)
    wire.pacer.turn()
    assert sorted(d for _, _, d in wire.sent) == [b"each"] * 4 + [b"x", b"x", b"y", b"y"]
    wire.pacer.put(b"x", A, once=True)  # nothing waits any more
    assert wire.sent[-1][2] == b"x"
    assert wire.pacer.queued == wire.pacer._quota.total == 0


def test_what_was_sent_may_be_asked_for_again_while_more_waits(wire):
    for datagram in (*[b""] * DATAGRAMS_A_SLOT, *[b"%d" % i for i in range(DATAGRAMS_A_SLOT + 1)]):
        wire.pacer.put(datagram, A, once=datagram != b"")
    wire.clock.advance(SLOT_SECONDS)
    wire.pacer.turn()
    assert wire.pacer.queued == 1
    wire.pacer.put(b"0", A, once=True)
    assert wire.pacer.queued == 2


def test_a_full_system_buffer_keeps_the_datagram(wire):
    wire.full = True
    wire.pacer.put(b"a", A)
    wire.pacer.turn()
    assert wire.pacer.queued == 1
    wire.full = False
    wire.pacer.turn()
    assert [d for _, _, d in wire.sent] == [b"a"]


def test_what_waits_is_bounded_and_told(wire, caplog):
    large = bytes(1 << 16)
    for _ in range(MAX_CLIENT_BYTES // len(large) + DATAGRAMS_A_SLOT + 5):
        wire.pacer.put(large, A)
    assert MAX_CLIENT_BYTES - 2 * len(large) < wire.pacer.queued * len(large) < MAX_CLIENT_BYTES
    assert 5 <= wire.pacer.dropped <= 7
    assert "1 datagrams dropped" in caplog.text


def test_flooded_clients_leave_room_for_the_others(wire):
    large = bytes(1 << 16)
    floods = [("127.0.0.1", 100 + i) for i in range(6)]
    for _ in range(MAX_CLIENT_BYTES // len(large)):
        for host in floods:
            wire.pacer.put(large, host)
    assert wire.pacer.dropped, "all that may wait waits"
    before = wire.pacer.dropped
    for i in range(2000):
        wire.pacer.put(i.to_bytes(2, "big"), B)
    assert wire.pacer.dropped == before
    assert MAX_BYTES - 6 * 2 * len(large) < wire.pacer._quota.total < 2 * MAX_BYTES


def test_lanes_are_bounded(wire):
    for port in range(MAX_LANES * 3):
        wire.pacer.put(b"a", ("127.0.0.1", port))
    assert len(wire.pacer._lanes) <= MAX_LANES


def test_what_waits_is_not_forgotten_for_strangers(wire):
    for i in range(DATAGRAMS_A_SLOT + 1):
        wire.pacer.put(b"%d" % i, A)
    for port in range(MAX_LANES * 2):
        wire.pacer.put(b"a", ("127.0.0.1", 3000 + port))
    wire.clock.advance(SLOT_SECONDS)
    wire.pacer.turn()
    assert wire.sent[-1][1:] == (A, b"%d" % DATAGRAMS_A_SLOT)
    assert wire.pacer.queued == 0


def test_closing_sends_what_waits_at_the_pace():
    times = []

    def send(datagram, host):
        times.append(time.monotonic())
        return True

    pacer = Pacer(send, SystemClock())
    for i in range(3 * DATAGRAMS_A_SLOT):
        pacer.put(bytes([i]), A)
    pacer.close()
    assert len(times) == 3 * DATAGRAMS_A_SLOT
    assert times[-1] - times[0] > 1.9 * SLOT_SECONDS


def test_closing_does_not_wait_long_for_a_full_buffer(wire):
    wire.full = True
    wire.pacer.put(b"a", A)
    before = time.monotonic()
    wire.pacer.close(0.05)
    assert time.monotonic() - before < 1


def test_the_thread_sends_and_ends():
    sent = threading.Event()
    count = []

    def send(datagram, host):
        count.append(datagram)
        if len(count) == 100:
            sent.set()
        return True

    pacer = Pacer(send, SystemClock())
    thread = threading.Thread(target=pacer.run)
    thread.start()
    for i in range(100):
        pacer.put(bytes([i]), A)
    assert sent.wait(5)
    pacer.close()
    thread.join(5)
    assert not thread.is_alive()
    assert count == [bytes([i]) for i in range(100)]


class WindowsTime:
    """Time that passes in waiting alone, as Windows has it before Python 3.13.

    `monotonic` goes on every 15.6 ms, and a condition's wait with a limit ends then; `sleep` is exact.
    """

    tick = 1 / 64

    def __init__(self):
        self.passed = 0.0

    def perf_counter(self):
        return self.passed

    def monotonic(self):
        return self.passed // self.tick * self.tick

    def sleep(self, seconds):
        self.passed += seconds

    def wait(self, timeout=None):
        assert timeout, "nothing would end it"
        self.passed = ((self.passed + timeout) // self.tick + 1) * self.tick


def test_the_pace_is_kept_on_windows_too(monkeypatch):
    windows, times = WindowsTime(), []
    monkeypatch.setattr("antiphon.bridge.clock.time", windows)
    monkeypatch.setattr("antiphon.bridge.server.pacer.time", windows)

    def send(datagram, host):
        times.append(windows.passed)
        pacer._closed = len(times) == 16 * DATAGRAMS_A_SLOT
        return True

    pacer = Pacer(send, SystemClock())
    monkeypatch.setattr(pacer._wake, "wait", windows.wait)
    for i in range(16 * DATAGRAMS_A_SLOT):
        pacer.put(i.to_bytes(2, "big"), A)
    pacer.run()
    gaps = [b - a for a, b in zip(times, times[DATAGRAMS_A_SLOT:], strict=False)]
    assert len(times) == 16 * DATAGRAMS_A_SLOT
    assert all(SLOT_SECONDS <= gap < 2 * SLOT_SECONDS for gap in gaps)
