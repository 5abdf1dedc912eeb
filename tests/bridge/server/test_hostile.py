"""Clients that mean harm or know no better; an honest one meanwhile gets the notes that it gets alone."""

from __future__ import annotations

import logging
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from antiphon.bridge.client.client import Client
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.protocol.osc import Message, encode
from antiphon.bridge.protocol.table import MAX_CONTEXT_NOTES
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.server.server import Server
from antiphon.bridge.server.sessions import MAX_SESSIONS
from antiphon.bridge.session.caller import MAX_STRAYS
from antiphon.bridge.session.contexts import MAX_CONTEXTS, MAX_SESSION_NOTES, Contexts
from antiphon.bridge.session.desk import MAX_RUNNING
from antiphon.models.errors import RequestError
from antiphon.models.note import Note
from fake_bridge import flat
from stage import Stage, Wire
from tiny_model import save_tiny_model

SECONDS = 60.0
CONTEXT = (Note(60, 0.0, 1.0), Note(62, 1.0, 1.0), Note(64, 2.0, 2.0))
CHUNK = flat(*(Note(60 + i % 12, float(i), 1.0) for i in range(48)))
LONG = "x" * 10_000
REASON = 1500
"""Bytes of a failure at most."""


class Scene:
    """A real bridge, an honest client, and strangers."""

    def __init__(self, engine: Engine, shelf: ModelShelf) -> None:
        self.engine = engine
        self.server = Server(engine, shelf, port=0)
        self.server.start()
        self.honest = Client(port=self.server.address[1], timeout=SECONDS)
        self.alone = self.ask()
        self.wires: list[Wire] = []

    def wire(self) -> Wire:
        self.wires.append(Wire(self.server.address))
        self.wires[-1].socket.settimeout(SECONDS)
        return self.wires[-1]

    def ask(self) -> tuple[Note, ...]:
        """Return what the honest client gets; it asks again while the bridge is busy."""
        ends = time.monotonic() + SECONDS
        while True:
            try:
                return self.honest.continue_(CONTEXT, model="tiny", bars=4, seed=11)[0].notes
            except RequestError as error:
                if error.code != "busy" or time.monotonic() > ends:
                    raise
                time.sleep(0.05)

    def undisturbed(self) -> bool:
        """Whether the honest client gets what it gets alone."""
        return len(self.alone) > 4 and self.ask() == self.alone

    def close(self) -> None:
        self.server.close()
        for wire in self.wires:
            wire.socket.close()
        self.honest.close()


@pytest.fixture
def scene(engine: Engine, shelf: ModelShelf, caplog: pytest.LogCaptureFixture) -> Iterator[Scene]:
    scene = Scene(engine, shelf)
    yield scene
    scene.close()
    assert [r.getMessage() for r in caplog.get_records("call") if r.levelno >= logging.ERROR] == []


def eventually(condition: object) -> bool:
    """Wait until a condition holds."""
    ends = time.monotonic() + SECONDS
    while not condition():  # type: ignore[operator]
        if time.monotonic() > ends:
            return False
        time.sleep(0.01)
    return True


def test_a_model_s_name_is_no_path(scene: Scene, tmp_path: Path) -> None:
    outside = save_tiny_model(tmp_path / "outside.onnx", "outside")
    shelf_folder = scene.engine.models.models()[0].path.parent
    climbing = "../" * len(shelf_folder.parts) + str(outside).lstrip("/")
    wire = scene.wire()
    for name in (
        str(outside),
        climbing,
        climbing.removesuffix(".onnx"),
        "tiny.onnx",
        "./tiny",
        "..\\tiny",
    ):
        for request in (("load", name), ("set", "model", name), ("generate", 1, "model", name)):
            wire.send(*request)
            heard = wire.hear()
            assert (heard[0], heard[2]) == ("/antiphon/fail", "unknown_model"), request
    assert scene.undisturbed()


def test_an_empty_name_is_the_default_model(scene: Scene) -> None:
    wire = scene.wire()
    wire.send("load", "")
    assert wire.hear() == ("/antiphon/loaded", "tiny")
    for model in ("tiny", ""):
        wire.send("set", "model", model)
        assert wire.hear()[2] == model
        wire.send("status")
        assert wire.hear()[2:4] == ("tiny", 1)


def test_long_ids_and_names_are_refused_in_a_few_words(scene: Scene) -> None:
    wire = scene.wire()
    for verb, *rest in (
        ("context", LONG, 0, 1, 0), ("generate", LONG), ("continue", LONG), ("resend", LONG, 0),
        ("cancel", LONG), ("load", LONG), ("set", "model", LONG), ("set", LONG, 1), ("set", "scale", LONG),
        ("set", "metre", LONG), ("set", "scale", "C " + LONG), ("set", "parts", LONG), ("set", "seed", LONG),
        ("set", "mode", LONG), ("generate", 1, "scale", "C " + LONG), ("generate", 1, "metre", LONG),
         ("get", LONG), ("generate", 1, LONG, 1), ("generate", 1, "model", LONG),
        ("sync", LONG), (LONG,),
    ):  # fmt: skip
        wire.send(verb, *rest)
        reply = wire.socket.recv(65507)
        assert reply.startswith(b"/antiphon/fail\0"), verb
        assert len(reply) < REASON, (verb[:20], [str(r)[:20] for r in rest])
    assert scene.undisturbed()


def test_a_bridge_does_not_talk_to_itself(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client names the bridge's own port for its replies: they come back as messages."""
    own = scene.server.address
    sent, heard = [], []
    put, answer = scene.server._pacer.put, scene.server._answer
    monkeypatch.setattr(
        scene.server._pacer, "put", lambda d, host, *who, once: (sent.append((d, host)), put(d, host))[1]
    )
    monkeypatch.setattr(
        scene.server, "_answer", lambda m, host: (heard.append((m, host)), answer(m, host))[1]
    )

    def talk(wire: Wire, port: int) -> None:
        wire.send("hello", port)
        for request in (
            ("models",),
            ("params",),
            ("nothing",),
            ("get", "bars"),
            ("set", "bars", 1),
            ("ping", 1),
        ):
            wire.send(*request)
        wire.raw(b"garbage\n")
        wire.send("generate", "x", "seed", 1)
        wire.send("sync", 5)

    listener, asker = scene.wire(), scene.wire()
    talk(asker, listener.port)
    expected = len(listener.until("synced"))
    talk(scene.wire(), own[1])
    assert eventually(lambda: any("/antiphon/synced" in str(m) and host == own for m, host in heard))
    assert scene.undisturbed()
    assert sum(host == own for _, host in sent) == sum(host == own for _, host in heard) == expected


def test_a_program_that_answers_whatever_it_does_not_know_is_left_in_peace(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does scsynth: named as a reply port, it and the bridge complained to each other for ever."""
    # A busy machine makes pauses, too.
    monkeypatch.setattr("antiphon.bridge.session.caller.PAUSE_SECONDS", 60.0)
    scsynth = scene.wire()
    scene.wire().send("hello", scsynth.port, "max")
    scsynth.socket.settimeout(3.0)
    heard = 0
    with pytest.raises(TimeoutError):
        while heard < 1000:
            address = scsynth.socket.recv(65507).partition(b"\0")[0].decode()
            scsynth.raw(encode(Message("/fail", (address, "Command not found"))))
            heard += 1
    assert heard == 1 + MAX_STRAYS
    assert scene.undisturbed()


class Endless:
    """A socket whose senders are faster than anybody can read."""

    def __init__(self, datagram: bytes, sender: tuple[str, int]) -> None:
        self.datagram, self.sender = datagram, sender
        self.reads = 0

    def recvfrom(self, size: int) -> tuple[bytes, tuple[str, int]]:
        self.reads += 1
        assert self.reads < 100_000, "nobody is ever answered"
        return self.datagram, self.sender


def test_a_sender_without_pause_keeps_nobody_from_being_answered(
    engine: Engine, shelf: ModelShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(engine, shelf, port=0)  # never started: this test is its receiving thread
    server._socket.close()
    answered: list[tuple[str, int]] = []
    monkeypatch.setattr(server, "_answer", lambda message, sender: answered.append(sender))
    datagram = encode(Message("/antiphon/ping", (1,)))
    monkeypatch.setattr(server, "_socket", Endless(datagram, ("127.0.0.1", 7)))
    server._drain()
    monkeypatch.setattr(server, "_socket", Endless(datagram, ("127.0.0.1", 8)))
    server._drain()
    for _ in range(2):
        server._answer(*server._backlog.pop())
    assert answered == [("127.0.0.1", 7), ("127.0.0.1", 8)]


def test_hundreds_of_resends_of_a_long_answer_keep_nobody_waiting(scene: Scene) -> None:
    wire = scene.wire()
    wire.send("generate", "long", "model", "tiny", "bars", 100, "mode", "single", "seed", 1)
    whole = wire.until("done")
    resend = encode(Message("/antiphon/resend", ("long", 0)))
    flood = b"#bundle\0" + bytes(8) + (struct.pack(">i", len(resend)) + resend) * 500
    wire.raw(flood)
    assert scene.undisturbed()
    again = wire.until("done")
    assert again == [message for message in whole if message[0] in ("/antiphon/note", "/antiphon/done")]


def test_hundreds_of_clients_and_the_oldest_go(scene: Scene) -> None:
    strangers = []
    for number in range(MAX_SESSIONS + 60):
        strangers.append(scene.wire())
        strangers[-1].send("set", "bars", 3)
        assert strangers[-1].hear()[1:] == ("bars", 3.0)
        if number % 40 == 0:
            assert scene.undisturbed()
    assert len(scene.server.sessions) == MAX_SESSIONS
    assert strangers[0].hear()[:3] == ("/antiphon/fail", "/antiphon/hello", "busy")
    for wire, bars in ((strangers[-1], 3.0), (strangers[0], 4.0)):
        wire.send("get", "bars")
        assert wire.hear()[1:] == ("bars", bars)
    assert scene.undisturbed()


def test_a_new_client_is_let_in_without_weighing_all_the_others(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It took milliseconds: two hundred datagrams a second were enough, each from a port of its own."""
    weighed = []
    monkeypatch.setattr("antiphon.bridge.server.sessions.WEIGH_EVERY", 10**9)
    monkeypatch.setattr(Contexts, "weight", property(lambda contexts: weighed.append(1) or 0))
    sessions = stage.server.sessions
    for port in range(MAX_SESSIONS + 10):
        session = sessions.of(("127.0.0.1", port))
        session.handle(Message("/antiphon/context", ("x", 0, 1, 1, 60, 0.0, 1.0, 80, 0)))
    weighed.clear()  # a context that comes weighs those of its own client
    for port in range(5000, 5010):
        sessions.of(("127.0.0.1", port))
    assert len(sessions) == MAX_SESSIONS
    assert not weighed


def test_who_waits_for_an_answer_is_not_let_go_for_idle_strangers(stage: Stage) -> None:
    stage.engine.manual = True
    waiting = stage.wire()
    waiting.send("generate", "x", "bars", 1)
    assert waiting.hear()[0] == "/antiphon/ack"
    for _ in range(MAX_SESSIONS + 10):
        stranger = stage.wire()
        stranger.send("set", "bars", 3)
        stranger.hear()
    assert len(stage.server.sessions) == MAX_SESSIONS
    stage.engine.jobs[0].play()
    assert waiting.until("done")[-1][1:4] == ("x", 0, 8)


def test_who_has_little_or_waits_is_not_let_go_for_strangers_contexts(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("antiphon.bridge.server.sessions.MAX_WEIGHT", 2000)
    stage.engine.manual = True
    waiting, idle = stage.wire(), stage.wire()
    for wire in (waiting, idle):
        wire.send("context", "old", 0, 1, 48, *CHUNK)
        wire.hear()
    waiting.send("set", "temperature", 0.5)
    waiting.hear()
    waiting.send("generate", "y", "bars", 1)
    assert waiting.hear()[0] == "/antiphon/ack"
    for _ in range(50):
        stranger = stage.wire()
        for seq in range(4):
            stranger.send("context", "x", seq, 4, 48, *CHUNK)
            stranger.hear()
    assert sum(session.weight for session in stage.server.sessions.all()) <= 2000 + 64 * 49
    stage.engine.jobs[0].play()
    assert waiting.until("done")[-1][1:4] == ("y", 0, 8)
    waiting.send("get", "temperature")
    assert waiting.until("get/reply")[-1][1:] == ("temperature", 0.5)
    idle.send("continue", "old")
    assert idle.hear() == ("/antiphon/ack", "old", 0)


def test_contexts_that_are_never_finished(scene: Scene) -> None:
    wire = scene.wire()
    for number in range(1000):
        wire.send("context", number, 0, 1024, 48, *CHUNK)
        assert wire.hear() == ("/antiphon/ack", number, 0)
    for seq in range(85):  # one of many messages, nearly as heavy as may be
        wire.send("context", "big", seq, 1024, 48, *CHUNK)
        wire.hear()
    (mine,) = (s for s in scene.server.sessions.all() if s.key[1] == wire.port)
    assert 48 * 85 < mine.contexts.weight <= min(MAX_SESSION_NOTES, MAX_CONTEXTS * 49 + 85 * 49)
    wire.send("continue", 999)
    assert wire.hear()[:3] == ("/antiphon/fail", 999, "no_context")
    wire.send("continue", 1)
    assert wire.hear()[:3] == ("/antiphon/fail", 1, "no_context")
    assert scene.undisturbed()


def test_a_context_of_too_many_notes(scene: Scene) -> None:
    wire = scene.wire()
    fitting = MAX_CONTEXT_NOTES // 48
    for seq in range(fitting + 1):
        wire.send("context", "x", seq, 200, 48, *CHUNK)
        expected = ("/antiphon/ack", "x", seq) if seq < fitting else ("/antiphon/fail", "x", "too_large")
        assert wire.hear()[:3] == expected
    wire.send("continue", "x")
    assert wire.hear()[:3] == ("/antiphon/fail", "x", "no_context")
    wire.send("context", "y", 0, 1, 2_000_000_000, *CHUNK)
    assert wire.hear()[:3] == ("/antiphon/fail", "y", "bad_args")
    assert scene.undisturbed()


def test_a_full_queue_says_busy_and_then_has_room_again(stage: Stage) -> None:
    stage.engine.manual, stage.engine.limit = True, MAX_RUNNING + 4
    greedy, other = stage.wire(), stage.wire()
    for number in range(MAX_RUNNING + 3):
        greedy.send("generate", number, "bars", 1)
        code = greedy.hear()[0::2]
        assert code == (("/antiphon/ack", 0) if number < MAX_RUNNING else ("/antiphon/fail", "busy")), number
    for number in range(6):
        other.send("generate", number, "bars", 1)
    heard = other.until("fail")
    assert heard[-1][1:3] == (4, "busy")
    while heard[-1][:3] != ("/antiphon/fail", 5, "busy"):
        heard.append(other.hear())
    stage.engine.jobs.pop().play()
    assert other.until("done")[-1][1] == 3
    other.send("generate", 6, "bars", 1)
    assert other.hear() == ("/antiphon/ack", 6, 0)


def test_a_flood_of_requests_is_answered_one_by_one(scene: Scene) -> None:
    """Each ends in notes or is refused; none is lost, and the honest client asks again until it is heard."""
    wires = [scene.wire() for _ in range(3)]
    for number in range(50):
        for wire in wires:
            wire.send("generate", number, "beats", 64, "seed", number)
    assert scene.undisturbed()
    for wire in wires:
        ends = []
        while len(ends) < 50:
            heard = wire.hear()
            if heard[0] == "/antiphon/done" or heard[0] == "/antiphon/fail":
                ends.append((heard[1], heard[2] if heard[0] == "/antiphon/fail" else "done"))
        assert sorted(name for name, _ in ends) == list(range(50))
        assert {how for _, how in ends} <= {"done", "busy"}


def test_a_client_that_vanishes_in_the_middle(scene: Scene) -> None:
    for _ in range(10):
        gone = Wire(scene.server.address)
        for number in range(3):
            gone.send("generate", number, "beats", 128, "mode", "single")
        while gone.hear()[0] != "/antiphon/note":
            pass
        gone.socket.close()
        assert scene.undisturbed()
    assert eventually(lambda: not scene.engine.queued)


def test_clients_that_never_read(scene: Scene) -> None:
    deaf = [scene.wire() for _ in range(4)]
    for number in range(8):
        for wire in deaf:
            wire.send("generate", number, "beats", 64, "mode", "single", "takes", 2)
            wire.send("params")
        assert scene.undisturbed()
    assert eventually(lambda: not scene.engine.queued and not scene.server._pacer.queued)
    assert scene.undisturbed()
