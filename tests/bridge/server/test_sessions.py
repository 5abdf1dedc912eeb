"""Who is forgotten first, and who hears of it."""

from __future__ import annotations

import pytest
from antiphon.bridge.protocol.osc import Message, Outgoing, Value
from antiphon.bridge.server import sessions as module
from antiphon.bridge.server.pacer import Host
from antiphon.bridge.server.sessions import FORGOTTEN, Sessions
from fake_bridge import Talk

MOST = 6
FORGOTTEN_MESSAGE = ("/antiphon/fail", "/antiphon/hello", "busy", FORGOTTEN)


class Hall:
    """Sessions of a fake bridge that has room for six, and all that they say."""

    def __init__(self) -> None:
        self.talk = Talk(manual=True)
        self.said: list[tuple[int, tuple[Value, ...]]] = []
        self.sessions = Sessions(self.talk.session._house, self._send)

    def _send(self, message: Outgoing, host: Host, client: Host) -> None:
        self.said.append((host[1], (message.address, *message.args)))

    def say(self, port: int, address: str, *args: Value) -> None:
        self.sessions.of(("127.0.0.1", port)).handle(Message("/antiphon/" + address, args))

    def context(self, port: int) -> None:
        self.say(port, "context", "x", 0, 1, 1, 60, 0.0, 1.0, 80, 0)

    def told(self) -> list[int]:
        """Return the ports that have been told that their client is forgotten."""
        return [port for port, message in self.said if message == FORGOTTEN_MESSAGE]

    def setting(self, port: int) -> Value:
        self.said.clear()
        self.say(port, "get", "bars")
        return self.said[-1][1][2]


@pytest.fixture
def hall(monkeypatch: pytest.MonkeyPatch) -> Hall:
    monkeypatch.setattr(module, "MAX_SESSIONS", MOST)
    return Hall()


def test_one_shot_senders_go_before_who_has_set_something_up(hall: Hall) -> None:
    hall.say(1, "set", "bars", 7)
    hall.say(2, "hello", 2000)
    hall.say(3, "notify", 1)
    for port in range(100, 200):
        hall.context(port)
        hall.say(port + 1000, "cancel", "x")
    ports = [session.key[1] for session in hall.sessions.all()]
    assert ports[:3] == [1, 2, 3] and len(ports) == MOST
    assert not hall.told()
    assert hall.setting(1) == 7


@pytest.mark.parametrize(
    ("greeting", "seconds", "code"),
    [((), 61, None), ((), 59, "no_context"), (("hello",), 61, "no_context")],
)
def test_a_port_that_has_long_been_silent_may_be_a_one_shot_sender_s(
    hall: Hall, greeting: tuple[str, ...], seconds: float, code: str | None
) -> None:
    """Who has said hello stays who it is, however long it says nothing."""
    hall.say(1, "ping")
    for address in greeting:
        hall.say(1, address)
    hall.talk.clock.advance(seconds)
    hall.context(1)
    hall.say(2, "continue", "x")
    assert hall.said[-1][1][:3] == (("/antiphon/fail", "x", code) if code else ("/antiphon/ack", "x", 0))


@pytest.mark.parametrize(("seconds", "told"), [(601, [2000, 2001]), (599, [2000])])
def test_programs_that_have_gone_leave_room_for_who_comes(
    hall: Hall, seconds: float, told: list[int]
) -> None:
    """Whoever says hello from a new port at each start leaves a table full of them behind."""
    for port in range(1, 1 + MOST):
        hall.say(port, "hello", 1999 + port)
    hall.talk.clock.advance(seconds)
    hall.context(101)
    hall.say(102, "set", "bars", 2)
    ports = [session.key[1] for session in hall.sessions.all()]
    assert hall.told() == told
    assert (101 in ports) is (seconds > 600)


def test_of_those_with_nothing_set_the_oldest_goes(hall: Hall) -> None:
    for port in range(MOST):
        hall.context(port)
    hall.context(0)
    hall.context(MOST)
    assert [session.key[1] for session in hall.sessions.all()] == [2, 3, 4, 5, 0, 6]


def test_who_had_set_something_up_is_told_where_replies_go(hall: Hall) -> None:
    hall.say(1, "hello", 2000)
    for port in range(2, 2 + MOST + 1):
        hall.say(port, "set", "bars", 3)
    assert hall.told() == [2000, 2]
    assert hall.setting(2) == 4


def test_who_awaits_an_answer_goes_last(hall: Hall) -> None:
    hall.say(1, "generate", "x", "bars", 1)
    for port in range(2, 2 + MOST):
        hall.say(port, "set", "bars", 3)
    assert hall.sessions.all()[0].key[1] == 1
    assert hall.told() == [2]


def test_too_many_notes_cost_those_with_nothing_set_first(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall.say(1, "set", "bars", 7)
    hall.context(1)
    hall.context(2)
    weight = hall.sessions.all()[0].weight
    monkeypatch.setattr(module, "WEIGH_EVERY", 1)
    monkeypatch.setattr(module, "MAX_WEIGHT", weight)
    hall.say(3, "ping")
    assert [session.key[1] for session in hall.sessions.all()] == [1, 3]
    monkeypatch.setattr(module, "MAX_WEIGHT", weight - 1)
    hall.say(3, "ping")
    assert [session.key[1] for session in hall.sessions.all()] == [3]
    assert hall.told() == [1]


def test_too_many_notes_cost_nobody_who_has_few(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    for port in (1, 2):
        hall.context(port)
    light = hall.sessions.all()[0].weight
    for port in (3, 4):
        hall.say(port, "set", "bars", 7)
        for name in range(6):
            hall.say(port, "context", name, 0, 1, 1, 60, 0.0, 1.0, 80, 0)
    monkeypatch.setattr(module, "WEIGH_EVERY", 1)
    monkeypatch.setattr(module, "MAX_WEIGHT", 8 * light)
    hall.say(5, "ping")
    assert [session.key[1] for session in hall.sessions.all()] == [1, 2, 4, 5]
    assert hall.told() == [3]
