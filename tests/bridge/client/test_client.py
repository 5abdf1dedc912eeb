"""The Python client against a server with a fake engine."""

import errno
import math
import socket
import threading
import time

import pytest
from antiphon.bridge.client.client import Client
from antiphon.bridge.client.conversation import Conversation
from antiphon.bridge.protocol.osc import Message, encode, read
from antiphon.models.errors import RequestError
from antiphon.models.note import Note
from forgetful_bridge import NOTE, Forgetful, StartedAnew
from lossy import lossy
from stage import Stage


@pytest.fixture
def client(stage):
    with Client(port=stage.server.address[1]) as client:
        yield client


class TestClient:
    def test_the_small_talk(self, client):
        bridge = client.hello()
        assert (bridge.name, bridge.protocol) == ("antiphon", 1) and "continue" in bridge.capabilities
        assert 0 < client.ping(size=1000) < 1
        assert client.status().model == "folk"
        assert [m.name for m in client.models()] == ["chorale", "drums", "folk"]
        assert client.models()[0].parts == ("soprano", "alto", "tenor", "bass")
        client.load("drums")
        assert client.status().model == "drums"
        client.set(bars=2, metre="6/8")
        assert (client.get("bars"), client.get("metre")) == (2.0, "6/8")

    def test_continue_a_long_context(self, client, stage):
        notes = [Note(60, i / 4, 0.25) for i in range(400)]
        (take,) = client.continue_(reversed(notes), bars=20, seed=1)
        assert stage.engine.submitted[-1].context == tuple(notes)
        assert len(take.notes) == 160 and take.notes[0].start == 100.0
        assert (take.end_beats, take.seed, take.nats_per_note) == (180.0, 1, 1.5)

    def test_takes_and_notes_as_they_come(self, client):
        heard = []
        first, second = client.generate(
            bars=1, takes=2, on_note=lambda take, i, note: heard.append((take, i, note))
        )
        assert [note for take, _, note in heard if take == 1] == list(second.notes)
        assert len(first.notes) == 8

    def test_set_takes_hold(self, client):
        client.set(takes=3)
        assert len(client.generate(bars=1)) == 3

    @pytest.mark.parametrize(("takes", "count"), [("3", 3), (3.0, 3), ("auto", 1)])
    def test_takes_as_text_and_taken_back(self, client, takes, count):
        client.set(takes=2)
        assert len(client.generate(bars=1, takes=takes)) == count

    def test_a_context_longer_than_a_bridge_takes(self, client, stage):
        notes = [Note(60, i / 4, 0.25) for i in range(10_000)]
        client.continue_(notes, bars=1)
        assert stage.engine.submitted[-1].context == tuple(notes[-4096:])
        (take,) = client.continue_(notes, bars=1, start="100")
        assert take.notes[0].start == 100.0
        with pytest.raises(RequestError, match="at or after start -4"):
            client.continue_(notes, bars=1, start=-4)

    def test_a_length_of_the_request_s_own_goes_before_any_that_was_set(self, client):
        client.set(bars=2)
        client.set(beats=5)
        assert [client.generate(**own)[0].end_beats for own in ({}, {"bars": 1}, {"beats": 3})] == [5, 4, 3]
        with pytest.raises(RequestError, match="not both"):
            client.generate(bars=1, beats=2)

    def test_of_two_lengths_that_were_set_the_last_holds_as_in_the_bridge(self, client):
        client.set(beats=5)
        client.set(bars=2)
        assert client.get("beats") == "auto" and client.generate()[0].end_beats == 8

    def test_of_the_model_loaded_and_the_one_set_the_last_holds_as_in_the_bridge(self, client, stage):
        client.set(model="chorale")
        client.load("drums")
        for options in ({}, {"model": "auto"}):
            client.generate(bars=1, **options)
            assert stage.engine.submitted[-1].model == client.status().model == "drums"
        client.set(model="auto")
        client.generate(bars=1)
        assert stage.engine.submitted[-1].model == client.status().model == "folk"

    def test_no_name_loads_the_bridge_s_own_model(self, client, monkeypatch):
        """The answer names the model: who waits for the name that was sent would wait for ever."""
        client.set(model="chorale")
        send, sent = Conversation._send, []

        def counted(self, messages):
            sent.extend(messages)
            assert len(sent) < 5, "asked again and again"
            send(self, messages)

        monkeypatch.setattr(Conversation, "_send", counted)
        client.load("")
        client.generate(bars=1)
        assert client.status().model == "folk"

    @pytest.mark.parametrize("own", [{"mode": "single"}, {"reply_port": 9}])
    def test_what_the_client_itself_decides_is_refused(self, client, own):
        for refused in (lambda: client.set(**own), lambda: client.generate(**own)):
            with pytest.raises(RequestError, match=f"{next(iter(own))} is the client's own"):
                refused()
        assert client.generate(bars=1)

    def test_a_refusal_is_an_error_with_the_code(self, client):
        with pytest.raises(RequestError, match="did you mean 'bars'") as error:
            client.generate(brs=2)
        assert error.value.code == "bad_args"
        with pytest.raises(RequestError) as error:
            client.load("jazz")
        assert error.value.code == "unknown_model"


def test_a_bridge_started_anew_keeps_the_settings(stage):
    other = Stage()
    with Client(port=stage.server.address[1]) as client:
        client.set(bars=1, seed=7, takes=2)
        client.load("drums")
        before = client.generate()
        client._conversation.socket.connect(other.server.address)
        assert client.generate() == before and {take.end_beats for take in before} == {4.0}
        assert client.status().model == "folk", "the other bridge was told of nothing before"
    other.close()


def test_a_refusal_that_comes_twice_refuses_nothing_else(stage):
    with (
        lossy(stage.server.address[1], lost=0, late=0, doubled=1) as network,
        Client(port=network.port) as client,
    ):
        for model in ("drums", "folk"):
            with pytest.raises(RequestError):
                client.load("jazz")
            time.sleep(0.05)
            client.load(model)
            assert client.status().model == model


def test_stop_is_heard_while_nobody_takes_the_context():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with Client(port=silent.getsockname()[1]) as client, pytest.raises(RequestError) as error:
            client.request("continue", [Note(60, 0.0, 1.0)], stop=lambda: True)
    assert error.value.code == "cancelled"


class Unreachable:
    """A socket whose way a firewall closes, by the ICMP message "host prohibited"."""

    def __init__(self, real, sending):
        self._real, self._sending = real, sending

    def __getattr__(self, name):
        return getattr(self._real, name)

    def recv(self, size):
        raise OSError(errno.EHOSTUNREACH, "No route to host")

    def send(self, data):
        return self.recv(0) if self._sending else self._real.send(data)


@pytest.mark.parametrize("sending", [False, True])
def test_a_host_that_cannot_be_reached_is_no_answer(client, monkeypatch, sending):
    monkeypatch.setattr(client._conversation, "_timeout", 0.1)
    monkeypatch.setattr(client._conversation, "socket", Unreachable(client._conversation.socket, sending))
    with pytest.raises(RequestError) as error:
        client.ping()
    assert error.value.code == "timeout"


def test_sending_waits_for_room_in_the_buffer(client, monkeypatch):
    """Also of what is sent again, for its first datagram gets lost."""

    class Full:
        def __init__(self, real):
            self._real, self._lost = real, []

        def __getattr__(self, name):
            return getattr(self._real, name)

        def send(self, data):
            if self._real.gettimeout() == 0.0:
                raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
            if self._real.gettimeout() is not None:
                raise TimeoutError("timed out")
            if not self._lost:
                self._lost.append(data)
                return len(data)
            return self._real.send(data)

    monkeypatch.setattr(client._conversation, "socket", Full(client._conversation.socket))
    assert client.ping() > 0


@pytest.mark.parametrize("takes", [math.inf, 10**12, "many"])
def test_takes_that_no_bridge_gives_are_refused_by_it(client, takes):
    with pytest.raises(RequestError, match="takes") as error:
        client.generate(takes=takes)
    assert error.value.code == "bad_args"


@pytest.mark.parametrize(
    "note",
    [
        Note(99_999_999_999, 0.0, 1.0),
        Note(10**400, 0.0, 1.0),
        Note(60, 1e39, 1.0),
        Note(60, 10**400, 1.0),
        Note(60, math.nan, 1.0),
        Note(60, 0.0, 1.0, part=256),
        Note(60, 0.0, 0.0),
        Note(60.5, 0.0, 1.0),
    ],
)
def test_a_note_that_no_bridge_takes_is_refused_before_it_is_sent(client, note):
    with pytest.raises(RequestError, match="must be") as error:
        client.continue_([Note(60, 0.0, 1.0), note], bars=1)
    assert error.value.code == "bad_args"


def test_numbers_of_any_kind_make_a_note(client, stage):
    client.continue_([Note(60.0, 0, 1)], bars=1)
    assert stage.engine.submitted[-1].context == (Note(60, 0.0, 1.0),)


@pytest.mark.parametrize("options", [{"seed": 10**400}, {"takes": 10**400}, {"bars": -(10**400)}])
def test_an_option_too_large_to_send_is_refused_by_the_bridge(client, options):
    with pytest.raises(RequestError, match=next(iter(options))) as error:
        client.generate(**options)
    assert error.value.code == "bad_args"


def test_nobody_there_is_told_soon():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with (
            Client(port=silent.getsockname()[1], timeout=0.5) as client,
            pytest.raises(RequestError, match="antiphon serve") as error,
        ):
            client.ping()
    assert error.value.code == "timeout"


class Lossy:
    """A relay on the way to a bridge that drops every third datagram, both ways."""

    def __init__(self, bridge):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.bridge, self.dropped, self.count = bridge, 0, 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        client = None
        while True:
            data, sender = self.socket.recvfrom(65507)
            if data == b"stop":
                self.socket.close()
                return
            self.count += 1
            if sender != self.bridge:
                client = sender
            if self.count % 3 == 0:
                self.dropped += 1
            else:
                self.socket.sendto(data, client if sender == self.bridge else self.bridge)

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"stop", self.socket.getsockname())
        self.thread.join(5)


@pytest.mark.parametrize("single", [False, True])
def test_what_gets_lost_is_asked_for_again(stage, single):
    relay = Lossy(stage.server.address)
    notes = [Note(60, float(i), 1.0) for i in range(400)]
    told = []
    with Client(port=relay.socket.getsockname()[1]) as client:
        client.hello()
        on_note = (lambda take, i, note: told.append(note)) if single else None
        takes = client.continue_(notes, beats=100, takes=2, seed=9, on_note=on_note)
    relay.stop()
    assert relay.dropped > 5
    assert [len(take.notes) for take in takes] == [200, 200]
    assert len(told) == 400 * single
    assert stage.engine.submitted[-1].context == tuple(notes)


@pytest.mark.parametrize("refuses", [False, True])
@pytest.mark.parametrize("begins", [False, True])
def test_what_the_bridge_knows_nothing_of_is_asked_for_anew(begins, refuses):
    """A late ack of the context is no ack of the request; and what has been answered is not kept for ever."""
    with Forgetful(begins=begins, refuses=refuses) as bridge, Client(port=bridge.port) as client:
        if refuses:
            with pytest.raises(RequestError, match=r"^no$"):
                client.continue_([Note(60, 0.0, 1.0)])
        else:
            assert client.continue_([Note(60, 0.0, 1.0)])[0].notes == (NOTE,)
    first, second = bridge.asked
    assert first == second and "seed" in first.args


@pytest.mark.parametrize("times", [1, 2])
def test_a_context_that_the_bridge_has_lost_is_sent_once_more(times):
    with StartedAnew(times) as bridge, Client(port=bridge.port) as client:
        if times == 1:
            assert client.continue_([Note(60, 0.0, 1.0)])[0].notes == (NOTE,)
        else:
            with pytest.raises(RequestError, match="send it first"):
                client.continue_([Note(60, 0.0, 1.0)])
    context, asked, *again = bridge.heard
    assert again == [context, asked]


class Newer(Forgetful):
    """A bridge that says things that this client cannot know, and has one argument more for what it does."""

    def answers(self, message):
        sound = super().answer(message)
        return [
            ("ack",),
            ("notes", message.args[0], "first", 0),
            ("notes", message.args[0], 0, 0, 1, 1, 60, float("nan"), 1.0, 80, 0),
            ("done", message.args[0]),
            ("fail", message.args[0]),
            ("key", message.args[0], "D dorian"),
            *((*reply, 1) if reply[0] == "ack" else reply for reply in sound),
        ]


def test_what_is_no_reply_is_left_out():
    with Newer() as bridge, Client(port=bridge.port) as client:
        assert client.generate()[0].notes == (NOTE,)


def test_a_bridge_of_another_protocol(monkeypatch):
    monkeypatch.setattr("forgetful_bridge.PROTOCOL", 2)
    with Forgetful() as bridge, Client(port=bridge.port) as client:
        for ask in (client.hello, client.generate):
            with pytest.raises(RequestError, match="bridge speaks protocol 2 and this client 1") as error:
                ask()
            assert error.value.code == "protocol"
    assert not bridge.heard


class Failing(Forgetful):
    """A bridge that has begun to answer, and then cannot go on."""

    def answers(self, message):
        name = message.args[0]
        if message.address == "/antiphon/context":
            return [("ack", name, 0)]
        if sum(m.address != "/antiphon/context" for m in self.heard) > 1:  # asked again all the same
            return [("notes", name, 0, 0, 1, 0), ("done", name, 0, 0, 8.0, 3, 1.5)]
        return [("ack", name, 0), ("progress", name, 0.5), ("fail", name, "bad_args", "no more")]


def test_what_another_program_wanted_of_the_same_port_is_forgotten(stage):
    """Systems hand out ports again: by chance one of a program whose replies went elsewhere."""
    notes = [Note(60, 0.0, 1.0)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as before:
        before.bind(("127.0.0.1", 0))
        before.settimeout(10)
        before.connect(stage.server.address)
        port = before.getsockname()[1]
        for address, *args in (("hello", port, "csound", 1), ("set", "bars", 2), ("context", "x", 0, 1, 0),
                               ("set", "reply_port", 9)):  # fmt: skip
            before.send(encode(Message("/antiphon/" + address, tuple(args))))
    for _ in range(2):
        with Client(port=stage.server.address[1]) as client:
            client._conversation.socket = _bound(port, client._conversation.socket)
            (take,) = client.continue_(notes)
            assert take.end_beats == 20.0
            client.set(bars=2)


class Losing:
    """A socket whose first datagram gets lost."""

    def __init__(self, real):
        self.real, self.lost = real, []

    def send(self, datagram):
        if self.lost:
            return self.real.send(datagram)
        self.lost.append(datagram)
        return len(datagram)

    def __getattr__(self, name):
        return getattr(self.real, name)


def test_nothing_is_said_before_the_bridge_knows_who_asks(stage):
    """A greeting that got lost and came later made it forget the context as the former program's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as before:
        before.connect(stage.server.address)
        before.settimeout(10)
        before.send(encode(Message("/antiphon/hello", (0, "csound", 1))))
        before.recv(65507)
        port = before.getsockname()[1]
    with Client(port=stage.server.address[1]) as client:
        client._conversation.socket = Losing(_bound(port, client._conversation.socket))
        (take,) = client.continue_([Note(60, 0.0, 1.0)])
        assert take.end_beats == 20.0
        assert next(read(client._conversation.socket.lost[0])).address == "/antiphon/hello"


def _bound(port, former):
    """Return a socket that goes where another one does, from a port of our choice."""
    with former:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", port))
        sock.connect(former.getpeername())
    return sock


def test_a_request_that_fails_on_its_way_is_not_asked_again():
    with (
        Failing() as bridge,
        Client(port=bridge.port) as client,
        pytest.raises(RequestError, match="no more"),
    ):
        client.continue_([Note(60, 0.0, 1.0)])
    assert len(bridge.asked) == 1


def test_a_seed_that_was_set_is_not_overridden(client, stage):
    client.set(seed=77)
    assert client.generate(bars=1)[0].seed == 77
    client.set(seed="auto")
    first, second = (client.generate(bars=1)[0].seed for _ in range(2))
    assert first != second


def test_any_verb_may_be_asked_for(client):
    assert len(client.request("generate", options={"bars": 1})[0].notes) == 8
    with pytest.raises(RequestError) as error:
        client.request("harmonise", [Note(60, 0.0, 1.0)])
    assert error.value.code == "unknown_address"


def test_progress_and_stop(stage):
    stage.engine.manual = True
    fractions = []
    with Client(port=stage.server.address[1]) as client:
        with pytest.raises(RequestError) as error:
            client.request("generate", on_progress=fractions.append, stop=lambda: bool(stage.engine.jobs))
        assert error.value.code == "cancelled"
        assert client.ping() < 5.0
    assert stage.engine.jobs[0].cancelled
