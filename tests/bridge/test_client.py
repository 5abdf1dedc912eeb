"""The Python client against a server with a fake engine."""

import socket
import threading

import pytest
from antiphon.bridge.client import Client
from antiphon.models.note import Note


class TestClient:
    @pytest.fixture
    def client(self, stage):
        with Client(port=stage.server.address[1]) as client:
            yield client

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
        assert stage.engine.primed[-1][2] == tuple(notes)
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

    def test_a_refusal_is_an_error_with_the_code(self, client):
        from antiphon.models.errors import RequestError

        with pytest.raises(RequestError, match="did you mean 'bars'") as error:
            client.generate(brs=2)
        assert error.value.code == "bad_args"
        with pytest.raises(RequestError) as error:
            client.load("jazz")
        assert error.value.code == "unknown_model"


def test_nobody_there_is_told_soon():
    from antiphon.models.errors import RequestError

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
    assert stage.engine.primed[-1][2] == tuple(notes)
