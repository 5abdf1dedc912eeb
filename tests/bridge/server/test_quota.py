"""Shares of what may wait, and the backlog that keeps to them."""

import struct

import pytest
from antiphon.bridge.protocol.osc import Malformed, Message, build
from antiphon.bridge.server import backlog as backlog_module
from antiphon.bridge.server.backlog import Backlog
from antiphon.bridge.server.quota import OVERHEAD_BYTES, Quota
from hypothesis import example, given
from hypothesis import strategies as st

A, B = ("127.0.0.1", 1), ("127.0.0.1", 2)


PARTIES = 60


@given(st.lists(st.tuples(st.integers(0, PARTIES - 1), st.integers(-4000, 4000))))
@example([(0, 4000), *((party, 1) for party in range(1, PARTIES) for _ in range(1000))])
@example([(party, 50) for _ in range(80) for party in range(PARTIES)])
def test_a_quota_is_kept(wishes):
    """Of each wish a party adds so much, or takes back so much of what it has."""
    quota = Quota(each=4000, everybody=4000)
    held = dict.fromkeys(range(PARTIES), 0)
    for party, size in wishes:
        if size <= 0:
            size = max(size, -held[party])
            if size:
                quota.release(party, -size)
        elif not quota.admit(party, size):
            parties = sum(map(bool, held.values())) + (not held[party])
            assert sum(held.values()) + size > 4000, "refused where all have room"
            assert held[party] + size > 4000 // parties**2, "refused within its share"
            continue
        held[party] += size
        assert quota.total == sum(held.values()) <= 2 * 4000
        assert max(held.values()) <= 4000
    for party, size in held.items():
        if size:
            quota.release(party, size)
    assert quota.total == 0 and quota.admit(0, 4000)


def test_a_party_has_a_limit_of_its_own():
    quota = Quota(each=1500, everybody=4000)
    assert quota.admit(0, 1500)
    assert not quota.admit(0, 1)


def test_who_comes_when_all_is_taken_gets_a_share():
    quota = Quota(each=4000, everybody=4000)
    assert quota.admit(0, 4000)
    assert not quota.admit(1, 1001)
    assert quota.admit(1, 1000)
    assert not quota.admit(2, 445)
    assert quota.admit(2, 444)


@pytest.mark.parametrize("each", [100_000, 10_000_000])
def test_hundreds_who_flood_fill_no_more_than_twice_and_the_next_still_gets_in(each):
    quota = Quota(each, 10_000_000)
    for party in range(200):
        while quota.admit(party, 100):
            pass
    assert 10_000_000 < quota.total <= 20_000_000
    assert quota.admit("honest", 100)


def bundle(*messages):
    made = [build(message) for message in messages]
    return b"#bundle\0" + bytes(8) + b"".join(struct.pack(">i", len(m)) + m for m in made)


def drained(backlog):
    """All messages, each with its sender's port."""
    popped = []
    while backlog:
        message, (_, port) = backlog.pop()
        if message is not None:
            popped.append((port, message))
    return popped


def ping(number):
    return Message("/antiphon/ping", (number,))


def test_one_sender_s_messages_keep_their_order():
    backlog = Backlog()
    backlog.put(build(ping(0)), A)
    backlog.put(bundle(ping(1), ping(2)), A)
    backlog.put(bundle(), A)
    backlog.put(b"x", A)
    backlog.put(build(ping(3)), A)
    told = [message for _, message in drained(backlog)]
    assert [m.args[0] for m in told if isinstance(m, Message)] == [0, 1, 2, 3]
    assert isinstance(told[3], Malformed)


def test_a_flood_and_a_large_bundle_delay_no_other_sender():
    backlog = Backlog()
    for number in range(100):
        backlog.put(build(ping(number)), A)
    backlog.put(bundle(*map(ping, range(1000))), ("127.0.0.1", 3))
    backlog.put(build(ping(7)), B)
    assert [port for port, _ in drained(backlog)].index(2) <= 2


def test_an_earlier_sender_comes_first():
    """As oscsend needs it: the context from one port, the request from the next."""
    backlog = Backlog()
    for port in range(20):
        backlog.put(build(ping(port)), ("127.0.0.1", port))
    assert [port for port, _ in drained(backlog)] == list(range(20))


def test_what_waits_is_bounded_and_an_honest_sender_still_gets_in(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(backlog_module, "MAX_SENDER_BYTES", 100 * OVERHEAD_BYTES)
    monkeypatch.setattr(backlog_module, "MAX_BYTES", 100 * OVERHEAD_BYTES)
    backlog = Backlog()
    kept = sum(backlog.put(build(ping(number)), A) for number in range(200))
    assert 50 < kept < 100
    assert backlog.put(build(ping(0)), B)
    assert len(drained(backlog)) == kept + 1
    assert backlog.put(build(ping(0)), A), "room again"
