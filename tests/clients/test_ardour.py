"""Ardour itself: a session, a region with notes, the committed scripts, and the MIDI file that Ardour saves.

Most run in Ardour's own Lua without its window; what only the window does is tried in the window, on a
screen that nobody sees. Skipped where Ardour is not installed; `pytest tests/clients/test_ardour.py` runs it
where it is.
"""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import mido
import pytest
from antiphon.bridge.client.client import Client, Take
from antiphon.models.note import Note
from canned_bridge import canned_bridge
from lossy import lossy
from program import PATIENCE_SECONDS, Bridge, Program, antiphon, free_port, is_free
from pythonosc.udp_client import SimpleUDPClient

HERE = Path(__file__).parent / "ardour"
SCRIPTS = Path(__file__).parents[2] / "bridge/clients/ardour"
ARDOUR = next((path for version in (9, 8, 7) if (path := shutil.which(f"ardour{version}-lua"))), None)
TICKS = 1920
REGION = (
    '<Region name="tune-1.1" muted="0" opaque="1" locked="0" video-locked="0" automatic="0" '
    'whole-file="{whole}" import="0" external="0" hidden="0" position-locked="0" valid-transients="0" '
    'start="b{start}" length="b{length}@b{position}" position="b{position}" beat="0" sync-position="b0" '
    'ancestral-start="b0" ancestral-length="b0@b0" stretch="1" shift="1" layering-index="0" tags="" '
    'contents="0" type="midi" first-edit="nothing" layer="0" id="{id}" '
    'channels="1" source-0="9001" master-source-0="9001"/>'
)
pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(ARDOUR is None, reason="Ardour (package ardour) is not installed"),
]


def lua(home: Path, *words: str | Path) -> list[str]:
    """Run a script in Ardour's Lua; return what it wrote before it had saved.

    Its exit status says nothing: Ardour 8 at times aborts once all is done, when its threads end.
    """
    assert ARDOUR
    done = subprocess.run(
        [ARDOUR, *map(str, words)], capture_output=True, text=True, timeout=90, check=False,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    lines = done.stderr.splitlines()
    assert "saved" in lines, done.stdout + done.stderr
    return lines[: lines.index("saved")]


class Session:
    """A session with one MIDI region on one track."""

    def __init__(self, folder: Path) -> None:
        assert ARDOUR
        self.home, self.folder = folder, folder / "session"
        name = Path(ARDOUR).name.removesuffix("-lua")
        self.version = int(name.removeprefix("ardour"))
        self.config = folder / ".config" / name
        (self.config / "scripts").mkdir(parents=True)
        for path in SCRIPTS.glob("antiphon*"):
            shutil.copy(path, self.config / "scripts")
        lua(self.home, HERE / "make.lua", self.folder)
        self.midi = self.folder / "interchange/session/midifiles/tune-1.mid"
        self.midi.parent.mkdir(parents=True, exist_ok=True)

    def put(self, notes: tuple[Note, ...], *, position: float, start: float, length: float) -> None:
        """Put a region on the track; notes' starts are beats of the source, as start is."""
        write(self.midi, notes)
        file = self.folder / "test.ardour"
        text = file.read_text()
        beats = {"position": position, "start": start, "length": length}
        place = {key: round(value * TICKS) for key, value in beats.items()}
        source = (
            '<Source name="tune-1.mid" take-id="" type="midi" flags="Writable,CanRename" id="9001" '
            'captured-for="tune"/>'
        )
        text = text.replace("<Sources/>", f"<Sources>{source}</Sources>")
        text = text.replace("<Regions/>", f"<Regions>{REGION.format(whole=1, id=9002, **place)}</Regions>")
        region = REGION.format(whole=0, id=9003, **place)
        text, count = re.subn(
            r'(<Playlist [^>]*type="midi"[^>]*?)/>', lambda m: f"{m[1]}>{region}</Playlist>", text
        )
        assert count == 1
        file.write_text(text)

    def settings(self, **values: object) -> None:
        values = {"program": antiphon(), **values}
        lines = [f"{key} {value}" for key, value in values.items()]
        (self.config / "antiphon-settings.txt").write_text("\n".join(lines) + "\n")

    def run(self, steps: str) -> tuple[list[str], float]:
        """Run steps; return the messages shown and the region's length in beats."""
        lines = lua(self.home, HERE / "drive.lua", self.folder, self.config, HERE, steps)
        length = next(line for line in lines if line.startswith("length "))
        told = [line.removeprefix("message ") for line in lines if line.startswith("message ")]
        return told, int(length.split()[1]) / TICKS

    def notes(self) -> list[Note]:
        """What the saved MIDI file holds."""
        return read(self.midi)

    def length(self) -> float:
        """How long the saved region is, in beats."""
        text = (self.folder / "test.ardour").read_text()
        return int(re.search(r'<Region [^>]* length="b(\d+)@[^>]*id="9003"', text)[1]) / TICKS  # type: ignore[index]


def write(path: Path, notes: tuple[Note, ...]) -> None:
    events = [(n.start, 1, n) for n in notes] + [(n.start + n.duration, 0, n) for n in notes]
    track, last = mido.MidiTrack(), 0
    for beat, on, n in sorted(events, key=lambda e: e[:2]):
        at = round(beat * TICKS)
        kind = "note_on" if on else "note_off"
        track.append(mido.Message(kind, note=n.pitch, velocity=n.velocity, channel=n.part, time=at - last))
        last = at
    mido.MidiFile(type=0, ticks_per_beat=TICKS, tracks=[track]).save(path)


def read(path: Path) -> list[Note]:
    file, found, open_, at = mido.MidiFile(path), [], {}, 0
    for event in mido.merge_tracks(file.tracks):
        at += event.time
        if event.type == "note_on" and event.velocity:
            open_[event.channel, event.note] = (at, event.velocity)
        elif event.type in ("note_on", "note_off"):
            began, velocity = open_.pop((event.channel, event.note))
            ticks = file.ticks_per_beat
            found.append(Note(event.note, began / ticks, (at - began) / ticks, velocity, event.channel))
    assert open_ == {}
    return sorted(found, key=lambda n: n.order)


def close(found: list[Note], wanted: tuple[Note, ...], moved: float = 0.0) -> None:
    """Compare with what Ardour's ticks keep of beats."""
    assert [(n.pitch, n.velocity, n.part) for n in found] == [(n.pitch, n.velocity, n.part) for n in wanted]
    for got, note in zip(found, wanted, strict=True):
        assert got.start == pytest.approx(note.start + moved, abs=1 / TICKS)
        assert got.duration == pytest.approx(note.duration, abs=2 / TICKS)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path)


FOUR = {"metre": "4/4", "tempo": 120}


def test_a_region_of_200_notes_is_continued(
    bridge: Bridge, client: Client, long_song: tuple[Note, ...], session: Session
) -> None:
    session.put(long_song, position=0, start=0, length=50)
    session.settings(port=bridge.port, model="folk", seed=5, lock="y", bars=8)
    told, length = session.run('act("continue")')
    (take,) = client.continue_(long_song, model="folk", seed=5, bars=8, start=52, **FOUR)
    assert told == []
    assert length == take.end_beats == 84.0
    close(session.notes(), (*long_song, *take.notes))


def test_notes_that_come_out_of_order_are_all_written(session: Session) -> None:
    """Two strokes on one drum: none may reach into the next."""
    theme = Note(60, 0.0, 1.0, 90)
    session.put((theme,), position=0, start=0, length=4)
    with canned_bridge([Note(36, 4.125, 0.25), Note(36, 4.0, 0.25), Note(42, 4.5, 0.25)], 8.0) as port:
        session.settings(port=port)
        told, _ = session.run('act("continue")')
    assert told == []
    close(session.notes(), (theme, Note(36, 4.0, 0.125), Note(36, 4.125, 0.25), Note(42, 4.5, 0.25)))


def test_position_trimming_and_metre(bridge: Bridge, client: Client, session: Session) -> None:
    """A region at beat 6 of a 3/4 session that plays its source from beat 2 on."""
    file = session.folder / "test.ardour"
    waltz = (
        file.read_text()
        .replace('divisions-per-bar="4"', 'divisions-per-bar="3"')
        .replace('npm="120"', 'npm="90"')
    )
    file.write_text(waltz.replace('enpm="120"', 'enpm="90"'))
    source = tuple(Note(60 + i, float(i), 1.0, 90) for i in range(8))
    session.put(source, position=6, start=2, length=5)
    session.settings(
        port=bridge.port, model="folk", seed=5, lock="y", bars=2, scale="C major", low=50, high=80
    )
    told, length = session.run('act("continue")')
    heard = tuple(Note(n.pitch, n.start + 4, 1.0, 90) for n in source[2:7])
    (take,) = client.continue_(heard, model="folk", seed=5, bars=2, start=12, metre="3/4", tempo=90,
                               scale="C major", low=50, high=80)  # fmt: skip
    assert told == []
    assert length == take.end_beats - 6 == 12.0
    answer = [note for note in session.notes() if note not in source]
    close(answer, take.notes, moved=-4.0)


def takes_of(client: Client, song: tuple[Note, ...], **options: object) -> list[Take]:
    return client.continue_(song, model="folk", takes=2, bars=4, start=16, **FOUR, **options)  # type: ignore[arg-type]


def test_takes_and_again_replace_the_last_answer(
    bridge: Bridge, client: Client, song: tuple[Note, ...], session: Session
) -> None:
    session.put(song, position=0, start=0, length=15)
    session.settings(port=bridge.port, model="folk", seed=5, lock="y", bars=4, takes=2)
    told, _ = session.run('act("continue") act("next_take")')
    close(session.notes(), (*song, *takes_of(client, song, seed=5)[1].notes))
    session.settings(port=bridge.port, model="folk", seed="auto", lock="n", bars=4, takes=2)
    more, length = session.run('act("again")')
    seed = int(
        re.search(r"^seed (\d+)$", (session.config / "antiphon-settings.txt").read_text(), re.MULTILINE)[1]
    )  # type: ignore[index]
    close(session.notes(), (*song, *takes_of(client, song, seed=seed)[0].notes))
    assert (told, more, length) == ([], [], 32.0)
    assert seed != 5


def test_a_region_that_is_moved_and_another_session(
    bridge: Bridge, client: Client, song: tuple[Note, ...], session: Session
) -> None:
    """What was written is found in the source; a region's number says nothing in another session."""
    session.put(song, position=0, start=0, length=15)
    session.settings(port=bridge.port, model="folk", seed=5, lock="y", bars=4, takes=2)
    assert session.run('act("continue")')[0] == []
    file = session.folder / "test.ardour"
    text = file.read_text()
    (region,) = re.findall(r'<Region [^>]*id="9003"[^>]*>', text)
    moved = region.replace('position="b0"', f'position="b{8 * TICKS}"', 1).replace("@b0", f"@b{8 * TICKS}", 1)
    file.write_text(text.replace(region, moved))
    told, length = session.run('act("next_take")')
    assert (told, length) == ([], 32.0)
    takes = takes_of(client, song, seed=5)
    close(session.notes(), (*song, *takes[1].notes))
    last = session.config / "antiphon-last.txt"
    last.write_text(re.sub(r"(?m)^session .*$", "session /home/me/another", last.read_text()))
    told, _ = session.run('act("next_take") act("again")')
    assert [line[:10] for line in told] == ["The last a", "Nothing ha"]


def test_a_region_that_ends_a_hair_after_the_barline(
    bridge: Bridge, song: tuple[Note, ...], session: Session
) -> None:
    session.put(song, position=0, start=0, length=16 + 3 / TICKS)
    session.settings(port=bridge.port, model="folk", seed=5, lock="y", bars=4)
    assert session.run('act("continue")') == ([], 32.0)


def test_a_region_of_more_notes_than_the_bridge_takes(bridge: Bridge, session: Session) -> None:
    long = tuple(Note(60 + at % 12, at / 8, 0.125) for at in range(5000))
    session.put(long, position=0, start=0, length=625)
    session.settings(port=bridge.port, model="folk", seed=5, lock="y", bars=4)
    assert session.run('act("continue")') == ([], 644.0)


@pytest.mark.parametrize(
    ("settings", "steps", "told"),
    [
        ({}, 'W.nothing = true act("continue")', "Select a MIDI region"),
        ({}, 'act("again")', "Nothing has been continued"),
        ({}, 'act("next_take")', "no other takes"),
        ({"verb": "harmonise"}, 'act("continue")', "no address '/antiphon/harmonise'"),
        ({"scale": "H dur"}, 'act("continue")', "scale"),
        ({"model": "jazz"}, 'act("continue")', "no model 'jazz'"),
        ({"program": "/no/such/antiphon"}, 'act("continue")', "was not found"),
        ({"port": 0}, 'act("continue")', "antiphon serve"),
    ],
)
def test_what_is_wrong_is_said(
    bridge: Bridge,
    song: tuple[Note, ...],
    session: Session,
    settings: dict[str, object],
    steps: str,
    told: str,
) -> None:
    port = free_port() if "port" in settings else bridge.port
    session.put(song, position=0, start=0, length=15)
    session.settings(**{**settings, "port": port})
    messages, length = session.run(steps)
    assert len(messages) == 1 and told in messages[0]
    assert length == 15.0
    close(session.notes(), song)


def test_cancel(bridge: Bridge, song: tuple[Note, ...], session: Session) -> None:
    session.put(song, position=0, start=0, length=15)
    session.settings(port=bridge.port, model="chorale", bars=250, takes=4)
    told, length = session.run('W.cancel_after = 40 act("continue") assert(W.done)')
    assert (told, length) == ([], 15.0)


def test_over_a_lossy_network(
    bridge: Bridge, client: Client, long_song: tuple[Note, ...], session: Session
) -> None:
    session.put(long_song, position=0, start=0, length=50)
    with lossy(bridge.port, seed=4) as network:
        session.settings(port=network.port, model="tiny", seed=5, lock="y", bars=24)
        told, _ = session.run('act("continue")')
    (take,) = client.continue_(long_song, model="tiny", seed=5, bars=24, start=52, **FOUR)
    assert told == []
    close(session.notes(), (*long_song, *(n for n in take.notes)))


def test_settings_are_kept(session: Session) -> None:
    session.put((Note(60, 0.0, 1.0),), position=0, start=0, length=4)
    entered = (
        'model="folk",bars=" 8 ",temperature="",seed="7",takes="1",scale="D dorian",low="auto",high="80",'
        'ending="closed"'
    )
    session.run(f'W.entered = {{{entered},verb="",program="auto",port="7374",lock=true}} act("settings")')
    told, _ = session.run(
        'act("settings") table.insert(W.messages, W.asked.bars .. W.asked.scale .. W.asked.ending)'
    )
    assert told == ["8D dorianclosed"]


OSC_PORT = 3819  # Ardour's own
CONFIG = """<Ardour><Config><Option name="hide-dummy-backend" value="0"/></Config>
<Extra><AudioMIDISetup><EngineStates>
<State backend="None (Dummy)" driver="Normal Speed" device="Silence" input-device="" output-device="" lru="1"
sample-rate="48000" buffer-size="1024" n-periods="0" input-latency="0" output-latency="0" input-channels="2"
output-channels="2" active="1" use-buffered-io="0" midi-option="1 in, 1 out, Silence"/>
</EngineStates></AudioMIDISetup></Extra></Ardour>"""


def slots(session: Session) -> str:
    """Return what Ardour keeps once its script manager has given the scripts the slots 1 to 4."""
    lines = ["scripts = {}"]
    for slot, name in enumerate(("continue", "again", "next_take", "settings"), 1):
        script = (session.config / f"scripts/antiphon_{name}.lua").read_text()
        made = f"function ardour () end {script} return factory (...)"
        values = f"n = [==[{name}]==], s = [==[{script}]==], f = [==[{made}]==], a = {{}}"
        lines.append(f"scripts[{slot}] = {{ {values} }}")
    text = base64.b64encode("\n".join(lines).encode()).decode()
    return f'<UIScripts><ActionScript lua="Lua 5.3">{text}</ActionScript><ActionHooks/></UIScripts>'


@pytest.fixture
def press(session: Session) -> Iterator[Callable[[str], None]]:
    """Ardour with its window, which opens the session at the first action and does what it is told to."""
    if not (shutil.which("ardour") and shutil.which("Xvfb")):
        pytest.skip("the window wants the programs ardour and Xvfb (package xvfb)")
    if session.version == 9:
        pytest.skip("a session's file does not switch on the OSC of Ardour 9: go through it by hand")
    if not is_free(OSC_PORT):
        pytest.skip(f"somebody has Ardour's port, {OSC_PORT}")
    (session.config / "config").write_text(CONFIG)
    (session.config / f".a{session.version}").touch()  # has been here before: no greeting
    (session.config / "instant.xml").write_text("<instant><no-memory-warning/></instant>")
    (session.config / "ui_scripts").write_text(slots(session))
    ardour = session.folder / "test.ardour"
    screen_words = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24"]
    with Program(screen_words) as screen, SimpleUDPClient("127.0.0.1", OSC_PORT) as remote:
        environment = {"DISPLAY": f":{screen.until('^([0-9]+)$')[1]}", "HOME": str(session.home)}
        opened: list[Program] = []

        def press(action: str) -> None:
            if not opened:
                osc = 'name="Open Sound Control (OSC)" active='
                ardour.write_text(ardour.read_text().replace(f'{osc}"0"', f'{osc}"1"'))
                opened.append(Program(["ardour", "-n", "-a", ardour], environment))
                deadline = time.monotonic() + PATIENCE_SECONDS
                while is_free(OSC_PORT):
                    assert time.monotonic() < deadline, opened[0].lines
                    time.sleep(0.1)
                time.sleep(4.0)  # the window is drawn
            remote.send_message("/access_action", action)

        try:
            yield press
        finally:
            for program in opened:
                program.__exit__(None, None, None)


def test_one_undo_takes_the_whole_answer_back(
    bridge: Bridge, client: Client, song: tuple[Note, ...], session: Session, press: Callable[[str], None]
) -> None:
    session.put(song, position=0, start=0, length=15)
    session.settings(port=bridge.port, model="folk", seed=5, lock="y", bars=4, takes=2)
    one, two = ((*song, *take.notes) for take in takes_of(client, song, seed=5))

    def saved(notes: tuple[Note, ...], length: float) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            press("Common/Save")
            time.sleep(0.5)
            try:
                close(session.notes(), notes)
                assert session.length() == length
                return
            except (AssertionError, LookupError, OSError):
                if time.monotonic() > deadline:
                    raise

    press("Editor/select-all-objects")
    press("LuaAction/script-1")
    saved(one, 32.0)
    press("Editor/undo")
    saved(song, 15.0)
    press("Editor/redo")
    saved(one, 32.0)
    press("LuaAction/script-3")
    saved(two, 32.0)
    press("Editor/undo")
    saved(one, 32.0)
    press("Editor/undo")
    saved(song, 15.0)
