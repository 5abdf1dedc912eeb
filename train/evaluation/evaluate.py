"""Held-out nats a note by field, beside a 5-gram on the same notes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...models.codec import Codec
from ..config.sections import Told
from ..dataset.dataset import Dataset, SplitName
from ..fit.batches import alone, tensors
from ..fit.loss import evaluate_pieces, loss_of
from ..fit.passages import Piece, numbered_pieces, passage, pieces_of
from ..network.network import NoteNetwork
from .ngram import NGram

CONTEXT_BARS = 4


def from_bar(
    loss: Any, codec: Codec, pieces: list[Piece], bars: int, told: Told, *, given: bool
) -> np.ndarray | None:
    """Return nats a note by field of what follows the first ``bars`` bars, those being given or hidden.

    The same notes count either way; the first one's delta counts in neither, since it is no choice where
    the passage begins with it. None where no piece is longer than that.
    """
    total = np.zeros(len(codec.fields) + 1)
    for piece in pieces:
        first = int(np.argmax(piece.clock[:, 1] >= bars))
        if first == 0:  # the piece is over by then
            continue
        if given:
            one = passage(codec, piece, 0, len(piece) + 1, told=told)
            one["weight"][:first] = 0.0
            one["weight"][first, 0] = 0.0
            one["counted"][:first] = 0.0
        else:
            one = passage(codec, piece, first, len(piece) + 1 - first, told=told)
        total += loss(tensors(alone(one))).numpy()
    return np.asarray(total[:-1] / total[-1]) if total[-1] else None


def figures(network: NoteNetwork, dataset: Dataset, split: SplitName) -> dict[str, dict[str, float]]:
    """Return every held-out figure of a split: rows by model and condition, columns by field and total."""
    pieces, train = pieces_of(dataset, split), pieces_of(dataset, "train")
    codec, loss, told = dataset.codec, loss_of(network), network.shape.config.told
    given, hidden = (
        from_bar(loss, codec, pieces, CONTEXT_BARS, told, given=given) for given in (True, False)
    )
    rows: dict[str, np.ndarray | None] = {
        "network": evaluate_pieces(loss, codec, pieces, told),
        f"network, from bar {CONTEXT_BARS + 1}, bars before given": given,
        f"network, from bar {CONTEXT_BARS + 1}, nothing given": hidden,
        "5-gram": NGram(codec).fit(train).nats_a_note(pieces),
    }
    if told == "phrase":
        rows["network, phrases not told"] = evaluate_pieces(loss, codec, pieces, "nothing")
    if network.shape.config.relative_pitch:
        rows["5-gram over intervals"] = NGram(codec, relative=True).fit(train).nats_a_note(pieces)
    return {
        name: {**{f: float(x) for f, x in zip(codec.names, row, strict=True)}, "total": float(row.sum())}
        for name, row in rows.items()
        if row is not None
    }


def table(found: dict[str, dict[str, float]]) -> str:
    """Return figures as a Markdown table, nats a note."""
    columns = list(next(iter(found.values())))
    lines = ["| nats a note | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, row in found.items():
        lines.append(f"| {name} | " + " | ".join(f"{row[c]:.3f}" for c in columns) + " |")
    return "\n".join(lines)


def beside_baseline(found: dict[str, dict[str, float]]) -> str:
    """Return how far the network is below or above the better of the 5-grams, in words."""
    totals = {name: row["total"] for name, row in found.items() if name.startswith("5-gram")}
    best = min(totals, key=totals.__getitem__)
    gain = 1 - found["network"]["total"] / totals[best]
    return f"{abs(gain):.1%} {'below' if gain > 0 else 'above'} the {best}"


def by_source(network: NoteNetwork, dataset: Dataset, split: SplitName) -> dict[str, float]:
    """Return the network's nats a note by the first part of the pieces' names, where there are several."""
    names, loss, told = dataset.split(split).names, loss_of(network), network.shape.config.told
    groups: dict[str, list[Piece]] = {}
    for index, piece in numbered_pieces(dataset, split):
        groups.setdefault(names[index].split("/")[0].split(":")[0], []).append(piece)
    if not 1 < len(groups) <= min(12, len(names) // 2):
        return {}
    return {n: float(evaluate_pieces(loss, dataset.codec, p, told).sum()) for n, p in groups.items()}
