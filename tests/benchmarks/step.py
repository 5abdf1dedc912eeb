"""A note step: all fields, attention over 256 notes, masks and sampler, beside what it could cost.

Contestants take turns in one run:
  step     the model file through the bridge's stepper, memory full, at batch 1 and 8
  floor    one pass over as many bytes as the step's matrices have (numpy's dot of a buffer with itself)
  float32  the same through the float32 graph: --float32 FILE, in the order of the models
  Keras    the same network's layers stepped under tf.function: --run RUN, in the order of the models
  other    another file of the model, such as an older one, at batch 1 and 8: --other FILE, in that order too
  default  the model file on one thread with ONNX Runtime's own options instead of the bridge's
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import measure
import numpy as np
import onnxruntime as ort
from antiphon.bridge.runtime.stepper import Batching, Stepper
from antiphon.models.file.modelfile import ModelFile
from antiphon.models.file.step import MASKED

COLUMNS = (
    "model", "weights MB", "µs b1", "µs b8", "b8/b1", "floor µs", "b1/floor",
    "float32 µs", "float32/b1", "Keras µs", "Keras/b1", "b1/other", "b8/other", "b1/default", "b1 p99 µs",
)  # fmt: skip
PRODUCTS = ("MatMul", "MatMulNBits", "MatMulIntegerToFloat", "Gemm")


def weight_bytes(path: Path) -> int:
    """Return the bytes of the matrices that a step multiplies with, not of tables it looks rows up in."""
    import onnx

    graph = onnx.load(path).graph
    read = {name for node in graph.node if node.op_type in PRODUCTS for name in node.input}
    return sum(onnx.numpy_helper.to_array(t).nbytes for t in graph.initializer if t.name in read)


class Stepping:
    """Rows of a model whose memory is full, one step a call."""

    def __init__(self, path: Path, batch: int, session: Any = None) -> None:
        model = ModelFile.load(path)
        self.stepper = Stepper(session or model.session, model.manifest, Batching())
        self._rng = np.random.default_rng(1)
        for _ in range(batch):
            self.stepper.add()
        stepper = self.stepper
        codec = model.manifest.codec
        stepper.masks[codec.fields[0].name][:, codec.end] = MASKED
        stepper.top_p[:] = 0.95
        memory = model.manifest.memory
        for _ in range(memory.length + 8 if memory else 8):
            self.step()

    def step(self) -> None:
        """Choose every row's next note."""
        # A bar number stays small: what a clock holds costs nothing, but 16,384 bars are its end.
        self.stepper.clock[:, 0] %= 8192
        self._rng.random(out=self.stepper.uniform, dtype=np.float32)
        self.stepper.step()

    def times(self, steps: int, all_times: list[float] | None = None) -> Callable[[], float]:
        """Return a contestant: the median seconds of ``steps`` steps."""

        def run() -> float:
            took = []
            for _ in range(steps):
                began = time.perf_counter()
                self.step()
                took.append(time.perf_counter() - began)
            if all_times is not None:
                all_times.extend(took)
            return measure.median(took)

        return run


def default_session(path: Path) -> Any:
    """Return a session whose only option is one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def floor(size: int) -> Callable[[], object]:
    """Return one pass over ``size`` bytes: a dot product reads each once and writes nothing."""
    buffer = np.ones(max(size // 4, 1), np.float32)
    return lambda: np.dot(buffer, buffer)


def contest(
    path: Path, float32: Path | None, run: Path | None, other: Path | None, args: argparse.Namespace
) -> list[measure.Cell]:
    """Return one model's row."""
    size = weight_bytes(path)
    single: list[float] = []
    steps = args.steps
    contestants = {
        "b1": Stepping(path, 1).times(steps, single),
        "b8": Stepping(path, 8).times(steps),
        "floor": measure.timed(floor(size), steps),
        "default": Stepping(path, 1, default_session(path)).times(steps),
    }
    if float32:
        contestants["float32"] = Stepping(float32, 1).times(steps)
    if other:
        contestants["other b1"] = Stepping(other, 1).times(steps)
        contestants["other b8"] = Stepping(other, 8).times(steps)
    if run:
        from keras_step import KerasStep

        stepping = KerasStep(run)
        stepping.check()
        contestants["keras"] = measure.timed(stepping.step, max(steps // 10, 2))
    said = measure.rounds(contestants, args.rounds)
    us = {name: measure.median(values) * 1e6 for name, values in said.items()}

    def ratio(one: str, to: str) -> float | None:
        """Return the median ratio of rounds: what disturbs one disturbs both of its sides."""
        if not {one, to} <= set(said):
            return None
        return measure.median(a / b for a, b in zip(said[one], said[to], strict=True))

    return [
        path.stem, size / 1e6, us["b1"], us["b8"], ratio("b8", "b1"), us["floor"], ratio("b1", "floor"),
        us.get("float32"), ratio("float32", "b1"), us.get("keras"), ratio("keras", "b1"),
        ratio("b1", "other b1"), ratio("b8", "other b8"), ratio("b1", "default"),
        measure.percentile(single, 99) * 1e6,
    ]  # fmt: skip


def main() -> int:
    """Measure as told on the command line."""
    parser = measure.arguments(__doc__)
    parser.add_argument("--float32", type=Path, nargs="+", default=[], metavar="FILE")
    parser.add_argument("--run", type=Path, nargs="+", default=[], metavar="RUN")
    parser.add_argument("--other", type=Path, nargs="+", default=[], metavar="FILE")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--steps", type=int, default=200, help="a round (Keras: a tenth)")
    args = parser.parse_args()
    before = measure.machine()
    if args.quick:
        args.rounds, args.steps = 2, 5
    table = measure.Table("A note step", COLUMNS)
    models = measure.model_files(args)
    for index, path in enumerate(models):
        beside = [[*given, *[None] * len(models)][index] for given in (args.float32, args.run, args.other)]
        table.add(*contest(path, *beside, args))
    if len(args.float32) < len(models):
        table.notes.append(
            "float32: skipped where there is no --float32 FILE (antiphon export --weights float32)."
        )
    if len(args.run) < len(models):
        table.notes.append("Keras: skipped where there is no --run RUN.")
    table.notes.append(f"Medians of {args.rounds} interleaved rounds of {args.steps} steps; one thread each.")
    return measure.finish(args, table, before)


if __name__ == "__main__":
    raise SystemExit(main())
