"""The script of docs/model-file.md runs any model file with nothing of ours, and plays the right notes."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from antiphon.models.modelfile import ModelInfo
from plain_host import PlainHost

SCRIPT = Path(__file__).parents[1] / "docs" / "run_anywhere.py"
SHIPPED = sorted((Path(__file__).parents[1] / "models").glob("*.onnx"))
LINE = re.compile(r"beat +([-0-9.]+)  pitch +([0-9]+)  beats ([0-9.]+)  part ([0-9]+)")


def play(model: Path, seed: int = 7) -> list[tuple[float, int, float, int]]:
    """Run the script; return what it printed."""
    command = [sys.executable, "-I", str(SCRIPT), str(model), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = [LINE.fullmatch(line) for line in done.stdout.splitlines()]
    assert all(found)
    return [(float(m[1]), int(m[2]), float(m[3]), int(m[4])) for m in found if m]


def expected(model: Path, seed: int = 7) -> list[tuple[float, int, float, int]]:
    """Return the same notes by the tests' own host."""
    manifest = ModelInfo.read(model).manifest
    codec, draws = manifest.codec, np.random.default_rng(seed)
    host = PlainHost(ort.InferenceSession(str(model)), manifest)
    ends = np.zeros(codec["delta"].size, np.float32)
    ends[codec.end] = -1e9
    note, clock, tick, notes = codec.begin().tolist(), [0, 0, 4 * codec.ticks_per_beat], 0.0, []
    for _ in range(64):
        out = host.step(
            note, clock, (manifest.metres.index("4/4") + 1, 0), masks={"delta": ends},
            temperature=manifest.defaults.temperature, top_p=0.95,
            uniform=draws.random((1, len(codec.fields)), np.float32)[0],
        )  # fmt: skip
        note, clock = out["chosen"][0].tolist(), out["clock_out"][0].tolist()
        row = codec.note(note, 0)
        tick += codec["delta"].values[note[0]]
        notes.append((round(tick / codec.ticks_per_beat, 3), row.pitch, round(row.duration, 3), row.part))
    return notes


def test_it_plays_what_another_host_plays(tiny_model: Path) -> None:
    assert play(tiny_model) == expected(tiny_model)


def test_seeds_differ(tiny_model: Path) -> None:
    assert play(tiny_model, 1) != play(tiny_model, 2)


@pytest.mark.parametrize("model", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_it_plays_the_models_that_ship(model: Path) -> None:
    notes = play(model)
    manifest = ModelInfo.read(model).manifest
    assert len(notes) == 64
    beats = [beat for beat, *_ in notes]
    assert beats == sorted(beats)
    assert beats[-1] > 4
    assert len({pitch for _, pitch, *_ in notes}) > 2
    assert {pitch for _, pitch, *_ in notes} <= set(manifest.codec["pitch"].values)
    assert {part for *_, part in notes} <= set(range(len(manifest.parts)))


def test_it_is_short_and_needs_nothing_of_ours() -> None:
    text = SCRIPT.read_text()
    assert len(text.splitlines()) <= 42
    imports = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in imports for alias in node.names}
    assert names == {"json", "sys", "numpy", "onnxruntime"}
