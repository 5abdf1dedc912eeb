"""TouchOSC, which cannot run here: the layout's scripts against a stand-in, over real UDP."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import zlib
from copy import deepcopy
from pathlib import Path
from types import ModuleType
from xml.etree.ElementTree import Element, fromstring

import pytest
from antiphon.bridge.client.client import Client, Take
from antiphon.models.note import Note
from canned_bridge import canned_bridge
from lossy import lossy
from program import Bridge, free_port

ROOT = Path(__file__).parents[2]
LAYOUT = ROOT / "bridge/clients/touchosc/antiphon.tosc"
HOST = Path(__file__).parent / "touchosc/host.lua"
SECONDS = 120.0


def _has_lua() -> bool:
    lua = shutil.which("lua5.1")
    return bool(lua) and subprocess.run([lua, "-e", "require('socket')"], capture_output=True).returncode == 0


lua = pytest.mark.skipif(not _has_lua(), reason="lua5.1 and lua-socket are not installed")


def layout() -> Element:
    """Return the root's node of the layout that ships."""
    document = fromstring(zlib.decompress(LAYOUT.read_bytes()))
    (node,) = document
    return node


def told(node: Element, kind: str) -> dict[str, str]:
    """Return a node's properties that are no frames or colours, or its values."""
    path, value = ("properties/property", "value") if kind == "properties" else ("values/value", "default")
    return {entry.findtext("key", ""): entry.findtext(value) or "" for entry in node.findall(path)}


def frame(node: Element) -> tuple[int, int, int, int]:
    """Return where a control is: left, top, right, bottom."""
    (found,) = (p for p in node.findall("properties/property") if p.findtext("key") == "frame")
    x, y, w, h = (int(found.findtext(f"value/{name}", "")) for name in "xywh")
    return x, y, x + w, y + h


def in_lua(node: Element) -> str:
    """Return a control as a Lua table."""
    properties, values = told(node, "properties"), told(node, "values")
    plain = {"touch": "false", **{key: value for key, value in values.items() if key == "x"}}
    texts = {key: value for key, value in values.items() if key == "text"}
    held = [f"{key} = {value}" for key, value in plain.items()]
    held += [f"{key} = [==[{value}]==]" for key, value in texts.items()]
    script = f"script = [==[\n{properties['script']}]==]," if "script" in properties else ""
    children = ", ".join(in_lua(child) for child in node.findall("children/node"))
    name = properties["name"]
    return f"{{name = '{name}', values = {{{', '.join(held)}}}, {script} children = {{{children}}}}}"


def with_button(root: Element, name: str) -> Element:
    """Return a layout with the button "generate" once more under another name, as a user may copy it."""
    nodes = root.find("children")
    assert nodes is not None
    if name:
        copy = deepcopy(next(node for node in nodes if told(node, "properties")["name"] == "generate"))
        for value in copy.iter("value"):
            value.text = name if value.text == "generate" else value.text
        nodes.append(copy)
    return root


def touch(folder: Path, port: int, *steps: str, extra: str = "") -> list[str]:
    """Touch the layout, with an extra button, step by step; return what the stand-in printed."""
    receive = free_port()
    source, lines = folder / "layout.lua", folder / "steps"
    text, found = re.subn(
        r"REPLY_PORT = 9120", f"REPLY_PORT = {receive}", in_lua(with_button(layout(), extra))
    )
    assert found == 1  # the only change: several tests cannot have one port
    source.write_text(f"return {text}\n", encoding="utf-8")
    lines.write_text("".join(f"{step}\n" for step in steps), encoding="utf-8")
    done = subprocess.run(
        ["lua5.1", HOST, source, str(port), str(receive), lines],
        capture_output=True, text=True, encoding="utf-8", timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def fader(name: str, value: float) -> str:
    """Return the step that sets a fader."""
    positions = {"bars": (value - 1) / 31, "seed": value / 999, "tempo": (value - 40) / 200,
                 "temperature": round((value - 0.1) / 0.05) / 38}  # fmt: skip
    return f"set {name} {positions[name]:.9f}"


def model(name: str, names: list[str]) -> list[str]:
    """Return the steps that choose a model from "auto"."""
    return ["press model"] * (sorted(names).index(name) + 1)


def played(lines: list[str], tempo: float) -> list[list[tuple[float, ...]]]:
    """Return every answer that was played: beat from its first note, pitch, beats, velocity, channel."""
    answers: list[list[tuple[float, ...]]] = []
    sounding: dict[tuple[int, int], tuple[float, int]] = {}
    first = 0.0
    for line in lines:
        if line.startswith("text status ") and " notes, seed " in line:
            assert not sounding
            answers.append([])
            first = -1.0
        if line.startswith("midi "):
            at, status, pitch, velocity = (float(word) for word in line.split()[1:])
            beat, key = at / 60000 * tempo, (int(pitch), int(status) % 16)
            first = beat if first < 0 else first
            if status >= 144:
                assert key not in sounding
                sounding[key] = (beat - first, int(velocity))
            else:
                start, loud = sounding.pop(key)
                answers[-1].append((start, key[0], beat - first - start, loud, key[1]))
    assert not sounding
    return [sorted(answer, key=lambda n: (round(n[0], 1), n[1])) for answer in answers]


def same(found: list[tuple[float, ...]], take: Take) -> None:
    """Compare what was played with a take; the stand-in's clock is some milliseconds coarse."""
    first = take.notes[0].start
    wanted = [(n.start - first, n.pitch, n.duration, n.velocity, n.part) for n in take.notes]
    wanted.sort(key=lambda n: (round(n[0], 1), n[1]))
    assert len(found) == len(wanted)
    for got, note in zip(found, wanted, strict=True):
        assert got == pytest.approx(note, abs=0.05)


def status(lines: list[str]) -> list[str]:
    """Return what the status said."""
    return [line.removeprefix("text status ") for line in lines if line.startswith("text status ")]


READY = "until is there, with"
SKIP = "skip 150"
"""Seconds of music, at once."""


@pytest.mark.client
@lua
def test_the_whole_round(bridge: Bridge, client: Client, tmp_path: Path) -> None:
    names = [entry.name for entry in client.models()]
    options = {"model": "tiny", "bars": 32, "seed": 5, "metre": "4/4"}
    takes, tune = [client.generate(**options)[0]], []
    while len(tune) < 200:
        tune += takes[-1].notes
        takes.append(client.continue_(tune, **options)[0])
    touches = [
        READY,
        *model("tiny", names),
        "set lock 1",
        fader("seed", 5),
        fader("tempo", 60),
        fader("bars", 32),
    ]
    asks = [step for verb in ("generate", *["continue"] * (len(takes) - 1))
            for step in (f"press {verb}", "until notes, seed 5", SKIP)]  # fmt: skip
    answers = played(touch(tmp_path, bridge.port, *touches, *asks), 60.0)
    for found, take in zip(answers, takes, strict=True):
        same(found, take)


@pytest.mark.client
@lua
def test_a_shipped_model_again_and_the_seed(bridge: Bridge, client: Client, tmp_path: Path) -> None:
    names = [entry.name for entry in client.models()]
    again = ["press again", "until notes, seed", SKIP]
    touches = [READY, *model("folk", names), fader("temperature", 0.8), fader("tempo", 60)]
    lines = touch(tmp_path, bridge.port, *touches, "press generate", "until notes, seed", SKIP, *again,
                  "set lock 1", *again, "press play", SKIP)  # fmt: skip
    seeds = [int(found[1]) for line in status(lines) if (found := re.search(r"notes, seed (\d+)", line))]
    assert len(seeds) == 3 and seeds[1] == seeds[2] != seeds[0]
    answers = played(lines, 60.0)
    for found, seed in zip(answers[:2], seeds[:2], strict=True):
        same(found, client.generate(model="folk", bars=4, seed=seed, temperature=0.8, metre="4/4")[0])
    assert len(answers[2]) == 2 * len(answers[1]), "the same once more, by play"


@pytest.mark.client
@lua
def test_the_ending(bridge: Bridge, client: Client, tmp_path: Path) -> None:
    names = [entry.name for entry in client.models()]
    touches = [READY, *model("folk", names), "set lock 1", fader("seed", 5), fader("tempo", 60)]
    touches += ["press ending", "press generate", "until notes, seed 5", SKIP] * 3
    options = {"model": "folk", "bars": 4, "seed": 5, "metre": "4/4"}
    takes = [client.generate(ending=ending, **options)[0] for ending in ("open", "closed", "auto")]
    assert takes[0].notes != takes[1].notes == takes[2].notes
    answers = played(touch(tmp_path, bridge.port, *touches), 60.0)
    for found, take in zip(answers, takes, strict=True):
        same(found, take)


@pytest.mark.client
@lua
def test_notes_that_come_out_of_order_are_played_at_their_time(tmp_path: Path) -> None:
    with canned_bridge([Note(60, 5.25, 0.5), Note(62, 4.75, 0.5)], 8.0) as port:
        steps = (READY, fader("tempo", 60), "press generate", "until notes, seed", SKIP)
        (found,) = played(touch(tmp_path, port, *steps), 60.0)
    assert [pitch for _, pitch, *_ in found] == [62, 60]
    assert [beat for beat, *_ in found] == pytest.approx([0.0, 0.5], abs=0.05)


@pytest.mark.client
@lua
def test_over_a_lossy_network(bridge: Bridge, client: Client, tmp_path: Path) -> None:
    names = [entry.name for entry in client.models()]
    options = {"model": "tiny", "bars": 32, "seed": 5, "metre": "4/4"}
    takes, tune = [client.generate(**options)[0]], []
    for _ in range(5):
        tune += takes[-1].notes
        takes.append(client.continue_(tune, **options)[0])
    with lossy(bridge.port, seed=4, lost=0.1) as network:
        touches = [READY, *model("tiny", names), "set lock 1", fader("seed", 5), fader("tempo", 60)]
        asks = [step for verb in ("generate", *["continue"] * 5)
                for step in (f"press {verb}", "until notes, seed 5", SKIP)]  # fmt: skip
        answers = played(touch(tmp_path, network.port, *touches, fader("bars", 32), *asks), 60.0)
    for found, take in zip(answers, takes, strict=True):
        same(found, take)
    assert min(network.counts.values()) > 0, network.counts


@pytest.mark.client
@lua
def test_cancel_errors_and_nobody_there(bridge: Bridge, client: Client, tmp_path: Path) -> None:
    names = [entry.name for entry in client.models()]
    touches = [READY, *model("chorale", names), fader("bars", 32), "press generate", "press cancel"]
    lines = touch(tmp_path, bridge.port, *touches, "until ^cancelled", "press continue", "until first")
    assert status(lines)[-2:] == ["cancelled", "Generate something first; continue takes it from there"]
    assert not [line for line in lines if line.startswith("midi")]
    drums = touch(tmp_path, bridge.port, READY, *model("drums", names), "press generate",
                  "until notes, seed", SKIP, "press generate", "until notes, seed", "press stop")  # fmt: skip
    assert played(drums, 60.0)[0][0][4] == 9, "the channel of General MIDI drums"
    again = touch(tmp_path, bridge.port, READY, *model("drums", names), "press generate", "until notes, seed",
                  SKIP, "press model", "press play", SKIP)  # fmt: skip
    ons = [int(line.split()[2]) for line in again if line.startswith("midi")]
    assert len(ons) > 8 and {status % 16 for status in ons} == {9}, "drums still, whatever comes next"
    silent = touch(tmp_path, free_port(), "until No bridge", "press generate", "until silent")
    assert len([line for line in status(silent) if "antiphon serve" in line]) == 2


@pytest.mark.client
@lua
def test_a_button_with_another_name_is_a_verb(bridge: Bridge, tmp_path: Path) -> None:
    lines = touch(tmp_path, bridge.port, READY, "press generate", "until notes, seed", "press harmonise",
                  "until no address", extra="harmonise")  # fmt: skip
    assert "/antiphon/harmonise" in status(lines)[-1]


def builder() -> ModuleType:
    """Return docs/patches/touchosc_layout.py."""
    spec = importlib.util.spec_from_file_location("touchosc_layout", ROOT / "docs/patches/touchosc_layout.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_layout_is_what_the_builder_makes() -> None:
    assert zlib.decompress(LAYOUT.read_bytes()).decode() == builder().xml()


def test_nothing_overlaps_but_captions_and_all_is_in_sight() -> None:
    root = layout()
    nodes = root.findall("children/node")
    _, _, width, height = frame(root)
    for at, node in enumerate(nodes):
        left, top, right, bottom = frame(node)
        assert 0 <= left < right <= width and 0 <= top < bottom <= height
        for other in nodes[at + 1 :]:
            a, b, c, d = frame(other)
            apart = right <= a or c <= left or bottom <= b or d <= top
            name, caption = (told(n, "properties")["name"] for n in (node, other))
            assert apart or (caption == f"{name}_caption" and frame(node) == (a, b, c, d)), (name, caption)
            assert told(other, "properties").get("interactive") != "1" or apart, "it takes no touch"


def test_ids_and_names_are_used_once() -> None:
    nodes = [layout(), *layout().findall("children/node")]
    assert len({node.get("ID") for node in nodes}) == len(nodes)
    assert len({told(node, "properties")["name"] for node in nodes}) == len(nodes)
