"""The JavaScript host of docs/model-file.md plays what a host with our codec plays, in plain ONNX Runtime."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, replace
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from antiphon.models.file.modelfile import ModelInfo
from antiphon.models.file.step import MASKED, REMAINING_BUCKETS, phrase_code
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.note import Note
from plain_host import PlainHost

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "docs" / "run_anywhere.mjs"
MODULES = Path(os.environ.get("ANTIPHON_NODE_MODULES", ROOT / "node_modules"))
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
needs_package = pytest.mark.skipif(
    not (shutil.which("node") and (MODULES / "onnxruntime-node").is_dir()),
    reason="node and npm's onnxruntime-node are not installed; ANTIPHON_NODE_MODULES names its folder",
)
THEME = ((62, 0, 1, 96), (65, 1, 1, 90), (69, 2, 1.5, 90), (67, 3.5, 0.5, 70), (65, 4, 1, 96), (62, 5, 3, 80))
GROOVE = ((42, 0, 0.5, 80), (36, 0, 0.5, 110), (38, 1, 0.5, 100), (36, 2, 0.5, 100), (38, 3, 0.5, 100))
FOUR = tuple((pitch, beat, 1, 80, part) for beat in range(4) for part, pitch in enumerate((72, 67, 64, 48)))
D_DORIAN = (0, 2, 4, 5, 7, 9, 11)
ASKED: dict[str, dict[str, Any]] = {
    "folk": {"context": THEME, "metre": "4/4", "bars": 4, "scale": D_DORIAN, "seed": 3},
    "chorale": {"context": FOUR, "metre": "4/4", "bars": 2},
    "drums": {"context": GROOVE, "metre": "4/4", "bars": 4, "seed": 11},
}


def play(model: Path, asked: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Run the script in a folder that has the package; return the notes that it printed."""
    script = folder / SCRIPT.name
    script.write_bytes(SCRIPT.read_bytes())
    done = subprocess.run(
        ["node", script, model, json.dumps(asked)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def numbers(seed: int) -> Iterator[float]:
    """Yield the script's random numbers: an LCG's upper 24 bits (Press et al., Numerical Recipes)."""
    while True:
        seed = (seed * 1664525 + 1013904223) % 2**32
        yield (seed >> 8) / 2**24


class Expected:
    """The same answer by the tests' own host and our codec."""

    def __init__(self, model: Path, asked: dict[str, Any]) -> None:
        self.manifest = ModelInfo.read(model).manifest
        self.codec = self.manifest.codec
        self.host = PlainHost(ort.InferenceSession(str(model)), self.manifest)
        self.metre = Metre.parse(asked.get("metre", self.manifest.defaults.metre))
        self.bar = self.codec.bar_ticks(self.metre)
        self.draws, self.asked = numbers(asked.get("seed", 7)), asked
        self.note, self.clock, self.tick = self.codec.begin().tolist(), [0, 0, self.bar], 0

    def step(self, remaining: int, **more: Any) -> list[int]:
        """Go on by a note."""
        defaults = self.manifest.defaults
        out = self.host.step(
            self.note, self.clock, (self.manifest.metre_code(self.metre), remaining),
            temperature=defaults.temperature, top_p=defaults.top_p,
            uniform=[next(self.draws) for _ in self.codec.fields], **more,
        )  # fmt: skip
        self.note, self.clock = out["chosen"][0].tolist(), out["clock_out"][0].tolist()
        return self.note

    def prime(self) -> int:
        """Read the context; return the bar where the answer begins."""
        notes = [Note(*note) for note in self.asked.get("context", ())]
        for row in self.codec.encode(notes, MetreMap(((0.0, self.metre),))).codes.tolist():
            self.step(phrase_code(self.clock[0]) if self.manifest.phrases else 0, forced=row)
            self.tick += int(self.codec.fields[0].values[row[0]])
        return ceil(max((note.end for note in notes), default=0) / self.metre.beats)

    def pitches(self) -> Any:
        """Return the mask of the pitches in range and scale."""
        table, defaults = self.codec["pitch"].array, self.manifest.defaults
        fits = (table >= defaults.low) & (table <= defaults.high)
        fits &= np.isin(table % 12, self.asked.get("scale", range(12)))
        return np.where(fits, 0, MASKED).astype(np.float32)

    def notes(self) -> list[Note]:
        """Return the answer's notes."""
        begin = self.prime()
        last = begin + self.asked.get("bars", 4) - 1
        end, found, table = (last + 1) * self.bar, [], self.codec.fields[0].array
        masks = {"pitch": self.pitches()}
        while True:
            least = begin * self.bar - self.tick
            fits = (table >= least) & (bool(self.host.steps) | (table == 0))
            masks["delta"] = np.where([*fits, self.clock[0] >= last], 0, MASKED).astype(np.float32)
            row = self.step(min(last - self.clock[0], REMAINING_BUCKETS - 2) + 1, masks=masks)
            if row[0] >= self.codec.end:
                return found
            self.tick += int(table[row[0]])
            if self.tick >= end:
                return found
            note = self.codec.note(row, self.tick)
            found.append(replace(note, duration=min(note.duration, self.codec.to_beats(end - self.tick))))


@needs_package
@pytest.mark.client
@pytest.mark.parametrize("name", ASKED)
def test_it_answers_as_a_host_with_our_codec_does(name: str, tmp_path: Path) -> None:
    model = ROOT / "models" / f"{name}.onnx"
    notes = Expected(model, ASKED[name]).notes()
    assert len(notes) > 8
    (tmp_path / "node_modules").symlink_to(MODULES)
    assert play(model, ASKED[name], tmp_path) == [pytest.approx(asdict(note)) for note in notes]


STAND_IN = """
import { readFileSync } from "node:fs";
const { metadata, steps } = JSON.parse(readFileSync(new URL("steps.json", import.meta.url)));
export function Tensor(type, data, dims) { Object.assign(this, { type, data, dims }); }
function compare(name, found, expected, at) {
    if (found.length !== expected.length) throw new Error(`${name} has ${found.length} numbers`);
    expected.forEach((x, i) => {
        if (name === "memory_keys" && x === 0) return; // a row that is not used yet may hold its key already
        if (Math.abs(found[i] - x) > 1e-5) throw new Error(`${at} steps to go: ${name}[${i}] = ${found[i]}`);
    });
}
async function run(feed) {
    const [inputs, outputs] = steps.shift();
    for (const name in inputs) compare(name, feed[name].data, inputs[name], steps.length);
    const tensor = ({ type, dims, data }) =>
        new Tensor(type, new (type === "int32" ? Int32Array : Float32Array)(data), dims);
    return Object.fromEntries(Object.entries(outputs).map(([name, told]) => [name, tensor(told)]));
}
export const InferenceSession = { create: async () => ({ inputMetadata: metadata, run }) };
"""
"""A package that compares what it is given with what the tests' host gave, and returns what that got."""


class Recorder:
    """A session that notes down its steps."""

    def __init__(self, session: Any) -> None:
        self.session, self.steps = session, list[Any]()
        types = {"tensor(int32)": "int32", "tensor(float)": "float32"}
        self.metadata = [
            {"name": i.name, "type": types[i.type], "shape": i.shape} for i in session.get_inputs()
        ]

    def get_outputs(self) -> Any:
        return self.session.get_outputs()

    def run(self, names: None, feed: dict[str, Any]) -> Any:
        out = self.session.run(names, feed)
        told = {
            output.name: {"type": str(array.dtype), "dims": array.shape, "data": array.ravel().tolist()}
            for output, array in zip(self.get_outputs(), out, strict=True)
        }
        self.steps.append(({name: array.ravel().tolist() for name, array in feed.items()}, told))
        return out


@needs_node
@pytest.mark.client
@pytest.mark.parametrize("asked", [{"bars": 8}, {"context": FOUR, "metre": "3/4", "bars": 8}])
def test_without_the_package_too_it_gives_each_step_what_it_needs(
    asked: dict[str, Any], tiny_model: Path, tmp_path: Path
) -> None:
    expected = Expected(tiny_model, asked)
    expected.host.session = recorder = Recorder(expected.host.session)
    notes = expected.notes()
    assert len(notes) > 8
    package = tmp_path / "node_modules" / "onnxruntime-node"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"type": "module", "main": "index.js"}')
    (package / "index.js").write_text(STAND_IN)
    (package / "steps.json").write_text(json.dumps({"metadata": recorder.metadata, "steps": recorder.steps}))
    assert play(tiny_model, asked, tmp_path) == [pytest.approx(asdict(note)) for note in notes]


def test_it_is_as_short_as_the_page_says_and_needs_nothing_of_ours() -> None:
    lines = SCRIPT.read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip() and not line.strip().startswith("//")]) <= 80
    assert max(map(len, lines)) <= 110
    imports = [line.rsplit(maxsplit=1)[1] for line in lines if line.startswith("import ")]
    assert imports == ['"node:fs";', '"onnxruntime-node";']
