"""REAPER's scripts against stubs of its functions, over real UDP and by `antiphon ask`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from antiphon.bridge.client.client import Client, Take
from antiphon.models.note import Note
from canned_bridge import canned_bridge
from forgetful_bridge import NOTE, Forgetful, StartedAnew
from lossy import lossy
from program import Bridge, antiphon, free_port

HERE = Path(__file__).parent / "reaper"
ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "bridge/clients/reaper"
LUA = shutil.which("lua5.4")


def has_sockets() -> bool:
    command = [LUA or "lua", "-e", "require('socket')"]
    return LUA is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(
        not has_sockets(), reason="Lua 5.4 with LuaSocket (lua5.4 lua-socket) is not installed"
    ),
]
WAYS = ("sockets", "files")


@dataclass
class Seen:
    """What REAPER's project holds afterwards."""

    takes: list[tuple[str, str, int, list[Note]]] = field(default_factory=list)
    """Name, track, the item's active take, notes."""
    messages: list[str] = field(default_factory=list)
    helps: list[str] = field(default_factory=list)
    undo: list[str] = field(default_factory=list)


def reaper(port: int, way: str, folder: Path, steps: str) -> Seen:
    """Run steps in a project of the stub's; return what is in it at the end."""
    words = [HERE, SCRIPTS, str(port), antiphon(), way, folder, steps + "\nshow()"]
    assert LUA
    done = subprocess.run(
        [LUA, HERE / "drive.lua", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    seen = Seen()
    for line in done.stdout.splitlines():
        word, rest = line.split(" ", 1)
        if word == "take":
            found = re.fullmatch(r"\d+ \d+ (.*) (\w+) (\d+)", rest)
            assert found
            seen.takes.append((found[1], found[2], int(found[3]), []))
        elif word == "note":
            pitch, start, duration, velocity, channel = rest.split()
            note = Note(int(pitch), float(start), float(duration), int(velocity), int(channel))
            seen.takes[-1][3].append(note)
        else:
            {"message": seen.messages, "help": seen.helps, "undo": seen.undo}[word].append(rest)
    return seen


def item(notes: tuple[Note, ...], first: float, last: float) -> str:
    """Return the step that makes an item and selects it; notes' starts count from the item's."""
    rows = ",".join(f"{{{n.pitch},{n.start - first},{n.duration},{n.velocity},{n.part}}}" for n in notes)
    return f"stub.settle() stub.selected = stub.new_item({first}, {last}, {{{rows}}})\n"


def settings(**values: object) -> str:
    return "".join(f"stub.ext.Antiphon{key} = {str(value)!r}\n" for key, value in values.items())


def close(notes: list[Note], take: Take) -> None:
    """Compare notes to what 32-bit floats and REAPER's ticks keep of beats."""
    assert [(n.pitch, n.velocity, n.part) for n in notes] == [
        (n.pitch, n.velocity, n.part) for n in take.notes
    ]
    for got, wanted in zip(notes, take.notes, strict=True):
        assert got.start == pytest.approx(wanted.start, abs=1e-4)
        assert got.duration == pytest.approx(wanted.duration, abs=1e-4)


FOUR = {"metre": "4/4", "tempo": 120}


@pytest.mark.parametrize("way", WAYS)
def test_an_item_of_200_notes_is_continued(
    bridge: Bridge, client: Client, long_song: tuple[Note, ...], tmp_path: Path, way: str
) -> None:
    options = {"bars": 4, "takes": 2, "seed": 5, "model": "tiny"}
    set_ = settings(bars=4, takes=2, seed=5, lock="y", model="tiny")
    seen = reaper(
        bridge.port, way, tmp_path, set_ + item(long_song, 0, 50) + 'act("continue item") act("next take")'
    )
    assert seen.messages == []
    expected = client.continue_(long_song, start=52, **FOUR, **options)
    assert [name for name, *_ in seen.takes] == ["-", *(f"Antiphon seed {take.seed}" for take in expected)]
    for (_, track, active, notes), take in zip(seen.takes[1:], expected, strict=True):
        assert (track, active) == ("one", 1), "on the item's track; the next take is shown"
        close(notes, take)
    assert seen.undo == ["Antiphon: write answer", "Antiphon: next take"]
    assert f"Antiphon: {len(expected[0].notes)} notes, seed 5" in seen.helps


def test_notes_that_come_out_of_order_are_all_written(tmp_path: Path) -> None:
    """Two strokes on one drum: none may reach into the next."""
    with canned_bridge([Note(36, 4.04, 0.08), Note(36, 4.0, 0.08), Note(42, 4.5, 0.08)], 8.0) as port:
        seen = reaper(port, "sockets", tmp_path, item((Note(60, 0.0, 1.0),), 0, 4) + 'act("continue item")')
    assert seen.messages == []
    found = [(n.pitch, n.start, n.duration) for n in seen.takes[1][3]]
    assert found == [pytest.approx(n, abs=1e-3) for n in ((36, 4.0, 0.04), (36, 4.04, 0.08), (42, 4.5, 0.08))]


@pytest.mark.parametrize("way", WAYS)
def test_tempo_and_metre_of_the_project(bridge: Bridge, client: Client, tmp_path: Path, way: str) -> None:
    notes = tuple(Note(60 + i, 12.0 + i, 1.0, 90) for i in range(5))
    marks = """stub.tempo = {{qn=0,bpm=120,upper=4,lower=4}, {qn=12,bpm=90,upper=3,lower=4},
                              {qn=18,bpm=60,upper=6,lower=8}} """
    set_ = settings(bars=2, seed=3, lock="y", model="folk", scale="G major", low=55, high=80, ending="closed")
    seen = reaper(bridge.port, way, tmp_path, marks + set_ + item(notes, 12, 17) + 'act("continue item")')
    (take,) = client.continue_(notes, model="folk", bars=2, seed=3, scale="G major", low=55, high=80,
                               ending="closed", start=18, metre="6/8", tempo=60)  # fmt: skip
    assert seen.messages == []
    close(seen.takes[1][3], take)
    assert take.end_beats == 24.0


def test_what_is_heard_of_looped_and_trimmed_items(bridge: Bridge, client: Client, tmp_path: Path) -> None:
    """A source of two beats, its first half beat cut off, looped to five beats; one note is muted."""
    steps = (
        settings(bars=1, seed=3, lock="y", model="folk")
        + """
        stub.settle()
        stub.selected = stub.new_item(4, 9, {{60,0,.5},{62,.5,.5},{64,1,1},{65,1.5,.25,80,0,"muted"}})
        stub.selected.loop = 1
        stub.selected.takes[1].source = 2
        stub.selected.takes[1].offset = .5
        act("continue item")"""
    )
    seen = reaper(bridge.port, "sockets", tmp_path, steps)
    heard = [(62, 4.0, 0.5), (64, 4.5, 1.0), (60, 5.5, 0.5), (62, 6.0, 0.5), (64, 6.5, 1.0), (60, 7.5, 0.5),
             (62, 8.0, 0.5), (64, 8.5, 0.5)]  # fmt: skip
    context = tuple(Note(pitch, start, duration) for pitch, start, duration in heard)
    (take,) = client.continue_(context, model="folk", bars=1, seed=3, start=12, **FOUR)
    assert seen.messages == []
    close(seen.takes[1][3], take)


@pytest.mark.parametrize("way", WAYS)
def test_generate_fills_the_time_selection_and_again_replaces_it(
    bridge: Bridge, client: Client, tmp_path: Path, way: str
) -> None:
    steps = (
        settings(model="folk", bars=7)
        + """
        stub.settle() stub.selection = {4, 12} stub.selected_track = 2
        act("generate into time selection")
        first = stub.ext.Antiphonseed
        act("again")
        print("help " .. first .. " " .. stub.ext.Antiphonseed)"""
    )
    seen = reaper(bridge.port, way, tmp_path, steps)
    assert seen.messages == []
    first, second = (int(word) for word in seen.helps[0].split())
    assert first != second
    assert len(seen.takes) == 1, "the second answer took the first one's place"
    name, track, _, notes = seen.takes[0]
    (take,) = client.generate(model="folk", seed=second, start=8, beats=16, **FOUR)
    assert (name, track) == (f"Antiphon seed {second}", "two")
    close(notes, take)


def test_without_an_item_continue_fills_the_time_selection(
    bridge: Bridge, client: Client, tmp_path: Path
) -> None:
    steps = (
        settings(model="folk", lock="y", seed=5)
        + """
        stub.settle() stub.selection = {4, 12} stub.selected_track = 2 act("continue item")
        stub.selected_track = 1 stub.selection = nil act("again")"""
    )
    seen = reaper(bridge.port, "files", tmp_path, steps)
    assert seen.messages == []
    ((_, track, _, notes),) = seen.takes
    (take,) = client.generate(model="folk", seed=5, start=8, beats=16, **FOUR)
    assert track == "two"
    close(notes, take)


def test_continue_item_keeps_its_verb_after_generate(
    bridge: Bridge, client: Client, riff: tuple[Note, ...], tmp_path: Path
) -> None:
    """What was asked last is no setting of the user's."""
    steps = (
        settings(model="folk", bars=2, seed=3, lock="y")
        + item(riff, 0, 4)
        + """
        stub.selection = {16, 24} act("generate into time selection")
        stub.selection = {0, 0} act("continue item")"""
    )
    seen = reaper(bridge.port, "sockets", tmp_path, steps)
    (take,) = client.continue_(riff, model="folk", bars=2, seed=3, start=4, **FOUR)
    assert seen.messages == []
    close(seen.takes[-1][3], take)


def test_again_is_about_the_same_place(bridge: Bridge, client: Client, tmp_path: Path) -> None:
    """Another time selection, or none, is no matter."""
    steps = (
        settings(model="folk", seed=3, lock="y")
        + """
        stub.settle() stub.selection = {4, 12} act("generate into time selection")
        stub.selection = {0, 0} act("again")"""
    )
    seen = reaper(bridge.port, "sockets", tmp_path, steps)
    (take,) = client.generate(model="folk", seed=3, start=8, beats=16, **FOUR)
    assert seen.messages == []
    assert len(seen.takes) == 1
    close(seen.takes[0][3], take)


def test_again_writes_to_the_same_track(bridge: Bridge, tmp_path: Path) -> None:
    steps = (
        settings(model="folk")
        + """
        stub.settle() stub.selection = {4, 12} act("generate into time selection")
        stub.selected_track = 2 act("again")
        table.remove(stub.tracks, 1) act("again")"""
    )
    seen = reaper(bridge.port, "sockets", tmp_path, steps)
    assert [track for _, track, _, _ in seen.takes] == ["one"]
    assert seen.messages == ["The answer's track is gone."]


def test_again_after_a_failure_leaves_the_former_answer(bridge: Bridge, tmp_path: Path) -> None:
    """The answer of another request is not the one that "again" replaces."""
    steps = (
        settings(model="folk")
        + """
        stub.settle() stub.selection = {0, 4} act("generate into time selection")
        stub.selection = {8, 12} stub.ext.Antiphonmodel = "jazz" act("generate into time selection")
        stub.ext.Antiphonmodel = "folk" act("again")"""
    )
    seen = reaper(bridge.port, "sockets", tmp_path, steps)
    assert len(seen.messages) == 1 and "no model 'jazz'" in seen.messages[0]
    assert len(seen.takes) == 2
    assert [notes[0].start // 8 for *_, notes in seen.takes] == [0, 2], "beats 0 to 8, and from 16 on"


def test_what_is_asked_meanwhile_is_refused_and_forgotten(
    bridge: Bridge, riff: tuple[Note, ...], tmp_path: Path
) -> None:
    steps = (
        settings(model="chorale")
        + item(riff, 0, 4)
        + """
        stub.selection = {8, 108} act("generate into time selection", 0)
        act("continue item")
        act("again")"""
    )
    seen = reaper(bridge.port, "sockets", tmp_path, steps)
    assert len(seen.messages) == 1 and "still working" in seen.messages[0]
    assert len(seen.takes) == 2, "the item, and the answer that took the first one's place"
    assert seen.takes[1][3][0].start >= 16


def test_again_without_what_was_continued(bridge: Bridge, riff: tuple[Note, ...], tmp_path: Path) -> None:
    """Neither another item is continued, nor the answer lost."""
    steps = (
        settings(model="folk")
        + item(riff, 0, 4)
        + """
        act("continue item")
        table.remove(stub.items, 1) stub.selected = stub.items[1] act("again")"""
    )
    seen = reaper(bridge.port, "sockets", tmp_path, steps)
    assert seen.messages == ["The item that was continued is gone."]
    assert len(seen.takes) == 1 and seen.takes[0][3][0].start >= 4


def test_a_track_that_is_deleted_while_it_waits(bridge: Bridge, tmp_path: Path) -> None:
    steps = """
        stub.settle() stub.selection = {0, 100} stub.ext.Antiphonmodel = "chorale"
        act("generate into time selection", 0)
        table.remove(stub.tracks, 1) stub.loop(10)"""
    seen = reaper(bridge.port, "sockets", tmp_path, steps)
    assert seen.messages == ["The answer's track is gone, or another project is shown."], seen
    assert seen.undo == []


def test_several_takes_do_not_loop(bridge: Bridge, tmp_path: Path) -> None:
    """The second one's source ends with its last note; the item may be longer."""
    steps = """
        stub.settle() stub.selection = {0, 4} stub.ext.Antiphontakes = 2 act("generate into time selection")
        print("help loops " .. stub.items[1].loop)"""
    seen = reaper(bridge.port, "sockets", tmp_path, steps)
    assert "loops 0" in seen.helps


@pytest.mark.parametrize("way", WAYS)
def test_an_item_of_more_notes_than_the_bridge_takes(bridge: Bridge, tmp_path: Path, way: str) -> None:
    steps = (
        settings(model="folk")
        + """
        local notes = {}
        for at = 0, 4999 do notes[at + 1] = {60 + at % 12, at / 8, .125} end
        stub.settle() stub.selected = stub.new_item(0, 625, notes)
        act("continue item")"""
    )
    seen = reaper(bridge.port, way, tmp_path, steps)
    assert seen.messages == []
    assert seen.takes[1][3][0].start >= 628


HAND = """
    act("cancel", 0)
    local osc, sent, heard, told = require("osc"), {}, {}, {}
    local function nothing() end
    local udp = {settimeout = nothing, setpeername = nothing, close = nothing,
        send = function(_, data) sent[#sent + 1] = osc.decode(data) end,
        receive = function() return table.remove(heard, 1) end}
    local note = {pitch = 60, start = 0, duration = 1, velocity = 80, part = 0}
    local socket = {udp = function() return udp end}
    local listener = {done = function() told[1] = "done" end, failed = function(code) told[1] = code end}
    local seed = {{"seed", 7}}
    local ask = require("udp_bridge").ask
    local request = ask(socket, reaper.time_precise, 1, "continue", {note}, seed, listener)
    local function hear(address, ...)
        heard[1] = osc.encode("/antiphon/" .. address, {...})
        request:poll()
    end
    hear("hello/reply", "antiphon", "0.1.0", 1, 0, "continue")
    hear("ack", request.id, 0)
"""


def test_a_bridge_that_is_started_anew_between_context_and_request(tmp_path: Path) -> None:
    steps = (
        HAND
        + """
        hear("fail", request.id, "no_context", "send it first")
        hear("ack", request.id, 0)
        print("help " .. table.concat(sent, " "))
        hear("fail", request.id, "no_context", "send it first")
        print("help " .. told[1])"""
    )
    seen = reaper(1, "sockets", tmp_path, steps)
    asked = ["/antiphon/context", "/antiphon/continue"]
    assert seen.helps == [" ".join(["/antiphon/hello", *asked, *asked]), "no_context"]


def test_an_answer_that_comes_after_cancel_is_not_written(tmp_path: Path) -> None:
    steps = (
        HAND
        + """
        hear("ack", request.id, 0)
        request:cancel()
        hear("notes", request.id, 0, 0, 1, 1, 60, 4.0, 1.0, 80, 0)
        hear("done", request.id, 0, 1, 8.0, 7, 1.5)
        print("help " .. tostring(told[1]))
        hear("fail", request.id, "bad_args", "no request is running")
        print("help " .. told[1])"""
    )
    seen = reaper(1, "sockets", tmp_path, steps)
    assert seen.helps == ["nil", "cancelled"]


def test_again_after_the_settings_alone(tmp_path: Path) -> None:
    steps = """
        stub.settle() stub.entered = "folk|continue|8|auto|auto|n|1|auto|auto|auto|auto|7374"
        act("settings", 0) act("again")"""
    seen = reaper(7374, "files", tmp_path, steps)
    assert seen.messages == ["Nothing has been asked for yet."]


@pytest.mark.parametrize("way", WAYS)
def test_cancel(bridge: Bridge, tmp_path: Path, way: str) -> None:
    steps = (
        settings(model="chorale", takes=4)
        + """
        stub.settle() stub.selection = {0, 500}
        local asked = false
        act("generate into time selection", 30, function()
            local last = stub.helps[#stub.helps]
            if last:match("%d %%") and not asked then
                asked = true
                act("cancel", 0)
            end
        end)"""
    )
    seen = reaper(bridge.port, way, tmp_path, steps)
    assert seen.takes == []
    assert seen.helps[-1] == "Antiphon: cancelled"
    assert seen.undo == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ('stub.settle() act("continue item")', "Select a MIDI item"),
        ('stub.settle() act("generate into time selection")', "Make a time selection"),
        ('stub.settle() act("again")', "Nothing has been asked"),
        ('stub.settle() act("next take")', "no other takes"),
        ('stub.settle() stub.selected = stub.new_item(0, 4) act("continue item")', "no notes to continue"),
        ('stub.settle() stub.selection = {0, 4} stub.ext.Antiphonscale = "H dur" '
         'act("generate into time selection")', "scale"),
        ('stub.settle() stub.ext.Antiphonverb = "harmonise" '
         'stub.selected = stub.new_item(0, 4, {{60, 0, 1}}) act("continue item")',
         "no address '/antiphon/harmonise'"),
        ('stub.settle() stub.selection = {0, 4} stub.ext.Antiphonmodel = "jazz" '
         'act("generate into time selection")', "no model 'jazz'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(bridge: Bridge, tmp_path: Path, way: str, steps: str, told: str) -> None:
    seen = reaper(bridge.port, way, tmp_path, steps)
    assert len(seen.messages) == 1 and told in seen.messages[0], seen
    assert seen.undo == []


@pytest.mark.parametrize("way", WAYS)
def test_nobody_there(tmp_path: Path, way: str) -> None:
    steps = 'stub.settle() stub.selection = {0, 4} act("generate into time selection")'
    seen = reaper(free_port(), way, tmp_path, steps)
    assert len(seen.messages) == 1 and "antiphon serve" in seen.messages[0]


def test_without_the_program(tmp_path: Path) -> None:
    steps = (
        settings(program="/no/such/antiphon")
        + """
        stub.settle() stub.selection = {0, 4} act("generate into time selection")"""
    )
    seen = reaper(free_port(), "files", tmp_path, steps)
    assert "was not found" in seen.messages[0]


LOOKS = r"""
package.path = arg[1] .. "/lib/?.lua"
reaper = {GetOS = function() return arg[2] end}
local variables = {PATH = arg[3], HOME = "/home/me", USERPROFILE = "C:\\Users\\me"}
os.getenv = function(name) return variables[name] end
io.open = function(path) print(path) end
require("file_bridge").program("auto")
"""


@pytest.mark.parametrize(
    ("system", "path", "places"),
    [
        ("Win64", r"C:\Python;C:\Tools", [r"C:\Python", r"C:\Tools", r"C:\Users\me/venv/Scripts"]),
        ("macOS-arm64", "/bin:/usr/bin", ["/bin", "/usr/bin", "/home/me/venv/bin", "/opt/homebrew/bin"]),
    ],
)
def test_where_the_program_is_looked_for(tmp_path: Path, system: str, path: str, places: list[str]) -> None:
    """In each system's own places, by its own name."""
    (tmp_path / "looks.lua").write_text(LOOKS)
    assert LUA
    words = [LUA, tmp_path / "looks.lua", SCRIPTS, system, path]
    looked = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
    name = "antiphon.exe" if system == "Win64" else "antiphon"
    assert {f"{place}/{name}" for place in places} <= set(looked)
    assert all(("bin" in place) != (system == "Win64") or ".local" in place for place in looked), looked


def test_over_a_lossy_network(
    bridge: Bridge, client: Client, long_song: tuple[Note, ...], tmp_path: Path
) -> None:
    set_ = settings(bars=24, takes=2, seed=5, lock="y", model="tiny")
    with lossy(bridge.port, seed=11) as network:
        seen = reaper(
            network.port, "sockets", tmp_path, set_ + item(long_song, 0, 50) + 'act("continue item") ' * 3
        )
    expected = client.continue_(long_song, start=52, bars=24, takes=2, seed=5, model="tiny", **FOUR)
    assert seen.messages == []
    assert len(seen.takes) == 1 + 3 * 2
    for index, (_, _, _, notes) in enumerate(seen.takes[1:]):
        close(notes, expected[index % 2])
    assert network.counts["lost"] > 3


@pytest.mark.parametrize("begins", [False, True])
def test_what_the_bridge_knows_nothing_of_is_asked_for_anew(tmp_path: Path, begins: bool) -> None:
    steps = item((Note(60, 0.0, 1.0),), 0, 4) + 'act("continue item")'
    with Forgetful(begins=begins) as bridge:
        seen = reaper(bridge.port, "sockets", tmp_path, steps)
    assert seen.messages == []
    assert [note.pitch for note in seen.takes[1][3]] == [NOTE.pitch]
    assert len(bridge.asked) == 2


def test_a_context_that_the_bridge_has_lost_is_sent_once_more(tmp_path: Path) -> None:
    """Said twice, that the bridge has none is heard once."""
    steps = item((Note(60, 0.0, 1.0),), 0, 4) + 'act("continue item")'
    with StartedAnew() as bridge:
        seen = reaper(bridge.port, "sockets", tmp_path, steps)
    assert seen.messages == []
    assert [note.pitch for note in seen.takes[1][3]] == [NOTE.pitch]
    first, second = bridge.heard[:2], bridge.heard[2:]
    assert first == second and first[-1].address == "/antiphon/continue"


def test_settings_are_kept(tmp_path: Path) -> None:
    steps = """
        stub.entered = "folk|| 8 |0.9||n|2|0,2,4,5,7,9,11|auto|80|closed|auto|7374"
        act("settings", 0)
        print("help " .. stub.asked)
        act("settings", 0)
        print("help " .. stub.asked)"""
    seen = reaper(7374, "files", tmp_path, steps)
    assert seen.helps[0].startswith("auto|continue|4|auto|auto|n|1|auto|auto|auto|")
    assert seen.helps[1] == "folk|continue|8|0.9|auto|n|2|0,2,4,5,7,9,11|auto|80|closed|auto|7374"


def test_every_action_has_its_header() -> None:
    """ReaPack wants a version; all actions and the library come as one package."""
    actions = sorted(SCRIPTS.glob("Antiphon - *.lua"))
    assert len(actions) == 6
    for path in actions:
        text = path.read_text()
        assert re.search(r"^-- @version \d+\.\d+\.\d+$", text, re.MULTILINE), path
        assert f"-- @description Antiphon: {path.stem.removeprefix('Antiphon - ')}" in text
    assert sum("-- @noindex" in path.read_text() for path in actions) == 5


def test_the_index_of_reapack_names_every_file_once() -> None:
    script = ROOT / "docs" / "patches" / "reapack.py"
    url = "https://example.org/raw/bridge/clients/reaper"
    said = subprocess.run([sys.executable, script, url], capture_output=True, text=True, check=True).stdout
    root = ElementTree.fromstring(said)
    assert root.tag == "index" and root.attrib == {"version": "1", "name": "Antiphon"}
    (package,) = root.iter("reapack")
    assert package.get("name") == "Antiphon - continue item.lua"
    sources = {unquote(s.text or "").removeprefix(f"{url}/"): s for s in root.iter("source")}
    files = {p.relative_to(SCRIPTS).as_posix() for p in SCRIPTS.rglob("*.lua")}
    assert sources.keys() == files
    assert {name for name, s in sources.items() if s.get("main")} == {n for n in files if "/" not in n}
    assert all(s.get("file") in (name, None) for name, s in sources.items())
