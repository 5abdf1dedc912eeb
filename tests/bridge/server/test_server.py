"""The server over real sockets on the loopback, with a fake engine."""

import errno
import re
import socket
import struct
import threading
import time

import pytest
from antiphon.bridge.protocol.options import MAX_TUNE
from antiphon.bridge.protocol.osc import Message, build, read
from antiphon.bridge.protocol.table import DATAGRAMS_A_SLOT
from antiphon.bridge.server.chores import MAX_WAITING, Chores
from antiphon.bridge.server.server import LOADED_AHEAD, Server, resolved
from antiphon.bridge.server.sessions import MAX_SESSIONS
from antiphon.bridge.session.desk import MAX_RUNNING
from antiphon.bridge.session.session import Session
from antiphon.models.errors import ConfigError, RequestError
from antiphon.models.note import Note
from fake_bridge import FakeEngine, FakeShelf, flat, manifest


def test_ping(stage):
    wire = stage.wire()
    wire.send("ping", 7, "x")
    assert wire.hear() == ("/antiphon/pong", 7, "x")


def test_the_20_bytes_that_hang_python_osc_are_answered(stage):
    wire = stage.wire()
    wire.raw(b"#bundle\0" + bytes(8) + struct.pack(">i", -4))
    assert wire.hear()[:3] == ("/antiphon/fail", "#bundle", "bad_args")
    wire.send("ping")
    assert wire.hear() == ("/antiphon/pong",)


def test_an_address_of_22_stars_is_answered_at_once(stage):
    wire = stage.wire()
    began = time.monotonic()
    wire.raw(build(Message("/" + "*" * 22)))
    assert wire.hear()[2] == "unknown_address"
    assert time.monotonic() - began < 1


def test_a_bundle_is_answered_in_order(stage):
    wire = stage.wire()
    elements = [
        build(Message("/antiphon/" + a, args)) for a, args in (("ping", (1,)), ("bad", ()), ("sync", (2,)))
    ]
    wire.raw(b"#bundle\0" + bytes(8) + b"".join(struct.pack(">i", len(e)) + e for e in elements))
    assert [wire.hear()[:2] for _ in range(3)] == [
        ("/antiphon/pong", 1), ("/antiphon/fail", "/antiphon/bad"), ("/antiphon/synced", 2)]  # fmt: skip


def test_context_then_continue(stage):
    wire = stage.wire()
    wire.send("context", "x", 0, 1, 1, 60, 0.0, 4.0, 80, 0)
    assert wire.hear() == ("/antiphon/ack", "x", 0)
    wire.send("continue", "x", "bars", 1, "seed", 3)
    _, notes, done = wire.until("done")
    assert notes[:6] == ("/antiphon/notes", "x", 0, 0, 1, 8)
    assert done[1:6] == ("x", 0, 8, 8.0, 3)


def test_contexts_are_read_once_nobody_waits(stage):
    # 200 contexts and pings in one datagram: were the first read at once, workers would slow the rest.
    wire = stage.wire()
    primed = []
    stage.engine.prime = lambda key, request, client: primed.append((key[1], bool(stage.server._backlog)))
    elements = []
    for number in range(200):
        elements.append(build(Message("/antiphon/context", (number % 5, 0, 1, 1, *flat(Note(60, 0.0, 1.0))))))
        elements.append(build(Message("/antiphon/ping", (number,))))
    wire.raw(b"#bundle\0" + bytes(8) + b"".join(struct.pack(">i", len(e)) + e for e in elements))
    heard = [wire.hear() for _ in range(400)]
    assert [m[1] for m in heard if m[0] == "/antiphon/pong"] == list(range(200))
    deadline = time.monotonic() + 5
    while len(primed) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert primed == [(number, False) for number in range(5)]


def test_2000_notes_all_arrive_at_an_ordinary_socket(stage):
    """An unpaced burst loses most of them in a default receive buffer; nobody reads before the end here."""
    wire = stage.wire()
    wire.send("generate", "x", "beats", 1000, "mode", "single")
    heard = wire.until("done")
    assert sum(h[0] == "/antiphon/note" for h in heard) == 2000


def test_replies_keep_the_pace(stage):
    wire = stage.wire()
    wire.send("generate", "x", "beats", 200, "mode", "single")
    began = time.monotonic()
    heard = wire.until("done")
    assert time.monotonic() - began >= (len(heard) // 32 - 1) * 0.005


def test_reply_port(stage):
    asker, listener = stage.wire(), stage.wire()
    asker.send("hello", listener.port, "split")
    assert listener.hear()[4] == listener.port
    asker.send("generate", "x", "bars", 1)
    assert listener.until("done")[0][0] == "/antiphon/ack"
    assert asker.quiet() == []


def test_one_shot_senders_lend_their_contexts(stage):
    """oscsend sends each message from another port."""
    listener = stage.wire()
    stage.wire().send("context", "x", 0, 1, 1, 60, 0.0, 4.0, 80, 0)
    stage.wire().send("continue", "x", "bars", 1, "reply_port", listener.port)
    assert listener.until("done")[-1][1:5] == ("x", 0, 8, 8.0)


def test_a_conversing_client_s_context_is_its_own(stage):
    owner, other = stage.wire(), stage.wire()
    owner.send("hello")
    owner.hear()
    owner.send("context", "x", 0, 1, 1, 60, 0.0, 4.0, 80, 0)
    owner.hear()
    other.send("continue", "x")
    assert other.hear()[2] == "no_context"


def test_a_long_tune_may_be_begun(stage):
    wire, tune = stage.wire(), "X:1\nK:D\n" + "DEFG ABcd | " * 170
    assert MAX_TUNE - 12 < len(tune) <= MAX_TUNE
    wire.send("set", "text", tune)
    assert wire.hear() == ("/antiphon/get/reply", "text", tune)


def test_each_client_has_its_own_settings(stage):
    one, two = stage.wire(), stage.wire()
    one.send("set", "bars", 1)
    one.hear()
    for wire, count in ((one, 8), (two, 32)):
        wire.send("generate", "x")
        assert wire.until("done")[-1][3] == count


def test_a_vanished_client_harms_nobody(stage):
    gone, here = stage.wire(), stage.wire()
    for i in range(30):
        gone.send("generate", i, "beats", 1000, "mode", "single")
    gone.socket.close()
    began = time.monotonic()
    for i in range(20):
        here.send("generate", i, "bars", 1)
        assert here.until("done")[-1][1:4] == (i, 0, 8)
    assert time.monotonic() - began < 5


def test_10000_datagrams_are_answered_in_order(stage):
    """As fast as they are answered; no more are on their way than a system's ordinary buffers hold."""
    wire, answers = stage.wire(), []
    wire.socket.settimeout(60)
    for i in range(10_000):
        if i >= 4 * DATAGRAMS_A_SLOT:
            answers.append(wire.hear())
        wire.send("context", "x", i % 1000, 1000, 1, 60, float(i), 1.0, 80, 0)
    wire.send("sync", 1)
    answers += wire.until("synced")
    assert [answer[2] for answer in answers[:-1]] == [i % 1000 for i in range(10_000)]


def test_sessions_are_bounded(stage):
    keep = stage.wire()
    keep.send("set", "bars", 1)
    keep.hear()
    for _ in range(MAX_SESSIONS + 50):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(build(Message("/antiphon/ping")), stage.server.address)
    keep.send("sync", 1)
    assert keep.hear() == ("/antiphon/synced", 1)
    assert len(stage.server.sessions) <= MAX_SESSIONS
    keep.send("get", "bars")
    assert keep.hear() == ("/antiphon/get/reply", "bars", 1.0)


def test_what_all_strangers_make_it_keep_is_bounded(stage, monkeypatch):
    monkeypatch.setattr("antiphon.bridge.server.sessions.MAX_WEIGHT", 2000)
    chunk = flat(*[Note(60, float(i), 1.0) for i in range(48)])
    for _ in range(100):
        wire = stage.wire()
        for seq in range(4):
            wire.send("context", "x", seq, 4, 48, *chunk)
            wire.hear()
    assert sum(session.weight for session in stage.server.sessions.all()) <= 2000 + 64 * 49


def test_a_too_large_reply_is_a_fail(stage):
    wire = stage.wire()
    # Two arguments without bytes come back as eight bytes: the reply would not fit.
    wire.raw(b"/antiphon/ping\0\0" + b",sTT\0\0\0\0" + b"x" * (65504 - 24 - 1) + b"\0")
    assert wire.hear()[1:3] == ("/antiphon/ping", "too_large")


def test_notified_clients_hear_of_models_and_the_end(stage, monkeypatch):
    wire = stage.wire()
    wire.send("notify", 1)
    assert [wire.hear()[0] for _ in range(2)] == ["/antiphon/notify/reply", "/antiphon/startup"]
    stage.shelf.added = [manifest("waltz")]
    stage.server._look()
    assert wire.hear() == ("/antiphon/model/added", "waltz")
    stage.server.close()
    assert wire.hear() == ("/antiphon/shutdown",)


def test_at_the_end_every_request_has_its_last_reply(stage):
    stage.engine.manual = True
    wire = stage.wire()
    wire.send("notify", 1)
    for number in range(MAX_RUNNING):
        wire.send("generate", number)
    heard = [wire.hear()[0] for _ in range(2 + MAX_RUNNING)]
    assert heard.count("/antiphon/ack") == MAX_RUNNING
    stage.server.close()
    last = [wire.hear() for _ in range(1 + MAX_RUNNING)]
    assert last[0] == ("/antiphon/shutdown",)
    assert last[1:] == [
        ("/antiphon/fail", number, "cancelled", "the bridge is shutting down")
        for number in range(MAX_RUNNING)
    ]


def test_a_request_in_hand_at_the_end_has_its_last_reply(stage, monkeypatch):
    stage.engine.manual = True
    wire, in_hand, closed = stage.wire(), threading.Event(), threading.Event()
    monkeypatch.setattr(
        Session, "close", lambda self, why, close=Session.close: (close(self, why), closed.set())
    )

    def info(name, info=stage.shelf.info):
        in_hand.set()
        closed.wait(0.3)  # which is for nothing: the end waits for this
        return info(name)

    monkeypatch.setattr(stage.shelf, "info", info)
    wire.send("generate", "x")
    assert in_hand.wait(5)
    stage.server.close()
    assert [wire.hear()[:3] for _ in range(2)] == [
        ("/antiphon/ack", "x", 0), ("/antiphon/fail", "x", "cancelled")]  # fmt: skip


def test_loads_that_wait_at_the_end_are_refused_and_not_begun(stage, monkeypatch):
    wire, in_hand, closed, begun = stage.wire(), threading.Event(), threading.Event(), []
    monkeypatch.setattr(
        Session, "close", lambda self, why, close=Session.close: (close(self, why), closed.set())
    )
    wire.send("load", "folk")
    assert wire.hear() == ("/antiphon/loaded", "folk")  # and with it all that load at the start

    def load(name):
        begun.append(name)
        in_hand.set()
        closed.wait(5)

    monkeypatch.setattr(stage.shelf, "load", load)
    wire.send("load", "drums")
    assert in_hand.wait(5)
    wire.send("load", "chorale")
    wire.send("ping")
    assert wire.hear() == ("/antiphon/pong",)
    stage.server.close()
    assert wire.hear() == ("/antiphon/loaded", "drums")
    assert wire.hear()[:3] == ("/antiphon/fail", "/antiphon/load", "cancelled")
    assert begun == ["drums"]


def test_announced_addresses_hear_of_the_start():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(5)
        server = Server(FakeEngine(), FakeShelf(), port=0, announce=[listener.getsockname()])
        with server:
            assert next(read(listener.recv(1000))).address == "/antiphon/startup"
        assert next(read(listener.recv(1000))).address == "/antiphon/shutdown"


def test_a_session_that_fails_keeps_no_other_from_being_looked_after(stage):
    wires = [stage.wire() for _ in range(2)]
    for wire in wires:
        wire.send("ping", 1)
        wire.hear()
    broken, sound = stage.server.sessions.all()
    looked = threading.Semaphore(0)

    def fail():
        raise RuntimeError("broken")

    broken.tick, sound.tick = fail, looked.release
    for _ in range(2):
        assert looked.acquire(timeout=5)


def test_models_are_loaded_at_the_start(stage):
    deadline = time.monotonic() + 5
    while len(stage.shelf.loaded) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert stage.shelf.loaded == {"folk", "chorale", "drums"}


def test_loads_that_came_before_the_start_leave_room_for_those_at_the_start(monkeypatch):
    shelf, full, begun = FakeShelf(), threading.Event(), threading.Event()

    def add(self, work, add=Chores.add):
        try:
            add(self, work)
        except RequestError:
            full.set()
            raise

    monkeypatch.setattr(Chores, "add", add)
    monkeypatch.setattr(shelf, "load", lambda name: begun.wait(5))
    # Whatever the order of things: the line is full by then if it can be.
    monkeypatch.setattr(shelf, "models", lambda models=shelf.models: (full.wait(0.3), models())[1])
    server = Server(FakeEngine(), shelf, port=0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as early:
        for _ in range(2 * MAX_WAITING):
            early.sendto(build(Message("/antiphon/load", ("folk",))), server.address)
        try:
            server.start()
        finally:
            begun.set()
            server.close()


def test_of_many_models_the_first_are_loaded_at_the_start(monkeypatch):
    shelf, added = FakeShelf(), []
    monkeypatch.setattr(shelf, "models", lambda models=shelf.models: models() * 40)
    monkeypatch.setattr("antiphon.bridge.server.server.Chores.add", lambda self, work: added.append(work))
    with Server(FakeEngine(), shelf, port=0):
        assert len(added) == LOADED_AHEAD


def test_a_taken_port_says_what_to_do(stage):
    with pytest.raises(ConfigError, match=r"Is another bridge running\? .* --port"):
        Server(stage.engine, stage.shelf, port=stage.server.address[1])


def test_a_host_that_is_not_here():
    with pytest.raises(ConfigError, match=r"no\.such\.host"):
        Server(FakeEngine(), FakeShelf(), host="no.such.host.invalid", port=0)


class Full:
    """A socket whose system has no buffer left at first: macOS says so with ENOBUFS, Linux with EAGAIN."""

    def __init__(self, real, code):
        self.real, self.left = real, 3
        self.error = OSError(code, "no room")

    def sendto(self, datagram, host):
        self.left -= 1
        if self.left >= 0:
            raise self.error
        return self.real.sendto(datagram, host)

    def __getattr__(self, name):
        return getattr(self.real, name)


@pytest.mark.parametrize("code", [errno.ENOBUFS, errno.EAGAIN])
def test_a_full_buffer_delays_a_reply_and_loses_none(stage, monkeypatch, code):
    wire = stage.wire()
    monkeypatch.setattr(stage.server, "_socket", Full(stage.server._socket, code))
    wire.send("ping", 7)
    assert wire.hear() == ("/antiphon/pong", 7)


class LinkLocal:
    """A socket of IPv6 that has heard from a neighbour on its seventh interface."""

    def __init__(self):
        self.waiting = [(build(Message("/antiphon/ping", (7,))), ("fe80::5", 9101, 0, 7))]
        self.sent = []

    def recvfrom(self, size):
        if not self.waiting:
            raise BlockingIOError
        return self.waiting.pop()

    def sendto(self, datagram, host):
        self.sent.append(host)


def test_a_neighbour_on_ipv6_is_answered_on_its_interface(monkeypatch):
    server = Server(FakeEngine(), FakeShelf(), port=0)  # never started: this test is its receiving thread
    server._socket.close()
    monkeypatch.setattr(server, "_socket", LinkLocal())
    server._drain()
    server._answer(*server._backlog.pop())
    assert server._socket.sent == [("fe80::5%7", 9101)]


def test_an_announced_neighbour_of_ipv6_keeps_its_interface(monkeypatch):
    found_at = (socket.AF_INET6, socket.SOCK_DGRAM, 17, "", ("fe80::5", 9101, 0, 7))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: [found_at])
    assert resolved(socket.AF_INET6, "fe80::5%eth0", 9101) == ("fe80::5%7", 9101)


def test_an_announced_host_that_is_nowhere_is_named():
    for name in ("no.such.host.invalid", "a..b"):
        with pytest.raises(ConfigError, match=rf"--announce {re.escape(name)}:9000"):
            Server(FakeEngine(), FakeShelf(), port=0, announce=[(name, 9000)])


def test_a_name_is_announced_to(stage):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(5)
        port = listener.getsockname()[1]
        with Server(stage.engine, stage.shelf, host="0.0.0.0", port=0, announce=[("localhost", port)]):
            assert next(read(listener.recv(1000))).address == "/antiphon/startup"


def test_a_host_that_is_no_name():
    with pytest.raises(ConfigError, match=r"--host a\.\.b"):
        Server(FakeEngine(), FakeShelf(), host="a..b", port=0)


def test_a_one_shot_sender_cancels_the_request_of_another_port(stage):
    stage.engine.manual = True
    asker, other, busy = stage.wire(), stage.wire(), stage.wire()
    asker.send("generate", "long")
    assert asker.hear() == ("/antiphon/ack", "long", 0)
    busy.send("set", "bars", 2)
    busy.hear()
    busy.send("cancel", "long")
    assert busy.hear()[2] == "bad_args", "a client with a life of its own cancels its own requests"
    other.send("cancel", "long")
    assert asker.hear()[:3] == ("/antiphon/fail", "long", "cancelled")
    other.send("cancel", "long")
    assert other.hear()[2] == "bad_args", "nothing runs any more"


@pytest.mark.parametrize("greeting", ["hello", "ping", "status", "nonsense"])
def test_a_client_that_has_greeted_cancels_its_own_requests_alone(stage, greeting):
    stage.engine.manual = True
    asker, greeter = stage.wire(), stage.wire()
    asker.send("generate", "long")
    asker.hear()
    greeter.send(greeting)
    greeter.hear()
    greeter.send("cancel", "long")
    assert greeter.hear() == ("/antiphon/fail", "long", "bad_args", "no request 'long' is running")
    assert not stage.engine.jobs[0].cancelled
