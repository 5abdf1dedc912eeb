"""Build the patchers of the Max package: python docs/patches/max_package.py"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from patcher import Patcher

PACKAGE = Path(__file__).parents[2] / "bridge/clients/max"
STAIR, ROW = 12, 30
"""Pixels from a message to the one below it in a column."""
OUTLETS = (
    "notes: pitch, start, duration, velocity, part (beats)",
    "the same for coll: clear, then an index before each note",
    "notes in time after play: pitch, velocity, duration (ms), channel",
    "status: ready, progress, done, error ...",
)


def abstraction() -> Patcher:
    """Return antiphon.maxpat: native objects around one js."""
    p = Patcher(760, 420, description="Ask an Antiphon bridge for notes", digest="Ask an Antiphon bridge")
    p.comment("[antiphon]: messages in, notes out. The logic is in javascript/antiphon-max.js.", 30, 15)
    inlet = p.box("inlet", 30, 50, inlets=0, width=30, height=30, comment="messages")
    core = p.obj("js antiphon-max.js", 30, 120, 1, 6, width=480, varname="core")
    p.chain(inlet, core)
    send = p.obj("udpsend 127.0.0.1 7374", 30, 180, 1, 0)
    p.patch(core, 0, send)
    receive = p.obj("udpreceive 9100", 210, 60, 1, 1)
    p.patch(core, 1, receive)
    p.patch(receive, 0, core)
    p.comment("replies, to a port that the js chooses", 330, 60)
    p.obj("pattr settings @bindto core", 560, 120, 1, 3)
    p.comment("so that pattrstorage can keep the settings", 560, 150, 180)
    pipe = p.obj("pipe 0 0 0 0 0", 330, 230, 5, 4)
    pack = p.obj("pack 0 0 0 0", 330, 280, 4, 1)
    p.patch(core, 4, pipe)
    for number in range(4):
        p.patch(pipe, number, pack, number)
    for index, (source, left) in enumerate(((2, 130), (3, 230), (None, 330), (5, 480))):
        out = p.box("outlet", left, 340, outlets=0, width=30, height=30, comment=OUTLETS[index])
        p.patch(*((core, source) if source is not None else (pack, 0)), out)
    return p


def helper(title: str, lines: list[str]) -> Patcher:
    """Return one page of the help, with its text at the top."""
    p = Patcher(860, 560, showontab=1, openinpresentation=0)
    p.comment(title, 30, 15, 680, fontsize=18.0, fontface=1)
    for row, line in enumerate(lines):
        p.comment(line, 30, 45 + 24 * row, 700)
    return p


def _buttons(p: Patcher, target: str, page: str, left: float, top: float,
             columns: tuple[tuple[str, ...], ...]) -> None:  # fmt: skip
    """Add columns of messages to an object, each a staircase, so that no cord crosses a text."""
    name = f"antiphon-help-{page}"
    bottom = top + ROW * max(map(len, columns)) + 4
    receive = p.obj(f"r {name}", left, p.boxes[target].rect[1] - 30, 0, 1)
    p.chain(receive, target)
    for texts in columns:
        send = p.obj(f"s {name}", left, bottom, 1, 0)
        boxes = [p.message(text, left + STAIR * row, top + ROW * row) for row, text in enumerate(texts)]
        for box in boxes:
            p.chain(box, send)
        left = max(p.boxes[box].rect[0] + p.boxes[box].rect[2] for box in (*boxes, send)) + 24


def basic() -> Patcher:
    """Return the help's first page: from nothing to sound."""
    p = helper("antiphon", [
        "1. Start the bridge in a terminal: antiphon serve. The status below says ready.",
        "2. Click set bars 8, then generate, wait a moment, click play: eight bars of a folk tune.",
    ])  # fmt: skip
    x = p.obj("antiphon", 30, 365, 1, 4, width=420)
    columns = (
        ("connect", "set bars 8", "generate", "play", "stop"),
        ("again", "next", "previous", "lock 1", "lock 0", "cancel"),
        ("set model folk", "set takes 3", "set temperature 0.8"),
        ("set scale D dorian", "set scale auto", "models"),
    )
    _buttons(p, x, "start", 30, 95, columns)
    p.comment("all options: params lists them, docs/parameters.md explains them", 230, 335)
    notes = p.obj("prepend note", 30, 425)
    p.chain(x, notes, p.obj("print notes", 30, 465, 1, 0))
    coll = p.obj("coll answer", 150, 425, 1, 4)
    p.patch(x, 1, coll)
    unpack = p.obj("unpack 0 0 0 0", 270, 425, 1, 4)
    make = p.obj("makenote 80 500 1", 270, 465, 4, 3)
    out = p.obj("noteout", 270, 515, 3, 0)
    p.patch(x, 2, unpack)
    for number in range(4):
        p.patch(unpack, number, make, number)
    for number in range(3):
        p.patch(make, number, out, number)
    p.patch(x, 3, p.obj("print antiphon", 465, 425, 1, 0))
    return p


def contexts() -> Patcher:
    """Return the page on what is continued."""
    p = helper("What is continued", [
        "note pitch start duration velocity part adds a note; times are beats, quarter notes.",
        "Or play: record 1, then your keyboard, record 0. tempo says how long a beat is.",
        "continue answers from the first barline after the last note.",
    ])  # fmt: skip
    x = p.obj("antiphon", 30, 350, 1, 4, width=420)
    riff = p.message("clear, note 62 0. 1. 96 0, note 65 1. 1. 90 0, note 69 2. 2. 90 0", 30, 130)
    p.chain(riff, x)
    columns = (
        ("set metre 4/4", "set model folk"),
        ("continue", "play", "clear"),
        ("tempo 100", "record 1", "record 0"),
    )
    _buttons(p, x, "context", 60, 165, columns)
    keys = p.obj("notein", 640, 165, 1, 3)
    pack = p.obj("pack 0 0", 640, 197, 2, 1)
    p.patch(keys, 0, pack, 0)
    p.patch(keys, 1, pack, 1)
    midi = p.obj("prepend midi", 640, 229)
    p.chain(pack, midi, p.obj("s antiphon-help-context", 640, 259, 1, 0))
    unpack = p.obj("unpack 0 0 0 0", 200, 410, 1, 4)
    make = p.obj("makenote 80 500 1", 200, 450, 4, 3)
    out = p.obj("noteout", 200, 500, 3, 0)
    p.patch(x, 2, unpack)
    for number in range(4):
        p.patch(unpack, number, make, number)
    for number in range(3):
        p.patch(make, number, out, number)
    p.patch(x, 3, p.obj("print antiphon", 430, 410, 1, 0))
    p.chain(x, p.obj("print notes", 30, 410, 1, 0))
    return p


def settings() -> Patcher:
    """Return the page on settings."""
    p = helper("Settings", [
        "set OPTION VALUE holds until set OPTION auto. The options are the bridge's own: params lists them.",
        "pattrstorage keeps them with your patch: the object has a pattr named settings inside.",
        "connect HOST PORT finds a bridge on another computer (there: antiphon serve --host 0.0.0.0).",
    ])  # fmt: skip
    x = p.obj("antiphon", 30, 360, 1, 4, width=420, varname="antiphon")
    columns = (
        ("set model folk", "set model chorale", "set model drums", "params"),
        ("set temperature 0.8", "set temperature auto", "set top_p 0.95", "get bars"),
        ("set low 55", "set high 84", "set parts 0", "set ending closed", "connect 127.0.0.1 7374"),
    )
    _buttons(p, x, "settings", 30, 130, columns)
    p.patch(x, 3, p.obj("print antiphon", 430, 420, 1, 0))
    p.obj("pattrstorage antiphon-help @greedy 1", 30, 420, 1, 1)
    return p


def help_patch() -> Patcher:
    """Return antiphon.maxhelp: three pages."""
    p = Patcher(780, 620, showrootpatcherontab=0, showontab=0)
    for index, (name, page) in enumerate(
        (("basic", basic()), ("context", contexts()), ("settings", settings()))
    ):
        p.box("newobj", 20 + 120 * index, 20, inlets=0, outlets=0, text=f"p {name}", patcher=page.to_json())
    return p


def example() -> Patcher:
    """Return a patch that plays: a keyboard, a clip and a drum machine."""
    p = Patcher(860, 620)
    p.comment("Antiphon: call and answer", 30, 15, 500, fontsize=18.0, fontface=1)
    p.comment("Start the bridge first: antiphon serve. The status is printed to the Max console.", 30, 45)

    p.comment("a keyboard: record, play, answer", 30, 85, 240, fontface=1)
    keys = p.box("kslider", 30, 110, inlets=2, outlets=2, width=240, height=50, mode=1)
    pack = p.obj("pack 0 0", 30, 180, 2, 1)
    p.patch(keys, 0, pack, 0)
    p.patch(keys, 1, pack, 1)
    midi = p.obj("prepend midi", 30, 215)
    p.chain(pack, midi)
    one = p.obj("antiphon", 30, 330, 1, 4, width=240, varname="keyboard")
    p.chain(midi, one)
    for index, text in enumerate(("record 1", "record 0", "continue", "play")):
        p.chain(p.message(text, 30 + 85 * index, 260), one)
    p.chain(p.message("set model folk, set bars 4, set metre 4/4, tempo 110", 30, 295), one)

    p.comment("a clip: four notes and a scale", 410, 85, 240, fontface=1)
    two = p.obj("antiphon", 410, 330, 1, 4, width=240, varname="clip")
    clip = "clear, note 62 0. 1. 90, note 65 1. 1. 90, note 69 2. 1. 90, note 67 3. 1. 90"
    p.chain(p.message(clip, 410, 110), two)
    p.chain(p.message("set model folk, set scale D dorian, set metre 4/4", 410, 160), two)
    for index, text in enumerate(("continue", "again", "next", "play")):
        p.chain(p.message(text, 410 + 75 * index, 210), two)

    p.comment("a drum machine: channel 10", 30, 470, 240, fontface=1)
    drums = p.obj("antiphon", 30, 560, 1, 4, width=240, varname="drums")
    p.chain(p.message("set model drums, set bars 4, set temperature 0.9", 30, 495), drums)
    for index, text in enumerate(("generate", "again", "play", "stop")):
        p.chain(p.message(text, 30 + 75 * index, 527), drums)

    for x, left, top, channel in ((one, 30, 375, None), (two, 410, 375, None), (drums, 330, 495, 10)):
        unpack = p.obj("unpack 0 0 0", left + 60, top, 1, 3)
        make = p.obj("makenote", left + 60, top + 30, 3, 2)
        out = p.obj(f"noteout {channel}" if channel else "noteout", left + 60, top + 60, 3, 0)
        p.patch(x, 2, unpack)
        for number in range(3):
            p.patch(unpack, number, make, number)
        for number in range(2):
            p.patch(make, number, out, number)
        p.patch(x, 3, p.obj("print antiphon", left + 180, top, 1, 0))
    p.obj("pattrstorage antiphon-example @greedy 1 @savemode 2 @autorestore 1", 340, 590, 1, 1)
    return p


def build(package: Path = PACKAGE) -> dict[Path, Patcher]:
    """Return every patcher of the package by its path."""
    return {
        package / "patchers/antiphon.maxpat": abstraction(),
        package / "help/antiphon.maxhelp": help_patch(),
        package / "examples/antiphon-example.maxpat": example(),
    }


if __name__ == "__main__":
    for path, patcher in build().items():
        patcher.save(path)
