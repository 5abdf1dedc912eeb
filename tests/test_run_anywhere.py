"""The script of docs/model-file.md runs any model file with nothing of ours, and plays the right notes."""

from __future__ import annotations

import ast
import json
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from antiphon.models.file.manifest import Manifest
from antiphon.models.file.modelfile import ModelInfo
from antiphon.models.metre import Metre
from plain_host import PlainHost
from tiny_model import save_tiny_model

SCRIPT = Path(__file__).parents[1] / "docs" / "run_anywhere.py"
SHIPPED = [
    path
    for path in sorted((Path(__file__).parents[1] / "models").glob("*.onnx"))
    if not ModelInfo.read(path).manifest.codec.is_text
]
LINE = re.compile(r"beat +([0-9.]+)  (\{.*\})")
NOTES = 64
Row = tuple[float, dict[str, Any]]


def printed(model: Path) -> list[str]:
    """Run the script by itself, far from our packages; return its lines."""
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(model)], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def play(model: Path) -> list[Row]:
    """Return the notes that the script prints."""
    lines = printed(model)
    found = [LINE.fullmatch(line) for line in lines]
    assert all(found), lines
    return [(float(m[1]), json.loads(m[2])) for m in found if m]


def expected(model: Path) -> list[Row]:
    """Return the same notes by the tests' own host, which the bridge's is compared with as well."""
    manifest = with_room(ModelInfo.read(model).manifest)
    codec, draws = manifest.codec, np.random.default_rng(7)
    host = PlainHost(ort.InferenceSession(str(model)), manifest)
    ends = np.zeros(codec["delta"].size, np.float32)
    ends[codec.end] = -1e9
    metre = Metre.parse(manifest.defaults.metre)
    note, clock, tick, rows = codec.begin().tolist(), [0, 0, round(metre.beats * codec.ticks_per_beat)], 0, []
    for _ in range(NOTES):
        out = host.step(
            note, clock, (manifest.metre_code(metre), 0), masks={"delta": ends},
            temperature=manifest.defaults.temperature, top_p=manifest.defaults.top_p,
            uniform=draws.random((1, len(codec.fields)), np.float32)[0],
        )  # fmt: skip
        note, clock = out["chosen"][0].tolist(), out["clock_out"][0].tolist()
        values = {f.name: f.values[code] for f, code in zip(codec.fields, note, strict=True)}
        tick += int(values["delta"])
        rows.append((round(tick / codec.ticks_per_beat, 3), values))
    return rows


def with_room(manifest: Manifest) -> Manifest:
    """Return the manifest with a memory that holds all that the script plays."""
    assert manifest.memory is not None
    return replace(manifest, memory=replace(manifest.memory, length=NOTES))


def test_it_plays_what_another_host_plays(tiny_model: Path) -> None:
    assert play(tiny_model) == expected(tiny_model)


def test_a_model_without_memory_plays_too(tmp_path: Path) -> None:
    assert len(play(save_tiny_model(tmp_path / "plain.onnx", memory=None))) == NOTES


@pytest.mark.parametrize("model", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_it_plays_the_models_that_ship(model: Path) -> None:
    rows = play(model)
    assert rows == expected(model)
    manifest = ModelInfo.read(model).manifest
    assert len(rows) == NOTES
    assert rows[-1][0] > 4, "it does not get ahead"
    assert len({note["pitch"] for _, note in rows}) > 2
    assert {note.get("part", 0) for _, note in rows} <= set(range(len(manifest.parts)))


def test_it_is_short_and_needs_nothing_of_ours() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    body = [line for line in text.splitlines() if line and not line.startswith(("import ", '"""'))]
    assert len(body) <= 30
    imports = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in imports for alias in node.names}
    assert names == {"json", "sys", "numpy", "onnxruntime"}


@pytest.mark.skipif(
    not (shutil.which("qemu-x86_64") and platform.machine() == "x86_64"),
    reason="qemu-x86_64 (Debian: qemu-user) is not installed",
)
@pytest.mark.parametrize("processor", ["Nehalem", "Haswell-v4"])
@pytest.mark.parametrize("model", SHIPPED, ids=lambda path: path.stem)
def test_processors_without_newer_instructions_choose_the_same_notes(model: Path, processor: str) -> None:
    """Nehalem has no AVX, Haswell no AVX-512; products of 8-bit integers differ on neither."""
    done = subprocess.run(
        ["qemu-x86_64", "-cpu", processor, sys.executable, "-I", str(SCRIPT), str(model)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == printed(model)
