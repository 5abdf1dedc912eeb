"""docs/train-your-own.md, followed to the letter with a folder of made-up tunes and a very small network."""

from __future__ import annotations

import re
import shlex
import textwrap
from pathlib import Path

import pytest
from antiphon.bridge.cli.commands import main
from antiphon.bridge.client.client import Client
from antiphon.models.metre import MetreMap
from antiphon.models.midi import write_midi
from antiphon.models.score import Part, Score
from made_music import melody
from program import Bridge

PAGE = (Path(__file__).parents[1] / "docs" / "train-your-own.md").read_text(encoding="utf-8")
COMMANDS = [shlex.split(line) for line in re.findall(r"^    antiphon (.*)$", PAGE, re.MULTILINE)]
SMALL = """
[network]
units = 12
layers = 1
head_units = 12
embedding = 8
key_size = 4
value_size = 4
memory = 64

[fit]
crop = 32
batch = 4
steps = 20
evaluate_every = 10
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with my_midi_files/ and the page's mine.toml, where the commands are given."""
    (tmp_path / "my_midi_files").mkdir()
    for seed in range(50):
        notes = tuple(melody(seed, 24, parts=1))
        score = Score(notes, MetreMap(), parts=(Part("tune"),))
        write_midi(score, tmp_path / "my_midi_files" / f"tune{seed}.mid")
    config = re.search(r"^    dataset = .*\n(?:(?: {4}.*)?\n)*", PAGE, re.MULTILINE)
    assert config
    (tmp_path / "mine.toml").write_text(textwrap.dedent(config[0]) + SMALL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_to_the_letter(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    *commands, last = COMMANDS
    assert [words[0] for words in commands] == ["prepare", "train", "evaluate", "export", "generate"]
    said = {}
    for words in commands:
        assert main(words) == 0, words
        said[words[0]] = capfd.readouterr().out
    assert "50 pieces read" in said["prepare"]
    assert (folder / "runs/mine/curves.png").is_file()
    assert "| 5-gram |" in said["evaluate"]
    assert (folder / "my_models/mine.onnx").is_file()
    assert "8 bars of 4/4" in said["generate"]
    assert last[0] == "serve"
    with Bridge(*last[1:]) as bridge, Client(port=bridge.port) as client:
        assert "mine" in [model.name for model in client.models()]
        assert client.generate(model="mine", bars=8, seed=1)[0].end_beats == 32
