"""The JavaScript client: its core under a clock of its own, and Node against a real bridge."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from antiphon.bridge.client.client import Client, Take
from antiphon.models.note import Note
from lossy import lossy
from program import Bridge, free_port

HERE = Path(__file__).parent / "node"
SOURCE = Path(__file__).parents[2] / "bridge/clients/node/antiphon.js"
pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed"),
]


def node(port: int, *steps: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what each step of tests/clients/node/drive.js printed, the hello first."""
    done = subprocess.run(
        ["node", HERE / "drive.js", str(port)],
        input=json.dumps(steps), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def plain(notes: tuple[Note, ...]) -> list[dict[str, float]]:
    """Return notes as JavaScript has them."""
    return [
        {"pitch": n.pitch, "start": n.start, "duration": n.duration, "velocity": n.velocity, "part": n.part}
        for n in notes
    ]


def same(takes: list[Take]) -> list[dict[str, Any]]:
    """Return takes as JavaScript has them, but for the rounding of the last figure."""
    return [
        {"index": t.index, "notes": plain(t.notes), "endBeats": t.end_beats, "seed": t.seed} for t in takes
    ]


def told(takes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: take[key] for key in ("index", "notes", "endBeats", "seed")} for take in takes]


def test_the_core_under_a_clock_of_its_own() -> None:
    done = subprocess.run(
        ["node", "--test", HERE / "core.test.js"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "# pass 0" not in done.stdout


def test_old_engines_can_read_it() -> None:
    """Max 8 runs ECMAScript 5: none of what came later."""
    code = re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\])*\"", "", SOURCE.read_text(), flags=re.DOTALL)
    later = r"=>|`|\b(?:let|const|class|async|await|of\s*\(|Symbol|Promise|Map|Set)\b(?!\s*[:=.,)\]])|\.\.\."
    assert re.findall(later, code) == []
    assert "function" in code


def test_small_talk(bridge: Bridge, client: Client) -> None:
    hello, models, params, held, got, status, loaded, wrong = node(
        bridge.port, {"ask": "models"}, {"ask": "params"}, {"ask": "set", "args": [{"bars": 2, "low": 50}]},
        {"ask": "get", "args": ["bars"]}, {"ask": "status"}, {"ask": "load", "args": ["folk"]},
        {"ask": "load", "args": ["jazz"]},
    )  # fmt: skip
    assert hello["bridge"]["protocol"] == 1
    assert "continue" in hello["bridge"]["capabilities"]
    assert [m["name"] for m in models["value"]] == [m.name for m in client.models()]
    assert {"bars", "scale", "seed"} <= {p["key"] for p in params["value"]}
    assert (held["value"], got["value"], loaded["value"]) == ({"bars": 2, "low": 50}, 2, "folk")
    assert status["value"]["model"] == "tiny"
    assert wrong["error"]["code"] == "unknown_model"
    assert "folk" in wrong["error"]["message"]


def test_the_whole_round(bridge: Bridge, client: Client, long_song: tuple[Note, ...]) -> None:
    options = {"bars": 12, "takes": 2, "seed": 5}
    context = plain(long_song)
    _, chunks, singles, tune, cancelled, wrong, unknown = node(
        bridge.port,
        {"verb": "continue", "notes": context, "options": options},
        {"verb": "continue", "notes": context, "options": options, "single": True},
        {"verb": "generate", "options": {"model": "folk", "bars": 8, "seed": 3}},
        {"verb": "generate", "options": {"bars": 256, "takes": 4}, "cancel": "now"},
        {"verb": "generate", "options": {"brs": 4}},
        {"verb": "harmonise"},
    )
    expected = same(client.continue_(long_song, **options))
    assert told(chunks["takes"]) == told(singles["takes"]) == expected
    assert len(singles["singles"]) == sum(len(take["notes"]) for take in expected) > 48
    assert told(tune["takes"]) == same(client.generate(model="folk", bars=8, seed=3))
    assert cancelled["error"]["code"] == "cancelled"
    assert "did you mean 'bars'" in wrong["error"]["message"]
    assert unknown["error"]["code"] == "unknown_address"


def test_progress_and_a_cancel_in_the_middle(bridge: Bridge) -> None:
    wish = {"verb": "generate", "options": {"model": "chorale", "bars": 250, "takes": 4}, "cancel": "later"}
    _, cancelled = node(bridge.port, wish)
    assert cancelled["fractions"] >= 1
    assert cancelled["error"]["code"] == "cancelled"


@pytest.mark.parametrize("single", [False, True])
def test_over_a_lossy_network(
    bridge: Bridge, client: Client, long_song: tuple[Note, ...], single: bool
) -> None:
    options = {"bars": 24, "takes": 2, "seed": 5}
    wish = {"verb": "continue", "notes": plain(long_song), "options": options, "single": single}
    with lossy(bridge.port, seed=7) as network:
        answers = node(network.port, *[wish] * 3)[1:]
    expected = same(client.continue_(long_song, **options))
    assert [told(answer["takes"]) for answer in answers] == [expected] * 3
    assert min(network.counts.values()) > 0, network.counts


def test_a_context_of_ten_thousand_notes(bridge: Bridge, client: Client) -> None:
    song = tuple(Note(60 + i * 5 % 12, i / 4, 0.25, 90) for i in range(10_000))
    options = {"model": "tiny", "bars": 4, "seed": 5}
    wishes = [
        {"verb": "continue", "notes": plain(song), "options": {**options, **more}}
        for more in ({}, {"start": 100})
    ]
    _, end, before = node(bridge.port, *wishes)
    assert told(end["takes"]) == same(client.continue_(song, **options))
    assert told(before["takes"]) == same(client.continue_(song[:400], start=100, **options))


def test_a_number_of_takes_that_there_cannot_be(bridge: Bridge) -> None:
    context = [{"pitch": 60, "start": 0, "duration": 1}]
    wishes = [
        {"verb": "continue", "notes": context, "options": {"bars": 1, "takes": takes}} for takes in (0, "abc")
    ]
    errors = [answer["error"] for answer in node(bridge.port, *wishes)[1:]]
    assert [error["code"] for error in errors] == ["bad_args"] * 2
    assert all("takes" in error["message"] for error in errors)


def test_close_may_be_called_twice(bridge: Bridge) -> None:
    program = """
        require(process.argv[1]).connect({port: Number(process.argv[2])}, (error, client) => {
            client.status(() => client.close());
            client.load("folk", () => console.log("never"));
            setTimeout(() => client.close(), 200);
        });
    """
    done = subprocess.run(
        ["node", "-e", program, SOURCE, str(bridge.port)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_nobody_there() -> None:
    (hello,) = node(free_port())
    assert "start it with `antiphon serve`" in hello["error"]["message"]


def test_the_example(bridge: Bridge, client: Client) -> None:
    done = subprocess.run(
        ["node", SOURCE.with_name("example.js"), str(bridge.port)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    theme = (Note(62, 0.0, 1.0), Note(65, 1.0, 1.0), Note(69, 2.0, 2.0))
    (take,) = client.continue_(theme, model="folk", bars=4, metre="4/4", scale="D dorian", seed=7)
    shown = [line.split() for line in done.stdout.splitlines() if not line.startswith("antiphon ")]
    assert [(float(s), int(p), float(d)) for s, p, d in shown] == [
        (n.start, n.pitch, n.duration) for n in take.notes
    ]


def test_the_page_s_program_runs(bridge: Bridge, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/hosts/node.md").read_text()
    (program,) = re.findall(r"```js\n(.*?)```", page, re.DOTALL)
    (tmp_path / "antiphon-client").symlink_to(SOURCE.parent)
    (tmp_path / "tune.js").write_text(program.replace("7374", str(bridge.port)))
    done = subprocess.run(
        ["node", "tune.js"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert "natsPerNote" not in done.stdout and done.stdout.count("pitch") > 4, done.stdout
