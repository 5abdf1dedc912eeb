"""Pure Data without a window: a patch in a file, and one built from what the greeting says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from antiphon.bridge.client.client import Client
from antiphon.models.note import Note
from heard import Reply, failures, flat, heard, same
from program import Bridge, Program

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not shutil.which("pd"), reason="Pure Data (puredata-core) is not installed"),
]
PATCH = Path(__file__).with_name("notes.pd")
HEADLESS = ("pd", "-nogui", "-nrt", "-noaudio", "-nomidi", "-stderr", "-open")


def pd(bridge: Bridge, *sent: str) -> list[Reply]:
    """Run the patch, send it ``sent`` as RECEIVER list VALUES…, and return the replies up to the synced."""
    messages = (f"connect connect 127.0.0.1 {bridge.port}", *sent, "sync 1")
    with Program([*HEADLESS, PATCH, *(word for text in messages for word in ("-send", text))]) as program:
        assert program.ended() == 0, program.lines
        return replies(program.lines)


def replies(lines: list[str]) -> list[Reply]:
    """Return what [print] wrote: the address' words, then the values."""
    found = []
    for line in lines:
        assert line.startswith("print: antiphon "), line
        words = re.split(r"(?<!\\) ", line.removeprefix("print: antiphon "))  # a space in a text is escaped
        size = 2 if words[1:2] == ["reply"] else 1
        values = [re.sub(r"\\(.)", r"\1", word) for word in words[size:]]
        found.append(("/".join(["/antiphon", *words[:size]]), *map(number, values)))
    return found


def number(word: str) -> str | float:
    """Return a word as a number if it is one: Pd has no others than floats."""
    try:
        return float(word)
    except ValueError:
        return word


def text(values: list[float]) -> str:
    return " ".join(f"{value:g}" for value in values)


def test_hello_and_generate(bridge: Bridge, client: Client) -> None:
    said = pd(bridge, "hello list 0 pd", "generate list tune bars 24 parts 0 takes 2 seed 11")
    assert said[0][:2] == ("/antiphon/hello/reply", "antiphon")
    assert "generate,continue" in said[0][5]
    assert said[1] == ("/antiphon/ack", "tune", 0)
    expected = client.generate(bars=24, parts="0", takes=2, seed=11)
    assert [heard(said, "tune", take) for take in range(2)] == [same(take) for take in expected]
    assert sum(reply[0] == "/antiphon/notes" for reply in said) > 2, "takes of several messages"
    assert said[-1] == ("/antiphon/synced", 1)


def test_context_and_continue(bridge: Bridge, client: Client, song: tuple[Note, ...]) -> None:
    # The id is a number, which Pd sends as a float and gets back.
    first, second = (f"context list 7 {i} 2 {len(part)} {text(flat(part))}"
                     for i, part in enumerate((song[:48], song[48:])))  # fmt: skip
    said = pd(bridge, first, second, "continue list 7 bars 4 seed 5")
    assert said[:3] == [("/antiphon/ack", 7, 0), ("/antiphon/ack", 7, 1), ("/antiphon/ack", 7, 0)]
    expected = client.continue_(song, bars=4, seed=5)[0]
    assert expected.notes[0].start >= 16.0
    assert heard(said, 7) == same(expected)


def test_what_is_wrong_is_heard(bridge: Bridge) -> None:
    said = pd(bridge, "generate list tune bras 4", "continue list 8", "generate list deep low 90 high 80")
    assert [fail[:2] for fail in failures(said)] == [
        ("tune", "bad_args"), (8, "no_context"), ("deep", "bad_args"),
    ]  # fmt: skip
    assert "did you mean 'bars'" in failures(said)[0][2]
    assert "low 90" in failures(said)[2][2]


def test_the_greeting_s_patch_works(bridge: Bridge, tmp_path: Path) -> None:
    patch = tmp_path / "greeting.pd"
    patch.write_text(drawn(bridge.tip("Pure Data")))
    with Program([*HEADLESS, patch]) as program:
        program.until(r"print: (list )?antiphon (done|fail)")
        said = replies([line.replace("print: list ", "print: ") for line in program.lines])
    answer = heard(said, "tune")
    assert answer.notes
    assert answer.end_beats == 16.0


def drawn(lines: list[str]) -> str:
    """Return the patch that chains such as ``[message( → [object] → right outlet → [object]`` describe.

    Its messages are sent one after the other when it opens.
    """
    boxes = ["obj 0 0 loadbang"]
    wires = []
    for chain in re.sub(r"→\s*\n", "→ ", "\n".join(lines)).splitlines():
        above, outlet = 0, 0
        for step in chain.split(" → "):
            if step == "right outlet":
                outlet = 1
                continue
            box = re.fullmatch(r"(?:the same )?\[(.+)([](])", step.strip())
            assert box, step
            drawn_box = f"{'msg' if box[2] == '(' else 'obj'} 0 0 {box[1]}"
            if drawn_box not in boxes:
                assert "the same" not in step
                boxes.append(drawn_box)
            wires.append((above, outlet, boxes.index(drawn_box)))
            above, outlet = boxes.index(drawn_box), 0
    # A message box fires what follows it at once; wires from loadbang do so in their order.
    drawing = [f"#X {box};" for box in boxes] + [f"#X connect {a} {o} {b} 0;" for a, o, b in wires]
    return "\n".join(["#N canvas 0 0 400 300 12;", *drawing, ""])
