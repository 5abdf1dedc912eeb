"""What benchmarks of leading share: pieces of which some bars are told, and what follows."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.leading.context import in_phrase, read_context
from antiphon.bridge.runtime.stepper import MAX_ROWS, Stepper
from antiphon.bridge.session.resolve import resolve
from antiphon.models.file.manifest import Manifest
from antiphon.models.file.modelfile import ModelFile, session_options
from antiphon.models.metre import MetreMap
from antiphon.models.note import Note
from antiphon.train.dataset.dataset import Dataset
from played import Passage, passages

FOLLOWING = 4
"""Bars that follow those that are told."""


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of what all of them ask for."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a model file of notes with pitches")
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="what antiphon prepare wrote")
    parser.add_argument("--split", choices=("valid", "test"), default="valid", help="(valid)")
    parser.add_argument("--pieces", type=int, default=300, help="of the split at most (300)")
    return parser


def taken(args: argparse.Namespace, bars: int, following: int = FOLLOWING) -> list[Passage]:
    """Return the passages asked for; ends the program where there are none."""
    found = list(passages(Dataset.load(args.dataset), args.pieces, args.split, bars, following))
    if not found:
        raise SystemExit(f"{args.dataset} has no piece of {bars + following} bars in one metre")
    return found


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
        self.logits = np.zeros((MAX_ROWS, size), np.float32)
        session = ort.InferenceSession(graph.SerializeToString(), session_options(), ["CPUExecutionProvider"])
        super().__init__(session, manifest)

    def _bind(self, rows: int) -> Any:
        binding = super()._bind(rows)
        shape = (rows, self.logits.shape[1])
        binding.bind_output(self._name, "cpu", 0, np.float32, shape, self.logits.ctypes.data)
        return binding

    def following(self, passage: Passage) -> Iterator[tuple[npt.NDArray[np.float32], list[int]]]:
        """Read a passage; yield the pitch's logits, (code,), and the codes of each note that follows."""
        told, codec = len(passage.context), self.manifest.codec
        notes = [*sorted(passage.context, key=lambda n: n.order), *passage.following]
        metres = MetreMap(((0.0, passage.metre),))
        encoded = codec.encode(notes, metres)
        phrase = read_context(self.manifest, notes[:told], metres).phrase
        clocks = np.stack([encoded.bars, encoded.places, encoded.bar_ticks], axis=1)
        self.clear()
        self.add()
        metre = self.manifest.metre_code(passage.metre)
        note, clock = codec.begin(), np.array([0, 0, encoded.bar_ticks[0]])
        for at, codes in enumerate(encoded.codes):
            self.note[0], self.clock[0], self.forced[0] = note, clock, codes
            self.conditions[0, :2] = metre, in_phrase(phrase, int(clock[0]))
            self.step()
            if at >= told:
                yield self.logits[0], codes.tolist()
            note, clock = codes, clocks[at]


def nats_of(logits: npt.NDArray[Any], code: int) -> npt.NDArray[Any]:
    """Return the nats of a choice by each row of logits, (row,)."""
    return np.logaddexp.reduce(logits, axis=1) - logits[:, code]


def begin(
    description: str | None, nats: Callable[[Pitches, Passage], npt.NDArray[np.float64]]
) -> tuple[argparse.Namespace, Manifest, list[Passage], npt.NDArray[np.float64]]:
    """Read the command line and measure; print the first words of the table's title.

    Args:
        description: the benchmark's.
        nats: returns those of the pitches that follow, one sum for each strength.

    Returns:
        What was asked for, the model's manifest, the passages, and nats a pitch by strength.
    """
    parser = arguments(description)
    parser.add_argument("--bars", type=int, default=4, help="that are told (4)")
    args = parser.parse_args()
    manifest = ModelFile.load(args.model).manifest
    passages = taken(args, args.bars)
    notes = sum(len(passage.following) for passage in passages)
    stepper = Pitches(args.model, manifest)
    losses = np.sum([nats(stepper, passage) for passage in passages], axis=0) / notes
    pieces = len(passages)
    print(f"{manifest.name}: {notes} notes that follow {args.bars} bars of {pieces} pieces", end="")
    return args, manifest, passages, losses


def answers(
    engine: Engine, manifest: Manifest, told: Sequence[Passage], bars: int
) -> Iterator[tuple[tuple[Note, ...], tuple[Note, ...]]]:
    """Yield each passage's context and a model's answer to it."""
    for seed, passage in enumerate(told):
        metre, context = passage.metre, tuple(passage.context)
        options = {"bars": FOLLOWING, "seed": seed, "metre": str(metre), "start": bars * metre.beats}
        yield context, engine.generate(resolve({}, options, context, manifest, seed))[0].notes
