"""The abstraction for Pure Data, in Pd itself without a window: told by TCP, heard by what it prints."""

from __future__ import annotations

import re
import shutil
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from antiphon.bridge.client import Client, Take
from antiphon.bridge.osc import Message, encode, read
from antiphon.bridge.protocol import DATAGRAMS_A_SLOT, NOTES_A_DATAGRAM, PROTOCOL, SLOT_SECONDS
from antiphon.models.note import Note
from lossy import lossy
from program import Bridge, Program, free_port

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "bridge/clients/puredata"
sys.path.insert(0, str(ROOT / "docs/patches"))
import puredata  # noqa: E402

needs_pd = pytest.mark.skipif(not shutil.which("pd"), reason="Pure Data (puredata-core) is not installed")
pytestmark = pytest.mark.client
SO_TIMESTAMPNS = 35
"""Linux' own, which Python does not name: a datagram comes with the time when it arrived."""
WRONG = re.compile(r"error:|couldn't|no method|no such|connection failed")


class Patch:
    """A patch with [antiphon] between [netreceive] and three [print]s."""

    def __init__(self, program: Program, control: socket.socket) -> None:
        self.program, self._control, self._at = program, control, 0

    def say(self, *messages: str) -> None:
        """Send messages to the object."""
        self._control.sendall("".join(f"{message};\n" for message in messages).encode())

    def until(self, status: str) -> list[str]:
        """Wait for a status; return all lines up to it that were not returned before."""
        pattern = rf"^status: {status}"
        self.program.until(pattern)
        # More may have come since, such as notes that play.
        new = self.program.lines[self._at :]
        lines = new[: next(i for i, line in enumerate(new) if re.search(pattern, line)) + 1]
        self._at += len(lines)
        return lines


@contextmanager
def patch(folder: Path, port: int) -> Iterator[Patch]:
    control = free_port()
    file = folder / "drive.pd"
    boxes = (
        f"obj 0 0 netreceive {control}", "obj 0 0 antiphon", "obj 0 0 print note", "obj 0 0 print play",
        "obj 0 0 print status",
    )  # fmt: skip
    cords = ("0 0 1 0", "1 0 2 0", "1 1 3 0", "1 2 4 0")
    lines = [*(f"#X {box};" for box in boxes), *(f"#X connect {cord};" for cord in cords)]
    file.write_text("\n".join(["#N canvas 0 0 400 300 12;", *lines, ""]))
    words = ["pd", "-nogui", "-noaudio", "-nomidi", "-stderr", "-path", FOLDER, "-open", file]
    with Program(words) as program, socket.socket() as sock:
        for _ in range(200):
            try:
                sock.connect(("127.0.0.1", control))
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        made = Patch(program, sock)
        made.say(f"connect 127.0.0.1 {port}")
        yield made
        assert [line for line in program.lines if WRONG.search(line) and "status:" not in line] == []


def notes(lines: list[str]) -> list[list[float]]:
    return [[float(word) for word in line.split()[1:]] for line in lines if line.startswith("note: ")]


def close(lines: list[str], take: Take) -> None:
    got = notes(lines)
    assert len(got) == len(take.notes)
    for values, n in zip(got, take.notes, strict=True):
        assert values == pytest.approx([n.pitch, n.start, n.duration, n.velocity, n.part], abs=2e-3)


def context(song: tuple[Note, ...]) -> list[str]:
    return [f"note {n.pitch} {n.start:g} {n.duration:g} {n.velocity} {n.part}" for n in song]


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
def test_a_scale_of_three_words(bridge: Bridge, client: Client, tmp_path: Path) -> None:
    options = {"model": "tiny", "bars": 8, "seed": 5}
    scales = ("F# minor pentatonic", "F# minor")
    takes = {scale: client.generate(scale=scale, **options)[0] for scale in scales}
    assert len({take.notes for take in takes.values()}) == 2, "the third word must be heard in the notes"
    with patch(tmp_path, bridge.port) as pd:
        pd.until("ready")
        pd.say(*(f"set {key} {value}" for key, value in options.items()))
        for scale, take in takes.items():
            pd.say(f"set scale {scale}", "generate")
            close(pd.until("done 0"), take)
        # Four words, one of them a number: the bridge repeats what it was sent.
        pd.say("set scale D dorian 4 ever", "generate")
        assert "D\\ dorian\\ 4\\ ever" in pd.until("error bad_args")[-1]


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
@pytest.mark.parametrize("setting", ["mode single", "reply_port 9"])
def test_what_the_object_itself_decides_is_refused(bridge: Bridge, setting: str, tmp_path: Path) -> None:
    with patch(tmp_path, bridge.port) as pd:
        pd.until("ready")
        pd.say(f"set {setting}", "set model tiny", "generate")
        lines = pd.until("done 0")
    name = setting.split()[0]
    assert any(line.startswith(f"status: error bad_args {name} cannot be set here") for line in lines)
    assert notes(lines), "what was refused changes nothing"


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
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.settimeout(30.0)
        with patch(tmp_path, other.getsockname()[1]) as pd:
            _, sender = other.recvfrom(9216)

            def tell(address: str, *args: int | float | str) -> None:
                other.sendto(encode(Message(f"/antiphon/{address}", args)), sender)

            def told(address: str) -> int:
                while True:
                    (message,) = read(other.recvfrom(9216)[0])
                    if message.address == f"/antiphon/{address}":
                        return int(message.args[0])

            tell("hello/reply", "antiphon", "9.0.0", PROTOCOL, sender[1], "generate")
            pd.until("ready 9.0.0")
            pd.say("generate")
            name = told("generate")
            tell("ack", name, 0)
            pd.say("cancel")
            assert told("cancel") == name
            tell("notes", name, 0, 0, 1, 1, 62, 0.0, 1.0, 80, 0)
            tell("done", name, 0, 1, 4.0, 5, 1.5)
            tell("fail", name, "bad_args", f"no request {name} is running")
            lines = pd.until("(error|done)")
            assert lines == ["status: error cancelled cancelled as asked"]
            pd.say("generate")
            assert told("generate") == name + 1, "it is free again"


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
