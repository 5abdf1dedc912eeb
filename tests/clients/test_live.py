"""The devices for Live: their scripts among stubs of its API, over UDP; their files, read independently."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from antiphon.bridge.client.client import Client, Take
from antiphon.models.note import Note
from lossy import lossy
from program import Bridge, free_port

ROOT = Path(__file__).parents[2]
DEVICES = ROOT / "bridge/clients/live"
HOST = Path(__file__).parent / "max/host.js"
PLAY, STATUS, MODELS, VERBS = 2, 3, 4, 5
sys.path.insert(0, str(ROOT / "docs/patches"))
import live_devices  # noqa: E402
from drawing import draw, faults, patchers  # noqa: E402
from walking import Walk  # noqa: E402

pytestmark = pytest.mark.client
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")
Said = list[list[Any]]
THEME = [[62, 0, 1, 96], [65, 1, 1, 90], [69, 2, 1.5, 90], [70, 3.5, 0.5, 90, 1]]
HEARD = (Note(62, 0.0, 1.0, 96), Note(65, 1.0, 1.0, 90), Note(69, 2.0, 1.5, 90))
CLIP = {"length": 4, "notes": THEME}


def run(
    port: int, set_: dict[str, Any], *steps: dict[str, Any], script: str = "antiphon-live.js"
) -> list[Said]:
    """Return what came out of the outlets in each step that waited, and the set where it was asked for."""
    done = subprocess.run(
        ["node", HOST, DEVICES / script, DEVICES, DEVICES.parent / "node"],
        input="\n".join(map(json.dumps, [{"connect": port}, *steps])),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env={**os.environ, "ANTIPHON_SET": json.dumps(set_)},
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()][:-1]


def send(*message: Any) -> dict[str, Any]:
    return {"send": message}


def until(outlet: int, word: str = "set") -> dict[str, Any]:
    return {"until": [outlet, word]}


READY = until(MODELS, "_parameter_range")
TOLD: dict[str, Any] = {"set": True}


def status(said: Said) -> str:
    """Return the last line that the device shows."""
    return str([line[2] for line in said if line[0] == STATUS][-1])


def ask(*more: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the steps that ask and wait for the seed, which comes with the answer."""
    return [send("ask"), until(6), *more]


def close(found: list[dict[str, Any]], take: Take, moved: float = 0.0) -> None:
    """Compare a clip's notes to a take's, shortened where Live would delete what overlaps."""
    notes = sorted(found, key=lambda n: (n["start_time"], n["pitch"]))
    wanted = sorted(take.notes, key=lambda n: (n.start, n.pitch))
    assert [(n["pitch"], n["velocity"]) for n in notes] == [(n.pitch, n.velocity) for n in wanted]
    for got, note in zip(notes, wanted, strict=True):
        assert got["start_time"] == pytest.approx(note.start - moved, abs=1e-5)
        assert 0 < got["duration"] <= note.duration + 1e-5


C_MAJOR = "C major"
ENDINGS = next(control.choices for control in live_devices.CONTROLS if control.message == "ending")


@needs_node
def test_a_clip_is_continued_into_the_next_free_slot(bridge: Bridge, client: Client) -> None:
    set_ = {"tracks": [[None], [CLIP, CLIP, None]], "shown": [1, 0]}
    controls = [
        send("model", "folk"),
        send("bars", 8),
        send("temperature", 0.9),
        send("low", 55),
        send("high", 84),
    ]
    ready, _, told = run(bridge.port, set_, READY, *controls, *ask(TOLD))
    assert [line for line in ready if line[0] == VERBS] == [
        [VERBS, "_parameter_range", "continue", "generate"]
    ]
    seed = int(re.search(r"Antiphon (\d+)", told[0][1]["tracks"][1]["slots"][2]["name"])[1])  # type: ignore[index]
    (take,) = client.continue_(
        HEARD,
        model="folk",
        bars=8,
        temperature=0.9,
        low=55,
        high=84,
        start=4,
        seed=seed,
        metre="4/4",
        tempo=120,
        scale=C_MAJOR,
    )
    made = told[0][1]["tracks"][1]["slots"][2]
    assert made["loop_end"] == 32
    close(made["notes"], take, moved=4.0)
    assert told[0][1]["steps"] == 1 and not told[0][1]["open"], "one undo step"


@needs_node
def test_the_set_s_metre_tempo_and_key_and_a_scene_more(bridge: Bridge, client: Client) -> None:
    waltz = {"length": 6, "notes": THEME, "more": {"signature_numerator": 3}}
    song = {"root_note": 2, "scale_intervals": [0, 2, 3, 5, 7, 9, 10], "tempo": 90}
    set_ = {"song": song, "tracks": [[waltz]], "shown": [0, 0]}
    controls = [
        send("model", "folk"),
        send("bars", 2),
        send("ending", ENDINGS.index("closed")),
        send("lock", 1),
        send("seed", 7),
    ]
    *_, told = run(bridge.port, set_, READY, *controls, *ask(TOLD))
    options = {
        "model": "folk",
        "bars": 2,
        "temperature": 1,
        "start": 6,
        "metre": "3/4",
        "tempo": 90,
        "scale": "D dorian",
    }
    (take,) = client.continue_(HEARD, **options, seed=7, ending="closed")  # type: ignore[arg-type]
    assert take.notes != client.continue_(HEARD, **options, seed=7)[0].notes  # type: ignore[arg-type]
    close(told[0][1]["tracks"][0]["slots"][1]["notes"], take, moved=6.0)


@needs_node
def test_takes_and_again_replace_what_was_written(bridge: Bridge, client: Client) -> None:
    set_ = {"tracks": [[CLIP, None, None]], "shown": [0, 0]}
    controls = [send("model", "folk"), send("takes", 2), send("lock", 1), send("seed", 7)]
    steps = [*ask(TOLD), send("next"), TOLD, send("seed", 9), send("again"), until(6), TOLD]
    _, _, first, second, _, again = run(bridge.port, set_, READY, *controls, *steps)
    options = {
        "model": "folk",
        "bars": 4,
        "takes": 2,
        "temperature": 1,
        "start": 4,
        "metre": "4/4",
        "tempo": 120,
    }
    takes = client.continue_(HEARD, **options, seed=7, scale=C_MAJOR)  # type: ignore[arg-type]
    fresh = client.continue_(HEARD, **options, seed=9, scale=C_MAJOR)  # type: ignore[arg-type]
    for told, take in ((first, takes[0]), (second, takes[1]), (again, fresh[0])):
        slots = told[0][1]["tracks"][0]["slots"]
        assert [bool(slot) for slot in slots] == [True, True, False]
        close(slots[1]["notes"], take, moved=4.0)
    assert again[0][1]["steps"] == 3


@needs_node
def test_after_the_clip(bridge: Bridge, client: Client) -> None:
    set_ = {"tracks": [[CLIP]], "shown": [0, 0]}
    controls = [send("target", 1), send("model", "folk"), send("key", 0), send("lock", 1), send("seed", 7)]
    *_, told = run(bridge.port, set_, READY, *controls, *ask(send("again"), until(6), TOLD))
    (take,) = client.continue_(
        HEARD, model="folk", bars=4, temperature=1, start=4, seed=7, metre="4/4", tempo=120
    )
    clip = told[0][1]["tracks"][0]["slots"][0]
    assert (clip["loop_end"], clip["end_marker"]) == (20, 20)
    close([n for n in clip["notes"] if n["start_time"] >= 4], take)
    assert len(clip["notes"]) == len(THEME) + len(take.notes), "the second answer took the first one's place"


@needs_node
def test_hidden_notes_stay_unheard(bridge: Bridge) -> None:
    """Notes behind a loop's end were not meant to be heard; the clip becomes longer across them."""
    hidden = {**CLIP, "notes": [*THEME, [60, 3.25, 0.5]], "more": {"loop_end": 3}}
    controls = [send("target", 1), send("model", "folk"), send("key", 0), send("lock", 1), send("seed", 7)]
    *_, told = run(bridge.port, {"tracks": [[hidden]], "shown": [0, 0]}, READY, *controls, *ask(TOLD))
    starts = [n["start_time"] for n in told[0][1]["tracks"][0]["slots"][0]["notes"]]
    assert max(starts) >= 4 and not [start for start in starts if 3 <= start < 4]


@needs_node
@pytest.mark.parametrize(("version", "start"), [("11.0", 16), ("12", 24)])
def test_into_the_arrangement(bridge: Bridge, client: Client, version: str, start: float) -> None:
    """Where the time selection begins, or the loop brace where Live does not tell."""
    set_ = {"tracks": [[CLIP, None]], "shown": [0, 0], "version": version}
    controls = [send("target", 2), send("model", "folk"), send("key", 0), send("lock", 1), send("seed", 7)]
    *_, told = run(bridge.port, set_, READY, *controls, *ask(send("again"), until(6), TOLD))
    (take,) = client.continue_(
        HEARD, model="folk", bars=4, temperature=1, start=4, seed=7, metre="4/4", tempo=120
    )
    track = told[0][1]["tracks"][0]
    assert track["slots"][1] is None
    assert [clip["start_time"] for clip in track["arrangement"]] == [start]
    close(track["arrangement"][0]["notes"], take, moved=4.0)


@needs_node
@pytest.mark.parametrize("song", [{"start_time": 16, "loop": 1}, {"start_time": 24, "loop": 1}])
def test_a_looped_selection_is_filled(bridge: Bridge, client: Client, song: dict[str, int]) -> None:
    """Loop Selection tells how long a selection is; a loop elsewhere has no say."""
    set_ = {"tracks": [[CLIP, None]], "shown": [0, 0], "song": song}
    controls = [send("target", 2), send("model", "folk"), send("key", 0), send("lock", 1), send("seed", 7)]
    *_, told = run(bridge.port, set_, READY, *controls, *ask(send("bars", 2), send("again"), until(6), TOLD))
    length: dict[str, float] = {"beats": 6} if song["start_time"] == 16 else {"bars": 2}
    (take,) = client.continue_(
        HEARD, model="folk", temperature=1, start=4, seed=7, metre="4/4", tempo=120, **length
    )
    (clip,) = told[0][1]["tracks"][0]["arrangement"]
    assert clip["start_time"] == song["start_time"]
    close(clip["notes"], take, moved=4.0)


@needs_node
def test_played_in_time_with_the_set(bridge: Bridge, client: Client) -> None:
    song = {"is_playing": 1, "current_song_time": 5.5, "tempo": 100}
    set_ = {"song": song, "tracks": [[CLIP]], "shown": [0, 0]}
    controls = [send("target", 3), send("model", "folk"), send("key", 0), send("lock", 1), send("seed", 7)]
    said = run(
        bridge.port, set_, READY, *controls, send("ask"), until(6), send("cancel"), send("next"), until(3)
    )
    (take,) = client.continue_(
        HEARD, model="folk", bars=4, temperature=1, start=4, seed=7, metre="4/4", tempo=100
    )
    played = [line[1:] for lines in said for line in lines if line[0] == PLAY]
    assert played[0] == ["clear"]
    for (pitch, velocity, _, delay), note in zip(played[1:], take.notes, strict=True):
        assert (pitch, velocity) == (note.pitch, note.velocity)
        assert delay == pytest.approx((note.start - 4 + 2.5) * 600, abs=0.01), "from the next bar, beat 8"


@needs_node
def test_generate_needs_no_clip(bridge: Bridge, client: Client) -> None:
    controls = [send("verb", 1), send("model", "folk"), send("lock", 1), send("seed", 7)]
    *_, told = run(bridge.port, {"tracks": [[None]]}, READY, *controls, *ask(TOLD))
    (take,) = client.generate(
        model="folk", bars=4, temperature=1, start=0, seed=7, metre="4/4", tempo=120, scale=C_MAJOR
    )
    close(told[0][1]["tracks"][0]["slots"][0]["notes"], take)


LOCKED = [send("key", 0), send("lock", 1), send("seed", 7)]


@needs_node
def test_a_saved_set_names_its_model_before_the_bridge_is_found(bridge: Bridge, client: Client) -> None:
    """The menu says an index, as it does when the set is loaded."""
    set_ = {"tracks": [[CLIP, None]], "shown": [0, 0]}
    names = ["auto", *(model.name for model in client.models())]
    early = [send("model", names.index("chorale")), *LOCKED]
    *_, told = run(bridge.port, set_, *early, READY, *ask(TOLD))
    options = {"bars": 4, "temperature": 1, "start": 4, "seed": 7, "metre": "4/4", "tempo": 120}
    (take,) = client.continue_(HEARD, model="chorale", **options)  # type: ignore[arg-type]
    pitches = [n["pitch"] for n in told[0][1]["tracks"][0]["slots"][1]["notes"]]
    assert set(pitches) == {n.pitch for n in take.notes}


@needs_node
def test_again_leaves_a_clip_that_the_user_has_put_into_the_slot(bridge: Bridge) -> None:
    set_ = {"tracks": [[CLIP, None, None]], "shown": [0, 0]}
    mine = {"user": {"track": 0, "slot": 1, "content": {"length": 8, "notes": [], "more": {"name": "mine"}}}}
    *_, told = run(bridge.port, set_, READY, *LOCKED, *ask(mine, send("again"), until(6), TOLD))
    slots = told[0][1]["tracks"][0]["slots"]
    assert slots[1]["name"] == "mine"
    assert slots[2]["name"] == "Antiphon 7"


@needs_node
def test_again_without_the_clip_and_without_the_track(bridge: Bridge) -> None:
    set_ = {"tracks": [[None], [CLIP, None]], "shown": [1, 0]}
    deleted, gone = {"user": {"track": 1, "slot": 0}}, {"user": {"gone": 1}}
    said = run(
        bridge.port, set_, READY, *LOCKED,
        *ask(deleted, send("again"), until(6), TOLD, gone, send("again"), until(STATUS), TOLD),
    )  # fmt: skip
    *_, again, without, _ = said
    assert again[0][1]["steps"] == 2, "the context is still known"
    assert status(without) == "the track of the answer is gone"


@needs_node
@pytest.mark.parametrize(
    ("target", "user", "told"),
    [(0, {"gone": 1}, "the track of the answer"), (1, {"track": 1, "slot": 0}, "the continued clip")],
)
def test_what_is_deleted_while_it_is_asked_about(
    bridge: Bridge, target: int, user: dict[str, int], told: str
) -> None:
    set_ = {"tracks": [[None], [CLIP, None]], "shown": [1, 0]}
    steps = [send("target", target), send("ask"), {"user": user}, until(6), TOLD]
    *_, said, after = run(bridge.port, set_, READY, *LOCKED, *steps)
    assert status(said).startswith(told)
    assert after[0][1]["steps"] == 0


@needs_node
def test_a_clip_of_more_notes_than_the_bridge_takes(bridge: Bridge) -> None:
    notes = [[60 + at % 12, at / 8, 0.125] for at in range(5000)]
    set_ = {"tracks": [[{"length": 625, "notes": notes}, None]], "shown": [0, 0]}
    *_, told = run(bridge.port, set_, READY, send("model", "folk"), *LOCKED, *ask(TOLD))
    assert told[0][1]["tracks"][0]["slots"][1]["notes"]


@needs_node
def test_a_device_in_a_rack_writes_to_its_track(bridge: Bridge) -> None:
    set_ = {"tracks": [[None]], "rack": True}
    *_, told = run(bridge.port, set_, READY, send("verb", 1), *LOCKED, *ask(TOLD))
    assert told[0][1]["tracks"][0]["slots"][0]["name"] == "Antiphon 7"


@needs_node
def test_played_from_the_set_s_next_bar_whatever_clip_and_control_say(bridge: Bridge, client: Client) -> None:
    waltz = {"length": 6, "notes": THEME, "more": {"signature_numerator": 3}}
    song = {"is_playing": 1, "current_song_time": 5.5}
    set_ = {"song": song, "tracks": [[waltz]], "shown": [0, 0]}
    controls = [send("target", 3), send("model", "folk"), send("takes", 2), *LOCKED]
    steps = [send("ask"), until(6), send("bars", 3), send("next"), until(3)]
    said = run(bridge.port, set_, READY, *controls, *steps)
    options = {"bars": 4, "takes": 2, "temperature": 1, "start": 6, "seed": 7, "metre": "3/4", "tempo": 120}
    takes = client.continue_(HEARD, model="folk", **options)  # type: ignore[arg-type]
    for lines, take in zip(said[-2:], takes, strict=True):
        delays = [line[4] for line in lines if line[0] == PLAY and len(line) > 2]
        wanted = [(note.start - 6 + 2.5) * 500 for note in take.notes]
        assert delays == pytest.approx(wanted, abs=0.01), "from beat 8"


@needs_node
@pytest.mark.parametrize(
    ("set_", "steps", "told"),
    [
        ({"tracks": [[None]]}, [send("ask")], "select a MIDI clip"),
        ({"tracks": [[{"length": 4, "notes": []}]], "shown": [0, 0]}, [send("ask")], "no notes to continue"),
        ({"tracks": [[None]]}, [send("again")], "nothing has been asked"),
        ({"tracks": [[None]]}, [send("next")], "no other takes"),
    ],
)
def test_what_is_wrong_is_shown(
    bridge: Bridge, set_: dict[str, Any], steps: list[dict[str, Any]], told: str
) -> None:
    said = run(bridge.port, set_, READY, *steps, until(STATUS))
    assert told in status(said[-1])


@needs_node
def test_a_refusal_is_shown_in_the_bridge_s_words(bridge: Bridge) -> None:
    set_ = {"tracks": [[CLIP, None]], "shown": [0, 0]}
    steps = [send("model", "drums"), send("ask"), until(STATUS), until(STATUS), TOLD]
    *_, said, told = run(bridge.port, set_, READY, *steps)
    assert "drums have no scale" in status(said)
    assert told[0][1]["steps"] == 0


@needs_node
def test_cancel(bridge: Bridge) -> None:
    set_ = {"tracks": [[CLIP, None]], "shown": [0, 0]}
    controls = [send("model", "chorale"), send("bars", 64), send("takes", 8)]
    said = run(
        bridge.port, set_, READY, *controls, send("ask"), send("cancel"), {"until": [STATUS, "set"]}, TOLD
    )
    assert said[-1][0][1]["steps"] == 0


@needs_node
def test_nobody_there() -> None:
    said = run(free_port(), {"tracks": [[None]]}, until(STATUS))
    assert "antiphon serve" in status(said[0])


@needs_node
def test_over_a_lossy_network(bridge: Bridge, client: Client, long_song: tuple[Note, ...]) -> None:
    notes = [[n.pitch, n.start, n.duration, n.velocity] for n in long_song]
    set_ = {"tracks": [[{"length": 52, "notes": notes}, *[None] * 4]], "shown": [0, 0]}
    controls = [send("model", "folk"), send("key", 0), send("bars", 24), send("lock", 1), send("seed", 7)]
    with lossy(bridge.port, seed=5, lost=0.1) as network:
        *_, told = run(network.port, set_, READY, *controls, *ask(*ask(*ask(TOLD))))
    context = tuple(Note(n.pitch, n.start, n.duration, n.velocity) for n in long_song)
    (take,) = client.continue_(
        context, model="folk", bars=24, temperature=1, start=52, seed=7, metre="4/4", tempo=120
    )
    for slot in told[0][1]["tracks"][0]["slots"][1:4]:
        close(slot["notes"], take, moved=52.0)
    assert min(network.counts.values()) > 0, network.counts


@needs_node
def test_the_tool_answers_at_once_with_what_it_fetched(bridge: Bridge) -> None:
    told = {"scale": {"root_note": 2, "scale_intervals": [0, 2, 3, 5, 7, 9, 10]}}
    set_ = {"tracks": [[None]], "dicts": {"notes": {"notes": []}, "context": told}}
    steps = [
        until(STATUS),
        send("model", "folk"),
        {"inlet": 2, "send": ["dictionary", "context"]},
        until(STATUS),
        {"inlet": 1, "send": ["dictionary", "notes"]},
        TOLD,
        until(STATUS),
    ]
    *_, given, after = run(bridge.port, set_, *steps, script="antiphon-generator.js")
    name = next(line[2] for line in after if line[0] == PLAY)
    notes = given[0][1]["dicts"][name]["notes"]
    assert len(notes) > 4, "an answer stood ready: the tool did not wait for the network"
    assert {n["pitch"] % 12 for n in notes} <= {0, 2, 4, 5, 7, 9, 11}
    assert "notes are ready" in status(after), "the next one is fetched"


@needs_node
def test_the_tool_s_menu_says_indices(bridge: Bridge, client: Client) -> None:
    """Also when the set is loaded, at its first entry, before the bridge is found."""
    names = ["auto", *(model.name for model in client.models())]
    set_ = {"tracks": [[None]], "dicts": {"notes": {"notes": []}}}
    rest = {"until": [STATUS, "nothing", 2000]}
    steps = [send("model", 0), rest, send("key", 0), send("model", names.index("drums")), rest,
             send("model", names.index("chorale")), send("low", 100), rest]  # fmt: skip
    auto, drums, chorale = run(bridge.port, set_, *steps, script="antiphon-generator.js")
    assert [line[1:] for line in auto if line[0] == 4] == [["_parameter_range", *names]]
    assert "notes are ready" in status(auto)
    assert "notes are ready" in status(drums)
    assert status(chorale) == "low 100 is above the model's highest pitch 79; give high, too"


@needs_node
def test_a_tool_with_nothing_ready_answers_without_notes() -> None:
    set_ = {"tracks": [[None]], "dicts": {"notes": {"notes": []}}}
    steps = [{"inlet": 1, "send": ["dictionary", "notes"]}, until(STATUS), TOLD]
    said, told = run(free_port(), set_, *steps, script="antiphon-generator.js")
    name = next(line[2] for line in said if line[0] == PLAY)
    assert told[0][1]["dicts"][name] == {"notes": []}
    assert "antiphon serve" in status(said)


def chunks(data: bytes) -> dict[bytes, bytes]:
    """Read a device's file as its format is documented: tag, little-endian length, bytes."""
    found, at = {}, 0
    while at < len(data):
        tag, size = struct.unpack_from("<4sI", data, at)
        found[tag] = data[at + 8 : at + 8 + size]
        assert len(found[tag]) == size
        at += 8 + size
    return found


KINDS = {"Antiphon.amxd": (b"mmmm", 1835887981), "Antiphon Generator.amxd": (b"nagg", 1851877223)}


@pytest.mark.parametrize("name", KINDS)
def test_the_file_is_a_device(name: str, tmp_path: Path) -> None:
    data = (DEVICES / name).read_bytes()
    assert data == live_devices.build()[name], "python docs/patches/live_devices.py builds it anew"
    found = chunks(data)
    code, number = KINDS[name]
    assert list(found) == [b"ampf", b"meta", b"ptch"]
    assert (found[b"ampf"], found[b"meta"]) == (code, bytes(4))
    assert found[b"ptch"].endswith(b"\n\0")
    patcher = json.loads(found[b"ptch"][:-1])["patcher"]
    assert patcher["project"]["amxdtype"] == number
    file = tmp_path / "device.maxpat"
    file.write_text(json.dumps({"patcher": patcher}))
    assert [faults(inner) for _, inner in patchers(file)] == [[]]
    assert draw(patcher, presentation=True).height > 100
    assert patcher["openinpresentation"] == 1
    boxes = [entry["box"] for entry in patcher["boxes"]]
    shown = [box["presentation_rect"] for box in boxes if box.get("presentation")]
    assert max(top + height for _, top, _, height in shown) <= live_devices.HEIGHT
    assert max(left + width for left, _, width, _ in shown) <= patcher["devicewidth"]
    scripts = [box["text"].split()[1] for box in boxes if box.get("text", "").startswith("js ")]
    assert all((DEVICES / script).is_file() for script in scripts)


@pytest.mark.parametrize("patcher", [live_devices.effect(), live_devices.generator()])
def test_parameters_are_named_once_and_explained(patcher: Any) -> None:
    valueofs = [
        box.more["saved_attribute_attributes"]["valueof"]
        for box in patcher.boxes.values()
        if "parameter_enable" in box.more
    ]
    names = [valueof["parameter_longname"] for valueof in valueofs]
    assert len(names) == len(set(names)) >= 6
    assert all(valueof["parameter_info"].endswith(".") for valueof in valueofs)
    assert all(valueof["parameter_type"] != 2 or len(valueof["parameter_enum"]) > 1 for valueof in valueofs)


@pytest.mark.parametrize("script", ["antiphon-live.js", "antiphon-generator.js"])
def test_the_scripts_are_ecmascript_5_and_know_the_controls(script: str) -> None:
    text = (DEVICES / script).read_text()
    code = re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\])*\"", "", text, flags=re.DOTALL)
    assert re.findall(r"=>|`|\b(?:let|const|class|async|await)\s|\.\.\.|setTimeout|require", code) == []
    controls = live_devices.CONTROLS if script == "antiphon-live.js" else live_devices.TOOL
    for control in controls:
        assert re.search(rf"\b{control.message}: ", text), control.message
    if script == "antiphon-live.js":
        for message, *_ in live_devices.BUTTONS:
            assert f"function {message}()" in text


@pytest.mark.parametrize("made", [live_devices.effect, live_devices.generator])
def test_every_control_reaches_the_script_by_its_name(made: Any) -> None:
    patcher = json.loads(json.dumps(made().to_json()))
    controls = live_devices.CONTROLS if made is live_devices.effect else live_devices.TOOL
    ids = {entry["box"].get("varname"): entry["box"]["id"] for entry in patcher["boxes"]}
    for control in controls:
        walk = Walk(patcher)
        (core,) = walk.find("js ")
        walk.say(ids[control.name], 0, 5)
        assert walk.heard[core.id] == [(0, (control.message, 5))]


def test_buttons_and_played_notes_arrive() -> None:
    patcher = json.loads(json.dumps(live_devices.effect().to_json()))
    ids = {entry["box"].get("varname"): entry["box"]["id"] for entry in patcher["boxes"]}
    for message, _, text, _ in live_devices.BUTTONS:
        walk = Walk(patcher)
        walk.say(ids[text], 0, "bang")
        (core,) = walk.find("js ")
        assert walk.heard[core.id] == [(0, (message,))]
    walk = Walk(patcher)
    (core,), (out,), (through,) = (walk.find(text) for text in ("js ", "midiout", "midiin"))
    walk.say(core.id, PLAY, 60, 80, 500, 250)
    walk.say(through.id, 0, 144)
    assert walk.heard[out.id] == [(0, (60, 80)), (0, (144,))]
