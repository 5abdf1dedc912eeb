"""What it does to lean towards the key of a context: to the music that followed, and to answers.

    python tests/benchmarks/leaning.py MODEL DATASET [--split valid] [--pieces 300] [--bars 4]

The first bars of pieces are told, and the next four follow. For each strength (bridge/tonality.py, STRANGE):
the nats of a pitch that the music went on with, and the share of their time that the notes of an answer spend
in the major scale, or its relatives, that has most of the context; the music's own share stands above.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from antiphon.bridge import tonality
from antiphon.bridge.engine import Engine
from antiphon.bridge.request import GenerationRequest
from antiphon.bridge.resolve import resolve
from antiphon.bridge.shelf import ModelShelf
from antiphon.bridge.stepper import MOST_ROWS, Stepper
from antiphon.models.manifest import Manifest
from antiphon.models.metre import MetreMap
from antiphon.models.modelfile import ModelFile, session_options
from antiphon.models.note import Note
from antiphon.train.dataset import Dataset
from played import Passage, passages

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
FOLLOWING = 4


class Pitches(Stepper):
    """A stepper that also hands out the logits of the pitch, before masks."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        graph = onnx.load(path)
        column = manifest.codec.names.index("pitch")
        made_by = {name: node for node in graph.graph.node for name in node.output}
        chosen = made_by[made_by["log_prob"].input[column]]  # one of a LogSoftmax, in the fields' order
        self._name = made_by[chosen.input[0]].input[0]
        size = manifest.codec["pitch"].size
        shape = onnx.helper.make_tensor_value_info(self._name, onnx.TensorProto.FLOAT, ["batch", size])
        graph.graph.output.append(shape)
        self.logits = np.zeros((MOST_ROWS, size), np.float32)
        session = ort.InferenceSession(graph.SerializeToString(), session_options(), ["CPUExecutionProvider"])
        super().__init__(session, manifest)

    def _bind(self, rows: int) -> Any:
        binding = super()._bind(rows)
        shape = (rows, self.logits.shape[1])
        binding.bind_output(self._name, "cpu", 0, np.float32, shape, self.logits.ctypes.data)
        return binding


def nats(stepper: Pitches, passage: Passage) -> np.ndarray:
    """Return the nats of the pitches that follow, one sum for each strength."""
    context, following, metre = passage.context, passage.following, passage.metre
    manifest = stepper.manifest
    codec, column = manifest.codec, manifest.codec.names.index("pitch")
    encoded = codec.encode([*sorted(context, key=lambda n: n.order), *following], MetreMap(((0.0, metre),)))
    clocks = np.stack([encoded.bars, encoded.places, encoded.bar_ticks], axis=1)
    stranger = tonality.of_music(context)[codec["pitch"].array.astype(np.int64) % 12] / tonality.STRANGE
    stepper.clear()
    stepper.add()
    stepper.conditions[0, :1] = manifest.metre_code(metre)
    note, clock = codec.begin(), np.array([0, 0, encoded.bar_ticks[0]])
    found = np.zeros(len(STRENGTHS))
    for at, codes in enumerate(encoded.codes):
        stepper.note[0], stepper.clock[0], stepper.forced[0] = note, clock, codes
        stepper.step()
        if at >= len(context):
            logits = stepper.logits[0] + np.outer(STRENGTHS, stranger)
            found += np.logaddexp.reduce(logits, axis=1) - logits[:, codes[column]]
        note, clock = codes, clocks[at]
    return found


def in_key(context: Sequence[Note], notes: Sequence[Note]) -> np.ndarray:
    """Return the time that notes spend in the context's scale, and the time of all."""
    heard, played = np.zeros(12), np.zeros(12)
    for found, several in ((heard, context), (played, notes)):
        for note in several:
            found[note.pitch % 12] += note.duration
    scale = tonality.KEYS[int(np.argmax(tonality.KEYS @ heard))]
    return np.array([played @ scale, played.sum()])


def request_of(manifest: Manifest, passage: Passage, bars: int, seed: int) -> GenerationRequest:
    """Return the request that continues a passage's context."""
    metre = passage.metre
    options = {"bars": FOLLOWING, "seed": seed, "metre": str(metre), "start": bars * metre.beats}
    return resolve({}, options, tuple(passage.context), manifest, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a model file of notes with pitches")
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="what antiphon prepare wrote")
    parser.add_argument("--split", choices=("valid", "test"), default="valid", help="(valid)")
    parser.add_argument("--pieces", type=int, default=300, help="of the split at most (300)")
    parser.add_argument("--bars", type=int, default=4, help="that are told (4)")
    args = parser.parse_args()
    file = ModelFile.load(args.model)
    taken = list(passages(Dataset.load(args.dataset), args.pieces, args.split, args.bars, FOLLOWING))
    if not taken:
        raise SystemExit(f"{args.dataset} has no piece of {args.bars + FOLLOWING} bars in one metre")
    notes = sum(len(passage.following) for passage in taken)
    stepper = Pitches(args.model, file.manifest)
    losses = sum(nats(stepper, passage) for passage in taken) / notes
    own = sum(in_key(passage.context, passage.following) for passage in taken)
    print(
        f"{file.manifest.name}: {notes} notes that follow {args.bars} bars of {len(taken)} pieces, ", end=""
    )
    print(f"{own[0] / own[1]:.3f} of their time in the context's scale\n")
    print("| strength | nats a pitch | answers in the scale |\n|---|---|---|")
    shelf = ModelShelf([args.model.parent], shipped=False)
    with Engine(shelf) as engine:
        for strength, loss in zip(STRENGTHS, losses, strict=True):
            tonality.STRANGE = strength
            share = np.zeros(2)
            for seed, passage in enumerate(taken):
                request = request_of(shelf.manifest(file.manifest.name), passage, args.bars, seed)
                share += in_key(passage.context, engine.generate(request)[0].notes)
            print(f"| {strength:g} | {loss:.4f} | {share[0] / share[1]:.3f} |", flush=True)


if __name__ == "__main__":
    main()
