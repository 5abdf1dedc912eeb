"""What an exported file must show before it is packed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx

from ...models.errors import ExportError
from .reference import KerasLogProbs
from .replay import Passage, Replay, nats_a_note

PARITY = 1e-4
"""Largest difference of a log-probability, ONNX float32 against Keras, in nats."""
QUANTISING = 0.005
"""Largest relative rise of the held-out loss by 8-bit weights."""
PARITY_STEPS = 1000
"""Steps that are compared: of held-out pieces, as far as these have so many, and of notes freely chosen."""
FORBIDDEN = ("Loop", "Scan", "If", "LSTM", "GRU")


@dataclass(frozen=True)
class Parity:
    """How closely the float32 graph follows Keras over held-out notes."""

    steps: int
    """How many were compared."""
    worst: float
    """Largest absolute difference of a log-probability, nats."""


def check_nodes(model: onnx.ModelProto) -> None:
    """Raise ExportError for node types that would be slow or hide a loop."""
    found = sorted({node.op_type for node in model.graph.node} & set(FORBIDDEN))
    if found:
        raise ExportError(f"the step graph holds {', '.join(found)}; a step must be plain operations")


def check_parity(replay: Replay, keras: KerasLogProbs, passages: list[Passage]) -> Parity:
    """Compare log-probabilities; raise ExportError where they differ.

    Whole passages are compared until they are PARITY_STEPS steps, or all of them where they are fewer: the
    report says how many. Of none at all no graph can be said to be right: that is an ExportError as well.
    """
    _check_some(passages)
    steps, worst = 0, 0.0
    for passage in passages:
        weight = passage["weight"] > 0
        apart = np.abs(replay.log_probs(passage) - keras(passage))[weight]
        steps, worst = steps + len(weight), float(np.maximum(worst, apart.max()))  # NaN stays
        if steps >= PARITY_STEPS:
            break
    if not worst <= PARITY:
        raise ExportError(f"log-probabilities differ by {worst:.2e} nats from Keras', more than {PARITY:.0e}")
    return Parity(steps, worst)


@dataclass(frozen=True)
class HeldOut:
    """What held-out notes cost, in nats a note."""

    float32: float
    """By the graph as converted."""
    exported: float
    """By the graph that is packed."""


def held_out(before: Replay, after: Replay, passages: list[Passage]) -> HeldOut:
    """Return nats a note of both graphs, measured once where they are the same one.

    Raises ExportError where there are no passages, their loss is no number, or 8-bit weights cost too much.
    """
    _check_some(passages)
    plain = float(nats_a_note(before, passages).sum())
    if not np.isfinite(plain):
        raise ExportError(
            f"the held-out loss is {plain} nats a note: `antiphon evaluate` says in which field; train anew"
        )
    small = plain if after is before else float(nats_a_note(after, passages).sum())
    if not small <= plain * (1 + QUANTISING):
        raise ExportError(
            f"8-bit weights raise the held-out loss from {plain:.4f} to {small:.4f} nats a note, by more "
            f"than {QUANTISING:.1%}: export with --weights float32"
        )
    return HeldOut(plain, small)


def _check_some(passages: list[Passage]) -> None:
    """Raise ExportError where there is nothing to compare or to measure."""
    if not passages:
        raise ExportError(
            "neither the test split nor the valid split holds a piece to compare file and network by; "
            "prepare more music, or put some of it into a folder test and prepare it again"
        )
