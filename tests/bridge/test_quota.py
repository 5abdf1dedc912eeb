"""Shares of what may wait, and the backlog that keeps to them."""

import struct

import pytest
from antiphon.bridge import backlog as backlog_module
from antiphon.bridge.backlog import Backlog
from antiphon.bridge.osc import Malformed, Message, build
from antiphon.bridge.quota import OVERHEAD_BYTES, Quota
from hypothesis import example, given
from hypothesis import strategies as st

A, B = ("127.0.0.1", 1), ("127.0.0.1", 2)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 500))))
@example([(party, 500) for _ in range(3) for party in range(10)])
def test_a_quota_is_kept(wishes):
    quota = Quota(each=1500, everybody=4000)
    held = dict.fromkeys(range(10), 0)
    for party, size in wishes:
        if quota.admit(party, size):
            held[party] += size
        elif held[party] + size <= 4000 // 10:
            raise AssertionError("refused within an even share")
        assert quota.total == sum(held.values()) <= 2 * 4000
        assert max(held.values()) <= 1500
    for party, size in held.items():
        if size:
            quota.release(party, size)
    assert quota.total == 0 and quota.admit(0, 1500)


def test_who_comes_when_all_is_taken_gets_an_even_share():
    quota = Quota(each=4000, everybody=4000)
    assert quota.admit(0, 4000)
    assert not quota.admit(1, 2001)
    assert quota.admit(1, 2000)
    assert not quota.admit(2, 1334)
    assert quota.admit(2, 1333)


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
