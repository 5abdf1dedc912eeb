"""The Max package: its script among stubs of Max's js object, over UDP; its patchers walked and drawn."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from antiphon.bridge.client.client import Client, Take
from antiphon.models.note import Note
from canned_bridge import canned_bridge
from lossy import lossy
from program import Bridge, free_port

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "bridge/clients/max"
SCRIPT = PACKAGE / "javascript/antiphon-max.js"
HOST = Path(__file__).parent / "max/host.js"
NOTES, COLL, PLAY, STATUS = 2, 3, 4, 5
sys.path.insert(0, str(ROOT / "docs/patches"))
import max_package  # noqa: E402
from drawing import draw, faults, patchers  # noqa: E402
from walking import Walk, atom  # noqa: E402

pytestmark = pytest.mark.client
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")


def run(port: int, *steps: dict[str, Any]) -> list[list[Any]]:
    """Return what came out of the script's outlets in each step that waited."""
    lines = [{"connect": port}, *steps]
    done = subprocess.run(
        ["node", HOST, SCRIPT, SCRIPT.parent, PACKAGE.parent / "node"],
        input="\n".join(map(json.dumps, lines)), capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def send(*message: Any) -> dict[str, Any]:
    return {"send": message}


def until(word: str) -> dict[str, Any]:
    return {"until": [STATUS, word]}


READY = until("ready")


def of(said: list[Any], outlet: int) -> list[list[Any]]:
    return [line[1:] for line in said if line[0] == outlet]


def flat(take: Take) -> list[list[float]]:
    return [[n.pitch, n.start, n.duration, n.velocity, n.part] for n in take.notes]


def notes(song: tuple[Note, ...]) -> list[dict[str, Any]]:
    return [send("note", n.pitch, n.start, n.duration, n.velocity, n.part) for n in song]


@needs_node
def test_the_whole_round(bridge: Bridge, client: Client, long_song: tuple[Note, ...]) -> None:
    options = {"model": "tiny", "bars": 12, "takes": 2, "seed": 5}
    sets = [send("set", key, value) for key, value in options.items()]
    ready, done, second, played, cancelled, wrong, outlets = run(
        bridge.port, READY, *sets, *notes(long_song), send("continue"), until("done"),
        send("next"), until("done"), send("play"), send("get", "bars"), until("setting"),
        send("set", "bars", 250), send("set", "takes", 4), send("set", "model", "chorale"), send("generate"),
        send("cancel"), until("cancelled"), send("set", "brs", 4), send("generate"), until("error"),
    )  # fmt: skip
    expected = client.continue_(long_song, **options)
    assert ["verb", "continue"] in of(ready, STATUS)
    assert of(done, NOTES) == flat(expected[0])
    assert of(done, COLL) == [["clear"], *([i, *note] for i, note in enumerate(flat(expected[0])))]
    first = expected[0]
    assert of(done, STATUS)[-1] == ["done", len(first.notes), 5, first.end_beats, 0, 2]
    assert of(second, NOTES) == flat(expected[1])
    began = int(expected[1].notes[0].start)
    assert of(played, PLAY)[0] == ["clear"]
    for (pitch, velocity, ms, channel, delay), note in zip(
        of(played, PLAY)[1:], expected[1].notes, strict=True
    ):
        assert (pitch, velocity, channel) == (note.pitch, note.velocity, note.part + 1)
        assert (ms, delay) == pytest.approx((note.duration * 500, (note.start - began) * 500), abs=0.01)
    assert of(cancelled, STATUS)[-1] == ["cancelled"]
    assert "did you mean 'bars'" in of(wrong, STATUS)[-1][1]
    assert outlets == [["outlets", 6, 1]]


@needs_node
def test_a_context_of_ten_thousand_notes(bridge: Bridge, client: Client) -> None:
    song = tuple(Note(60 + i * 5 % 12, i / 4, 0.25, 90) for i in range(10_000))
    options = {"model": "tiny", "bars": 4, "seed": 5}
    sets = [send("set", key, value) for key, value in options.items()]
    _, done, _ = run(bridge.port, READY, *sets, *notes(song), send("continue"), until("done"))
    assert of(done, NOTES) == flat(client.continue_(song, **options)[0])


@needs_node
def test_what_the_object_itself_decides_is_refused(bridge: Bridge) -> None:
    _, refused, done, _ = run(
        bridge.port, READY, send("set", "reply_port", 9), send("generate"), until("error"),
        send("set", "reply_port", "auto"), send("generate"), until("done"),
    )  # fmt: skip
    assert ["error", "reply_port is the client's own to choose"] in of(refused, STATUS)
    assert of(done, NOTES)


@needs_node
def test_a_shipped_model_a_scale_of_two_words_and_again(bridge: Bridge, client: Client) -> None:
    song = (Note(62, 0.0, 1.0, 96), Note(65, 1.0, 1.0, 90), Note(69, 2.0, 2.0, 90))
    sets = [send("set", "model", "folk"), send("set", "metre", "4/4"), send("set", "scale", "D", "dorian")]
    _, first, second, third, _ = run(
        bridge.port, READY, *sets, *notes(song), send("continue"), until("done"), send("again"),
        until("done"), send("lock", 1), send("again"), until("done"),
    )  # fmt: skip
    seeds = [of(said, STATUS)[-1][2] for said in (first, second, third)]
    assert seeds[0] != seeds[1] == seeds[2]
    (take,) = client.continue_(song, model="folk", metre="4/4", scale="D dorian", seed=seeds[1])
    assert of(second, NOTES) == of(third, NOTES) == flat(take)


@needs_node
def test_a_model_of_text(bridge: Bridge, client: Client) -> None:
    """Its notes arrive; the text, which this client has no use for, does no harm."""
    options = {"model": "irish-abc", "metre": "6/8", "bars": 4, "seed": 4}
    (take,) = client.generate(**options)
    assert take.text.startswith("X:1\n")
    sets = [send("set", key, value) for key, value in options.items()]
    _, done, _ = run(bridge.port, READY, *sets, send("generate"), until("done"))
    assert of(done, NOTES) == flat(take)


@needs_node
def test_of_two_lengths_the_last_one_counts(bridge: Bridge) -> None:
    sets = [send("set", "model", "tiny"), send("set", "metre", "4/4")]
    lengths = (("bars", 2), ("beats", 3), ("bars", "auto"), ("bars", 1), ("beats", "auto"))
    steps = [step for pair in lengths for step in (send("set", *pair), send("generate"), until("done"))]
    _, *answers, _ = run(bridge.port, READY, *sets, *steps)
    assert [of(said, STATUS)[-1][3] for said in answers] == [8, 3, 3, 4, 4]


@needs_node
def test_notes_that_come_out_of_order_are_played_at_their_time() -> None:
    with canned_bridge([Note(60, 5.02, 0.5), Note(62, 4.98, 0.5)], 8.0) as port:
        _, _, played, _ = run(port, READY, send("generate"), until("done"), send("play"), send("get", "bars"),
                              until("setting"))  # fmt: skip
    delays = {pitch: delay for pitch, *_, delay in of(played, PLAY)[1:]}
    assert delays == pytest.approx({60: 510.0, 62: 490.0}, abs=0.01), "from beat 4"


@needs_node
def test_over_a_lossy_network(bridge: Bridge, client: Client, long_song: tuple[Note, ...]) -> None:
    options = {"model": "tiny", "bars": 24, "takes": 2, "seed": 5}
    sets = [send("set", key, value) for key, value in options.items()]
    with lossy(bridge.port, seed=3) as network:
        _, *answers, _ = run(
            network.port, READY, *sets, *notes(long_song), *[send("continue"), until("done")] * 3
        )
    expected = client.continue_(long_song, **options)
    assert [of(said, NOTES) for said in answers] == [flat(expected[0])] * 3
    assert min(network.counts.values()) > 0, network.counts


@needs_node
def test_nobody_there_and_what_else_is_wrong() -> None:
    said, *_ = run(free_port(), {"until": [STATUS, "error"]})
    assert "antiphon serve" in of(said, STATUS)[-1][1]
    assert ["console", f"antiphon: {of(said, STATUS)[-1][1]}"] in said


@needs_node
def test_a_bridge_that_is_started_later_is_found_and_what_was_asked_before_has_its_end(
    bridge: Bridge,
) -> None:
    nobody, _, ready, done, _ = run(
        free_port(), send("generate"), until("error"), {"until": [STATUS, "nothing", 2500]},
        {"bridge": bridge.port}, READY, send("generate"), until("done"),
    )  # fmt: skip
    assert "antiphon serve" in of(nobody, STATUS)[-1][1]
    assert of(ready, STATUS)[-1][0] == "verb"
    assert of(done, NOTES) and of(done, STATUS)[-1][0] == "done"


@needs_node
def test_a_bridge_that_is_started_anew_is_told_where_replies_go(bridge: Bridge) -> None:
    again = [{"anew": True}, send("models"), until("model"), {"anew": True}, send("note", 60, 0, 1)]
    _, models, done, _ = run(bridge.port, READY, *again, send("continue"), until("done"))
    assert ["model", "folk"] in [line[:2] for line in of(models, STATUS)]
    assert of(done, NOTES)


@needs_node
def test_connect_gives_up_what_was_asked_before(bridge: Bridge) -> None:
    long = [send("set", "model", "chorale"), send("set", "bars", 250), send("generate")]
    _, _, done, _ = run(
        bridge.port, READY, *long, send("connect", "127.0.0.1", bridge.port), READY, send("set", "bars", 1),
        send("generate"), until("done"),
    )  # fmt: skip
    assert of(done, NOTES)


@needs_node
def test_messages_that_make_no_sense_are_told(bridge: Bridge) -> None:
    wrong = [("frobnicate",), ("continue",), ("again",), ("next",), ("play",), ("note", 60), ("set", "bars"),
             ("tempo", 5000)]  # fmt: skip
    steps = [step for message in wrong for step in (send(*message), until("error"))]
    _, *told, _ = run(bridge.port, READY, *steps)
    told = [of(said, STATUS)[-1][1] for said in told]
    patterns = (
        "no message frobnicate", "no notes to continue", "nothing has been asked", "no answer", "no answer",
        "pitch, start and duration", "set bars 4", r"in range 10\.\.400",
    )  # fmt: skip
    assert [text for pattern, text in zip(patterns, told, strict=True) if not re.search(pattern, text)] == []


@needs_node
def test_what_is_played_in_becomes_the_context(bridge: Bridge) -> None:
    played = [
        ("record", 1),
        ("midi", 60, 90),
        ("midi", 64, 80),
        ("midi", 60, 0),
        ("midi", 64, 0),
        ("record", 0),
    ]
    keys = [*(send(*message) for message in [*played, ("record", 0)]), until("context")]
    _, said, done, _ = run(bridge.port, READY, *keys, send("continue"), until("done"))
    assert of(said, STATUS)[-1] == ["context", 2]
    assert of(done, NOTES)


@needs_node
def test_settings_are_kept_with_the_patcher(bridge: Bridge) -> None:
    set_ = [send("set", "scale", "D", "dorian"), send("set", "bars", 8), send("tempo", 90), send("lock", 1)]
    _, kept, _ = run(bridge.port, READY, *set_, {"kept": True})
    held = json.loads(kept[1])
    assert (held["bpm"], held["locked"]) == (90, True)
    _, got, _ = run(bridge.port, READY, {"value": kept[1]}, send("get", "scale"), until("setting"))
    assert of(got, STATUS) == [["setting", "scale", "D dorian"]]


def test_the_script_is_ecmascript_5() -> None:
    code = re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\])*\"", "", SCRIPT.read_text(), flags=re.DOTALL)
    assert re.findall(r"=>|`|\b(?:let|const|class|async|await)\s|\.\.\.|setTimeout|require", code) == []


PATCHES = [(name, patcher) for path in max_package.build() for name, patcher in patchers(path)]


@pytest.mark.parametrize("name", [name for name, _ in PATCHES])
def test_patches_are_sound(name: str) -> None:
    patcher = dict(PATCHES)[name]
    assert faults(patcher) == []
    assert draw(patcher).width > 100


def test_patches_are_what_the_builder_makes() -> None:
    for path, patcher in max_package.build().items():
        assert json.loads(path.read_text())["patcher"] == json.loads(json.dumps(patcher.to_json())), path.name


def test_every_message_of_the_patches_and_the_reference_is_understood() -> None:
    script = SCRIPT.read_text()
    functions = set(re.findall(r"^function (\w+)", script, re.MULTILINE)) | {"continue", "generate"}
    sent = set()
    for _, patcher in PATCHES:
        for entry in patcher["boxes"]:
            if entry["box"]["maxclass"] == "message":
                sent |= {part.split()[0] for part in entry["box"]["text"].split(",")}
    assert len(sent) > 15
    assert sent <= functions
    reference = ET.parse(PACKAGE / "docs/antiphon.maxref.xml").getroot()
    methods = {method.get("name") for method in reference.iter("method")}
    assert sent <= methods <= functions
    outlets = {o.get("id"): o.findtext("digest") for o in reference.iter("outlet")}
    assert len(outlets) == len(max_package.OUTLETS)


def test_the_package_says_what_it_is() -> None:
    info = json.loads((PACKAGE / "package-info.json").read_text())
    assert info["name"] == "Antiphon"
    assert (PACKAGE / "examples" / info["homepatcher"]).is_file()


@pytest.mark.parametrize("name", [name for name, patcher in PATCHES if "maxpat" in name or " p " in name])
def test_every_message_reaches_an_antiphon_as_it_is_written(name: str) -> None:
    patcher = dict(PATCHES)[name]
    boxes = Walk(patcher).find("")
    messages = [box for box in boxes if box.maxclass == "message"]
    assert messages or name == "antiphon.maxpat"
    for box in messages:
        walk = Walk(patcher)
        walk.click(box)
        heard = [message for one in walk.find("antiphon") for _, message in walk.heard[one.id]]
        assert heard == [tuple(map(atom, part.split())) for part in box.text.split(",")], box.text


def test_from_the_script_s_outlets_to_the_abstraction_s() -> None:
    walk = Walk(dict(PATCHES)["antiphon.maxpat"])
    (core,), (send,), (receive,), (inlet,) = (
        walk.find(text) for text in ("js ", "udpsend", "udpreceive", "inlet")
    )
    outlets = sorted(walk.find("outlet"), key=lambda box: box.rect[0])
    walk.say(inlet.id, 0, "continue")
    walk.say(receive.id, 0, "/antiphon/ack", "x", 0)
    assert walk.heard[core.id] == [(0, ("continue",)), (0, ("/antiphon/ack", "x", 0))]
    walk.say(core.id, 0, "/antiphon/status")
    walk.say(core.id, 1, "port", 9200)
    assert walk.heard[send.id] == [(0, ("/antiphon/status",))]
    assert walk.heard[receive.id] == [(0, ("port", 9200))]
    walk.say(core.id, NOTES, 60, 0.0, 1.0, 80, 0)
    walk.say(core.id, COLL, 0, 60, 0.0, 1.0, 80, 0)
    walk.say(core.id, PLAY, "clear")
    walk.say(core.id, PLAY, 60, 80, 500, 1, 250)
    walk.say(core.id, STATUS, "ready")
    assert [walk.heard[box.id] for box in outlets] == [
        [(0, (60, 0.0, 1.0, 80, 0))],
        [(0, (0, 60, 0.0, 1.0, 80, 0))],
        [(0, (60, 80, 500, 1))],
        [(0, ("ready",))],
    ]


@pytest.mark.parametrize("name", [name for name, _ in PATCHES if "example" in name or " p " in name])
def test_what_is_played_reaches_the_synthesiser(name: str) -> None:
    walk = Walk(dict(PATCHES)[name])
    objects = [box for box in walk.find("antiphon") if box.maxclass == "newobj"]
    for one in objects:
        walk.say(one.id, 2, 60, 80, 500, 3)
    notes = [walk.heard[box.id] for box in walk.find("noteout")]
    assert "settings" in name or len(notes) == len(objects) > 0
    for arrived in notes:
        assert arrived[-1] == (0, (60,)), "pitch comes last, to the left"
        assert (1, (80,)) in arrived
