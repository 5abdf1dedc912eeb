"""Replies sent to a port that is another client's."""

from __future__ import annotations

import pytest
from antiphon.bridge.clock import FakeClock
from antiphon.bridge.protocol.osc import Message, Value, encode
from antiphon.bridge.protocol.table import SLOT_SECONDS
from antiphon.bridge.server.server import Server
from fake_bridge import FakeEngine, FakeShelf


def test_who_has_its_answers_sent_to_another_delays_none_of_the_other_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, sent = FakeClock(), []
    server = Server(FakeEngine(), FakeShelf(), port=0, clock=clock)  # never started: the test is its threads
    monkeypatch.setattr(server._pacer, "_send", lambda datagram, host: sent.append((datagram, host)) or True)
    victim, stranger = ("127.0.0.1", 7), ("127.0.0.1", 8)

    def say(sender: tuple[str, int], address: str, *args: Value) -> None:
        server._answer(Message(f"/antiphon/{address}", args), sender)

    say(stranger, "generate", "long", "reply_port", 7, "mode", "single", "beats", 1000, "seed", 1)
    for _ in range(20):
        say(stranger, "resend", "long", 0)
    assert 2000 - 32 <= server._pacer.queued < 2000 + 64, "one take waits, not 21"
    say(victim, "ping", 1)
    clock.advance(SLOT_SECONDS)
    server._pacer.turn()
    assert (encode(Message("/antiphon/pong", (1,))), victim) in sent
    server._socket.close()
