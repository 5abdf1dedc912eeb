"""What a machine that only generates has to load."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from antiphon.bridge.cli.commands import COMMANDS
from antiphon.models.midi import write_midi
from antiphon.models.note import Note
from antiphon.models.score import Score

BRIDGE = Path(__file__).parents[1] / "bridge"
HEAVY = (
    "tensorflow",
    "keras",
    "tf2onnx",
    "onnx",
    "music21",
    "matplotlib",
    "tensorboard",
    "antiphon.train",
    "antiphon.export",
)
MODULES = sorted(
    ".".join(path.relative_to(BRIDGE).with_suffix("").parts) for path in BRIDGE.rglob("[!_]*.py")
)


def loaded(script: str) -> list[str]:
    """Run a script; return which of the heavy modules it loaded."""
    ask = f"\nimport sys; print(*[m for m in {HEAVY!r} if m in sys.modules], sep=',')"
    done = subprocess.run([sys.executable, "-c", script + ask], capture_output=True, text=True, check=True)
    return [word for word in done.stdout.splitlines()[-1].split(",") if word]


def test_the_bridge_loads_nothing_that_only_training_needs() -> None:
    assert len(MODULES) > 30
    assert loaded("\n".join(f"import antiphon.bridge.{name}" for name in MODULES)) == []


@pytest.mark.parametrize(
    "words", [["--help"], ["models"], ["serve", "--models", "/no/such/folder"], ["servee"]]
)
def test_nor_do_its_commands(words: list[str]) -> None:
    assert loaded(f"from antiphon.bridge.cli.commands import main; main({words!r})") == []


WITHOUT_THE_EXTRA = """
import sys
sys.modules |= dict.fromkeys({missing!r})  # an import of them fails, as where they are not installed
from antiphon.bridge.cli.commands import COMMANDS, main
"""
EXTRA = ("tensorflow", "keras", "tf2onnx", "onnx", "music21", "matplotlib", "scipy", "tqdm")


def without_the_extra(script: str) -> subprocess.CompletedProcess[str]:
    """Run a script where the bridge alone is installed."""
    code = WITHOUT_THE_EXTRA.format(missing=EXTRA) + script
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_a_bridge_alone_has_help_for_every_command() -> None:
    script = """
for name in COMMANDS:
    try:
        main([name, "--help"])
    except SystemExit as stop:
        assert not stop.code, name
"""
    done = without_the_extra(script)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(f"usage: antiphon {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if command.extra])
def test_what_a_command_lacks_is_said_when_its_work_begins(name: str, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('dataset = "set"\n')
    (tmp_path / "config.json").write_text("{}")
    write_midi(Score(notes=(Note(60, 0.0, 1.0), Note(62, 1.0, 1.0))), tmp_path / "tune.mid")
    words = {
        "prepare": [str(tmp_path / "tune.mid"), "--out", str(tmp_path / "out")],
        "train": [str(tmp_path / "mine.toml"), "--out", str(tmp_path / "out")],
        "benchmark": ["frames", str(tmp_path), "--out", str(tmp_path / "out")],
        "export": [str(tmp_path), "--out", str(tmp_path / "out")],
    }.get(name, [str(tmp_path)])
    done = without_the_extra(f"sys.exit(main({[name, *words]!r}))")
    assert done.returncode == 2
    said = rf"antiphon: `antiphon {name}` needs (\w+), which is not installed: "
    said += r'pip install "antiphon\[train\]"\n'
    assert (match := re.fullmatch(said, done.stderr)) and match[1] in EXTRA


def test_the_check_can_fail() -> None:
    assert loaded("import antiphon.train.config.config") == ["antiphon.train"]
