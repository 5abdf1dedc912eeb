"""What `set` tells the abstraction for Pure Data."""

from __future__ import annotations

from pathlib import Path

import pytest
from antiphon.bridge.client.client import Client
from program import Bridge
from pure_data import by_hand, close, needs_pd, notes, patch

pytestmark = [pytest.mark.client, needs_pd]


def test_a_scale_of_three_words(bridge: Bridge, client: Client, tmp_path: Path) -> None:
    options = {"model": "tiny", "bars": 32, "seed": 5}
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


def test_of_two_lengths_the_last_one_counts(bridge: Bridge, tmp_path: Path) -> None:
    ends = []
    with patch(tmp_path, bridge.port) as pd:
        pd.until("ready")
        pd.say("set model tiny", "set metre 4/4")
        for length in ("bars 2", "beats 3", "bars auto", "bars 1", "beats auto"):
            pd.say(f"set {length}", "generate")
            ends.append(float(pd.until("(done|error)")[-1].split()[4]))
    assert ends == [8.0, 3.0, 3.0, 4.0, 4.0]


@pytest.mark.parametrize("setting", ["mode single", "reply_port 9"])
def test_what_the_object_itself_decides_is_refused(bridge: Bridge, setting: str, tmp_path: Path) -> None:
    with patch(tmp_path, bridge.port) as pd:
        pd.until("ready")
        pd.say(f"set {setting}", "set model tiny", "generate")
        lines = pd.until("done 0")
    name = setting.split()[0]
    assert any(line.startswith(f"status: error bad_args {name} cannot be set here") for line in lines)
    assert notes(lines), "what was refused changes nothing"


@pytest.mark.parametrize("parts", ["0 3", "soprano bass", "soprano"])
def test_parts_are_named_with_spaces_between_them(parts: str, tmp_path: Path) -> None:
    """Pd's messages end at a comma."""
    with by_hand(tmp_path) as (pd, bridge):
        pd.say(f"set parts {parts}", "generate")
        args = bridge.told("generate")
    assert args[args.index("parts") + 1] == parts
