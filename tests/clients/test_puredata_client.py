"""The abstraction for Pure Data, in Pd itself without a window: told by TCP, heard by what it prints."""

from __future__ import annotations

import socket
import struct
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from antiphon.bridge.client.client import Client
from antiphon.bridge.protocol.osc import Message, encode, read
from antiphon.bridge.protocol.table import DATAGRAMS_A_SLOT, NOTES_A_DATAGRAM, PROTOCOL, SLOT_SECONDS
from antiphon.models.note import Note
from canned_bridge import canned_bridge
from lossy import lossy
from program import Bridge, free_port
from pure_data import FOLDER, by_hand, close, context, needs_pd, notes, patch

sys.path.insert(0, str(Path(__file__).parents[2] / "docs/patches"))
import puredata

pytestmark = pytest.mark.client
SO_TIMESTAMPNS = 35
"""Linux' own, which Python does not name: a datagram comes with the time when it arrived."""


@needs_pd
def test_the_whole_round(bridge: Bridge, client: Client, long_song: tuple[Note, ...], tmp_path: Path) -> None:
    options = {"model": "tiny", "bars": 12, "takes": 2, "seed": 5}
    first, second = client.continue_(long_song, **options)
    with patch(tmp_path, bridge.port) as pd:
        pd.until("ready 0")
        pd.say(*context(long_song), *(f"set {key} {value}" for key, value in options.items()), "continue")
        close(pd.until("done 0"), first)
        pd.say("next")
        close(pd.until("done 1"), second)
        pd.say("tempo 600", "play", "set bars 250", "set takes 4", "set model chorale", "generate")
        pd.until("progress")
        pd.say("cancel")
        pd.until("error cancelled")
        pd.say("set bars 4", "set brs 4", "generate")
        assert "did\\ you\\ mean\\ 'bars'" in pd.until("error bad_args")[-1]
        pd.say("set brs auto", "ask harmonise")
        pd.until("error unknown_address")
        pd.say("clear", "continue")
        pd.until("error no_context")
        pd.say("models")
        pd.until("models done 5")
        # At tempo 600 the answer is long over: its first note came at once.
        played = [line.split()[1:] for line in pd.program.lines if line.startswith("play: ")]
        first_note = min(second.notes, key=lambda n: n.start)
        assert played[0] == [f"{first_note.pitch}", f"{first_note.velocity}",
                             f"{first_note.duration * 100:g}", f"{first_note.part + 1}"]  # fmt: skip


@needs_pd
def test_a_shipped_model_a_scale_of_two_words_and_again(
    bridge: Bridge, client: Client, tmp_path: Path
) -> None:
    song = (Note(62, 0.0, 1.0, 96), Note(65, 1.0, 1.0, 90), Note(69, 2.0, 2.0, 90))
    options = {"model": "folk", "metre": "4/4", "scale": "D dorian"}
    with patch(tmp_path, bridge.port) as pd:
        pd.until("ready")
        pd.say(*context(song), *(f"set {key} {value}" for key, value in options.items()), "continue")
        seeds = []
        for message in ("again", "lock 1;\nagain", ""):
            lines = pd.until("done 0")
            seeds.append(int(lines[-1].split()[-2]))
            (take,) = client.continue_(song, seed=seeds[-1], **options)
            close(lines, take)
            if message:
                pd.say(message)
        assert seeds[0] != seeds[1] == seeds[2]


@needs_pd
def test_a_model_of_text(bridge: Bridge, client: Client, tmp_path: Path) -> None:
    """Its notes arrive; the text, which this client has no use for, does no harm."""
    song = (Note(62, 0.0, 1.0), Note(66, 1.0, 1.0), Note(69, 2.0, 1.0))
    options = {"model": "irish-abc", "metre": "3/4", "seed": 4, "bars": 4}
    (take,) = client.continue_(song, **options)
    assert take.text.startswith("X:1\n") and len(take.notes) > 4
    with patch(tmp_path, bridge.port) as pd:
        pd.until("ready")
        pd.say(*context(song), *(f"set {key} {value}" for key, value in options.items()), "continue")
        close(pd.until("done 0"), take)


@needs_pd
def test_every_start_of_pd_has_its_own_seeds(bridge: Bridge, tmp_path: Path) -> None:
    seeds = []
    for _ in range(3):
        with patch(tmp_path, bridge.port) as pd:
            pd.until("ready")
            pd.say("set model tiny", "set bars 1", "generate")
            seeds.append(pd.until("done 0")[-1].split()[-2])
    assert len(set(seeds)) == 3, seeds


@needs_pd
def test_over_a_lossy_network(
    bridge: Bridge, client: Client, long_song: tuple[Note, ...], tmp_path: Path
) -> None:
    options = {"model": "tiny", "bars": 24, "takes": 2, "seed": 5}
    first, _ = client.continue_(long_song, **options)
    with lossy(bridge.port, seed=6, lost=0.1) as network, patch(tmp_path, network.port) as pd:
        pd.until("ready")
        pd.say(*context(long_song), *(f"set {key} {value}" for key, value in options.items()))
        for _ in range(3):
            pd.say("continue")
            close(pd.until("done 0"), first)
    assert min(network.counts.values()) > 0, network.counts


@needs_pd
@pytest.mark.parametrize("protocol", [0, 2])
def test_a_bridge_of_another_protocol(protocol: int, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.settimeout(30.0)
        with patch(tmp_path, other.getsockname()[1]) as pd:
            hello, sender = other.recvfrom(9216)
            assert hello.startswith(b"/antiphon/hello\0")
            reply = ("antiphon", "9.0.0", protocol, sender[1], "generate")
            other.sendto(encode(Message("/antiphon/hello/reply", reply)), sender)
            said = pd.until("(error protocol|ready 9)")[-1]  # another bridge may have the usual port
    assert said.startswith(f"status: error protocol the bridge speaks protocol {protocol} and this object 1")
    assert "pip install --upgrade antiphon" in said
    assert "antiphon clients install puredata" in said
    assert not any("ready 9" in line for line in pd.program.lines)


@needs_pd
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux stamps datagrams as they arrive")
def test_a_long_context_keeps_to_the_pace(tmp_path: Path) -> None:
    song = [Note(60 + i % 12, i / 4, 0.25, 90) for i in range(80 * NOTES_A_DATAGRAM)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        other.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        other.bind(("127.0.0.1", 0))
        other.settimeout(30.0)
        with patch(tmp_path, other.getsockname()[1]) as pd:
            _, sender = other.recvfrom(9216)
            reply = ("antiphon", "9.0.0", PROTOCOL, sender[1], "generate")
            other.sendto(encode(Message("/antiphon/hello/reply", reply)), sender)
            pd.until("ready")
            pd.say(*context(song), "continue")
            stamps: dict[int, float] = {}
            while len(stamps) < 80:
                data, ((_, _, stamp),), *_ = other.recvmsg(9216, 64)
                (message,) = read(data)
                if message.address == "/antiphon/context":
                    seconds, nanoseconds = struct.unpack("qq", stamp)
                    stamps.setdefault(int(message.args[1]), seconds + nanoseconds / 1e9)
    times = sorted(stamps.values())
    gaps = [after - before for before, after in pairwise(times)]
    # However long a machine takes over them, after 32 comes a pause.
    runs = [max(gaps[at : at + DATAGRAMS_A_SLOT]) for at in range(len(gaps) - DATAGRAMS_A_SLOT + 1)]
    assert min(runs) >= SLOT_SECONDS, gaps
    assert times[-1] - times[0] < 0.25 * 10, "it is not slow"


@needs_pd
@pytest.mark.parametrize(("notes", "beats"), [(40 * NOTES_A_DATAGRAM, 1 / 4), (10_000, 1 / 16)])
def test_a_context_of_many_messages(
    bridge: Bridge, client: Client, tmp_path: Path, notes: int, beats: float
) -> None:
    """Also of more than the bridge takes: the last ones count. Pd prints six digits."""
    song = tuple(Note(60 + i * 5 % 12, i * beats, beats, 90) for i in range(notes))
    (take,) = client.continue_(song, model="tiny", bars=2, seed=5)
    with patch(tmp_path, bridge.port) as pd:
        pd.until("ready")
        pd.say(*context(song), "set model tiny", "set bars 2", "set seed 5", "continue")
        close(pd.until("done 0"), take)


@needs_pd
def test_an_answer_that_comes_after_cancel_is_not_shown(tmp_path: Path) -> None:
    with by_hand(tmp_path) as (pd, bridge):
        pd.say("generate")
        name = bridge.told("generate")[0]
        bridge.tell("ack", name, 0)
        pd.say("cancel")
        assert bridge.told("cancel") == (name,)
        bridge.tell("notes", name, 0, 0, 1, 1, 62, 0.0, 1.0, 80, 0)
        bridge.tell("done", name, 0, 1, 4.0, 5, 1.5)
        bridge.tell("fail", name, "bad_args", f"no request {name} is running")
        lines = pd.until("(error|done)")
        assert lines == ["status: error cancelled cancelled as asked"]
        pd.say("generate")
        assert bridge.told("generate", but=name)[0] == int(name) + 1, "it is free again"


NOTHING = "bad_args", "nothing is kept of a request 1; ask for it anew"


@needs_pd
def test_a_bridge_that_is_started_anew_is_asked_anew(tmp_path: Path) -> None:
    with by_hand(tmp_path) as (pd, bridge):
        pd.say("note 62 0 1 96", "set takes 3", "continue")
        name = bridge.told("context")[0]
        bridge.tell("ack", name, 0)
        request = bridge.told("continue")
        bridge.tell("ack", name, 0)
        assert bridge.told("resend") == (name, 0)
        # More of them wait than one: those that came while the bridge was starting.
        for _ in range(3):
            bridge.tell("fail", name, *NOTHING)
        again = bridge.told("context", but=name)[0]
        bridge.tell("ack", again, 0)
        assert bridge.told("continue", but=name) == (again, *request[1:]), "the seed, too"
        for take in range(3):
            bridge.tell("notes", again, take, 0, 1, 1, 62, 4.0, 1.0, 80, 0)
            bridge.tell("done", again, take, 1, 8.0, 5, 1.5)
        bridge.tell("fail", again, *NOTHING)
        bridge.greet()
        lines = pd.until("ready 9")
    assert [line.split()[1] for line in lines if line.startswith("status:")] == ["done", "ready"]


@needs_pd
@pytest.mark.parametrize("begun", [True, False])
def test_a_failure_is_told_once(begun: bool, tmp_path: Path) -> None:
    """Whatever else is asked again, a request that the bridge gives up or has lost half of is not."""
    with by_hand(tmp_path) as (pd, bridge):
        pd.say("set takes 2", "generate")
        name = bridge.told("generate")[0]
        bridge.tell("ack", name, 0)
        if begun:
            bridge.tell("notes", name, 0, 0, 1, 1, 62, 4.0, 1.0, 80, 0)
        assert bridge.told("resend")[0] == name
        for _ in range(2 if begun else 1):
            bridge.tell("fail", name, *(NOTHING if begun else ("timeout", "it took longer than 60 s")))
        bridge.greet()
        lines = pd.until("ready 9")
    assert [line.split()[1:3] for line in lines] == [
        ["error", "bad_args" if begun else "timeout"],
        ["ready", "9.0.0"],
    ]


@needs_pd
@pytest.mark.parametrize("starts", [(5.02, 4.9, 4.8), (-0.3, -0.2, -0.4)])
def test_notes_that_come_out_of_order_are_played_by_their_start(starts: list[float], tmp_path: Path) -> None:
    song = [Note(60 + i, start, 0.1) for i, start in enumerate(starts)]
    with canned_bridge(song, 8.0) as port, patch(tmp_path, port) as pd:
        pd.until("ready 9")
        pd.say("generate")
        pd.until("done")
        pd.say("play")
        played = [int(pd.program.until(r"^play: (\d+)")[1]) for _ in song]
    assert played == [n.pitch for n in sorted(song, key=lambda n: n.start)]


@needs_pd
def test_mistakes_are_told_and_change_nothing(bridge: Bridge, tmp_path: Path) -> None:
    mistakes = {
        "note 62 0 1": "note needs pitch start duration velocity",
        "set takes": "set needs an option and a value",
        "set": "set needs an option and a value",
        "tempo 0": "tempo must be at least 1",
        "tempo -100": "tempo must be at least 1",
    }
    with patch(tmp_path, bridge.port) as pd:
        pd.until("ready")
        for message, sentence in mistakes.items():
            pd.say(message)
            assert pd.until("error")[-1].startswith(f"status: error bad_args {sentence}"), message
        pd.say("continue")
        pd.until("error no_context")
        pd.say("set model tiny", "set bars 1", "generate")
        answer = notes(pd.until("done"))
        # The second one alone is heard.
        pd.say("tempo 240", "play", "tempo 600", "play")
        time.sleep(1.5)
        played = [line.split()[1:] for line in pd.program.lines if line.startswith("play: ")]
    assert [float(words[2]) for words in played] == pytest.approx([100 * n[2] for n in answer], abs=1e-2)


@needs_pd
def test_nobody_there(tmp_path: Path) -> None:
    with patch(tmp_path, free_port()) as pd:
        assert "start it with antiphon serve" in pd.until("error timeout")[-1]


def test_the_patches_are_what_the_builder_makes() -> None:
    for name, canvas in puredata.build().items():
        assert (FOLDER / name).read_text() == "\n".join([*canvas.lines(), ""]), (
            "python docs/patches/puredata.py"
        )


@pytest.mark.parametrize("name", list(puredata.PAGES))
def test_nothing_overlaps(name: str) -> None:
    assert puredata.PAGES[name]().overlaps() == []
