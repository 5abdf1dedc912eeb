"""What a machine that only generates has to load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
MODULES = sorted(path.stem for path in BRIDGE.glob("*.py") if path.stem != "__init__")


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
    assert loaded(f"from antiphon.bridge.cli import main; main({words!r})") == []


def test_the_check_can_fail() -> None:
    assert loaded("import antiphon.train.config") == ["antiphon.train"]
