"""Build the devices for Ableton Live: python docs/patches/live_devices.py

An .amxd is three chunks, each a tag, a little-endian length and its bytes: what kind of device it is, how it
was saved, and the patcher's JSON.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from patcher import Patcher

FOLDER = Path(__file__).parents[2] / "bridge/clients/live"
MIDI_EFFECT, MIDI_GENERATOR, UNFROZEN = b"mmmm", b"nagg", 0
HEIGHT = 169.0
"""Of every device in Live."""
FLOAT, INT, ENUM = 0, 1, 2


@dataclass(frozen=True)
class Control:
    """A parameter: saved with the set, mapped, automated."""

    message: str
    """What the js object hears before the value."""
    maxclass: str
    rect: tuple[float, float, float, float]
    kind: int
    name: str
    info: str
    initial: float
    range: tuple[float, float] = (0, 127)
    choices: Sequence[str] = ()


MODELS = ("auto", "chorale", "drums", "folk", "irish-abc")
CONTROLS = (
    Control(
        "verb",
        "live.menu",
        (8, 28, 84, 15),
        ENUM,
        "Verb",
        "What to ask for.",
        0,
        choices=("continue", "generate"),
    ),
    Control(
        "model",
        "live.menu",
        (8, 64, 84, 15),
        ENUM,
        "Model",
        "Which model answers; auto: the bridge's.",
        0,
        choices=MODELS,
    ),
    Control(
        "target",
        "live.menu",
        (8, 100, 84, 15),
        ENUM,
        "Target",
        "Where the answer goes. Arrangement: to the time selection; loop it, and the answer fills it.",
        0,
        choices=("Next slot", "After clip", "Arrangement", "Play"),
    ),
    Control(
        "bars", "live.numbox", (104, 28, 44, 15), INT, "Bars", "Length of the answer in bars.", 4, (1, 64)
    ),
    Control(
        "takes", "live.numbox", (104, 64, 44, 15), INT, "Takes", "How many answers to choose from.", 1, (1, 8)
    ),
    Control(
        "key",
        "live.text",
        (104, 100, 44, 15),
        ENUM,
        "Key",
        "Keep to the set's scale.",
        1,
        choices=("off", "Key"),
    ),
    Control(
        "temperature", "live.dial", (158, 24, 50, 48), FLOAT, "Temp", "Low: safe. High: daring.", 1, (0.1, 2)
    ),
    Control(
        "ending",
        "live.menu",
        (104, 132, 44, 15),
        ENUM,
        "Ending",
        "Whether the piece ends with the answer; auto: what is generated does, what is continued does not.",
        0,
        choices=("auto", "open", "closed"),
    ),
    Control("low", "live.numbox", (160, 100, 44, 15), INT, "Low", "Lowest pitch.", 0, (0, 127)),
    Control("high", "live.numbox", (160, 132, 44, 15), INT, "High", "Highest pitch.", 127, (0, 127)),
    Control(
        "seed",
        "live.numbox",
        (216, 28, 74, 15),
        INT,
        "Seed",
        "What gives the same answer again.",
        0,
        (0, 16777215),
    ),
    Control(
        "lock",
        "live.text",
        (216, 62, 74, 15),
        ENUM,
        "Lock",
        "Keep the seed.",
        0,
        choices=("new seed", "Lock"),
    ),
)
BUTTONS = (
    ("ask", (216, 86, 74, 18), "Ask", "Ask for an answer."),
    ("again", (216, 108, 36, 18), "Again", "Ask once more; the answer takes the last one's place."),
    ("next", (254, 108, 36, 18), "Next", "Show the next take."),
    ("cancel", (216, 130, 36, 18), "Cancel", "Stop the request under way."),
    ("stop", (254, 130, 36, 18), "Stop", "Stop playing."),
)
TOOL = tuple(
    c for c in CONTROLS if c.message in ("model", "bars", "key", "ending", "temperature", "low", "high")
)


def _parameter(name: str, kind: int, info: str, initial: float, **more: Any) -> dict[str, Any]:
    """Return what makes a box a parameter of Live's."""
    valueof = {
        "parameter_longname": name,
        "parameter_shortname": name,
        "parameter_info": info,
        "parameter_annotation_name": name,
        "parameter_type": kind,
        "parameter_initial_enable": 1,
        "parameter_initial": [initial],
        **more,
    }
    return {
        "parameter_enable": 1,
        "annotation": info,
        "annotation_name": name,
        "varname": name,
        "saved_attribute_attributes": {"valueof": valueof},
    }


def _labelled(p: Patcher, left: float, top: float, text: str, width: float) -> None:
    p.box(
        "comment",
        20 + left * 3,
        900 + top * 2,
        outlets=0,
        text=text,
        width=len(text) * 7.0 + 10,
        presentation=1,
        presentation_rect=[left, top, width, 15.0],
        fontsize=9.0,
    )


def _controls(p: Patcher, controls: Sequence[Control], core: str) -> None:
    """Add parameters, each with what puts its name before the value."""
    for index, c in enumerate(controls):
        column, row = index % 6, index // 6
        left, top = 30 + 150 * column, 30 + 130 * row
        more: dict[str, Any] = {}
        if c.kind == ENUM:
            more["parameter_enum"] = list(c.choices)
        else:
            more |= {"parameter_mmin": c.range[0], "parameter_mmax": c.range[1]}
        extra = {"mode": 1, "text": c.choices[0], "texton": c.choices[1]} if c.maxclass == "live.text" else {}
        made = p.box(
            c.maxclass,
            left,
            top,
            inlets=1,
            outlets={"live.menu": 3}.get(c.maxclass, 2),
            width=c.rect[2],
            height=c.rect[3],
            presentation=1,
            presentation_rect=list(map(float, c.rect)),
            **_parameter(c.name, c.kind, c.info, c.initial, **more),
            **extra,
        )
        name = p.obj(f"prepend {c.message}", left, top + 60)
        p.patch(made, 0, name)
        p.patch(name, 0, core)
        if c.maxclass in ("live.menu", "live.numbox"):  # the others show their names themselves
            _labelled(p, c.rect[0], c.rect[1] - 16, c.name, c.rect[2])


def _network(p: Patcher, core: str) -> None:
    """Add the sockets and what starts the device."""
    started = p.obj("live.thisdevice", 30, 330, 1, 3)
    p.patch(started, 0, core)
    p.patch(core, 0, p.obj("udpsend 127.0.0.1 7374", 30, 480, 1, 0))
    receive = p.obj("udpreceive 9100 @defer 1", 230, 330, 1, 1)
    p.patch(core, 1, receive)
    p.patch(receive, 0, core)


def _status(p: Patcher, core: str, outlet: int, rect: tuple[float, float, float, float]) -> None:
    line = p.box(
        "live.comment",
        620,
        480,
        inlets=1,
        outlets=0,
        text="start: antiphon serve",
        width=rect[2],
        height=15,
        presentation=1,
        presentation_rect=list(rect),
        textjustification=0,
    )
    p.patch(core, outlet, line)


def effect() -> Patcher:
    """Return Antiphon: a MIDI effect."""
    p = Patcher(
        1000,
        700,
        openinpresentation=1,
        devicewidth=300.0,
        description="Ask an Antiphon bridge for notes",
        digest="Continues a clip",
        tags="",
    )
    core = p.obj("js antiphon-live.js", 30, 420, 1, 7, width=640)
    _controls(p, CONTROLS, core)
    _labelled(p, 8, 128, "antiphon", 60)
    for index, (message, rect, text, info) in enumerate(BUTTONS):
        button = p.box(
            "live.text",
            330 + 130 * index,
            290,
            inlets=1,
            outlets=2,
            width=rect[2],
            height=rect[3],
            mode=0,
            text=text,
            presentation=1,
            presentation_rect=list(map(float, rect)),
            **_parameter(text, ENUM, info, 0, parameter_enum=["off", "on"]),
        )
        said = p.message(message, 330 + 130 * index, 370)
        p.patch(button, 0, said)
        p.patch(said, 0, core)
    _network(p, core)
    pipe = p.obj("pipe 0 0 0 0", 250, 480, 4, 3)
    make = p.obj("makenote 80 500", 250, 520, 3, 2)
    form = p.obj("midiformat", 250, 580, 7, 2)
    out = p.obj("midiout", 250, 630, 1, 0)
    pair = p.obj("pack 0 0", 250, 550, 2, 1)
    p.patch(core, 2, pipe)
    for number in range(3):
        p.patch(pipe, number, make, number)
    for number in range(2):
        p.patch(make, number, pair, number)
    p.patch(pair, 0, form)
    p.patch(form, 0, out)
    through = p.obj("midiin", 400, 580, 1, 1)
    p.patch(through, 0, out)
    _status(p, core, 3, (8.0, 148.0, 284.0, 15.0))
    by_name = {box.more.get("varname"): name for name, box in p.boxes.items()}
    for outlet, name in ((4, "Model"), (5, "Verb"), (6, "Seed")):
        p.patch(core, outlet, by_name[name])
    return p


def generator() -> Patcher:
    """Return Antiphon Generator: a MIDI Tool of Live 12."""
    p = Patcher(
        1000,
        700,
        openinpresentation=1,
        devicewidth=220.0,
        description="Notes by an Antiphon bridge",
        digest="Generates notes",
        tags="",
    )
    core = p.obj("js antiphon-generator.js", 30, 420, 3, 5, width=420)
    _controls(p, TOOL, core)
    _network(p, core)
    tool = p.obj("live.miditool.in", 460, 330, 1, 2)
    p.patch(tool, 0, core, 1)
    p.patch(tool, 1, core, 2)
    p.patch(core, 2, p.obj("live.miditool.out", 300, 480, 1, 1))
    _status(p, core, 3, (8.0, 148.0, 200.0, 15.0))
    p.patch(core, 4, next(name for name, box in p.boxes.items() if box.more.get("varname") == "Model"))
    return p


def amxd(patcher: Patcher, kind: bytes) -> bytes:
    """Return a device's file."""
    data = patcher.to_json()
    data["project"] = {
        "version": 1,
        "creationdate": 0,
        "modificationdate": 0,
        "viewrect": [0.0, 0.0, 300.0, 500.0],
        "autoorganize": 1,
        "hideprojectwindow": 1,
        "showdependencies": 1,
        "autolocalize": 0,
        "contents": {"patchers": {}},
        "layout": {},
        "searchpath": {},
        "detailsvisible": 0,
        "amxdtype": int.from_bytes(kind, "big"),
        "readonly": 0,
        "devpathtype": 0,
        "devpath": ".",
        "sortmode": 0,
        "viewmode": 0,
        "includepackages": 0,
    }
    text = json.dumps({"patcher": data}, indent="\t", ensure_ascii=False).encode() + b"\n\0"
    return b"".join(
        tag + struct.pack("<I", len(body)) + body
        for tag, body in ((b"ampf", kind), (b"meta", struct.pack("<I", UNFROZEN)), (b"ptch", text))
    )


def build() -> dict[str, bytes]:
    """Return every device by its file's name."""
    return {
        "Antiphon.amxd": amxd(effect(), MIDI_EFFECT),
        "Antiphon Generator.amxd": amxd(generator(), MIDI_GENERATOR),
    }


if __name__ == "__main__":
    for name, data in build().items():
        (FOLDER / name).write_bytes(data)
