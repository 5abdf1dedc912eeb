"""Bits a character of tunes as text: a network beside compressors and an n-gram on the same tunes."""

from __future__ import annotations

import bz2
import lzma
from collections.abc import Callable
from math import log

import numpy as np

from ..dataset.dataset import Dataset, SplitName
from ..fit.loss import evaluate_pieces, loss_of
from ..fit.passages import pieces_of
from ..network.network import NoteNetwork
from .ngram import NGram

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "bz2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME),
}


def bits_a_character(network: NoteNetwork, dataset: Dataset, split: SplitName) -> dict[str, float]:
    """Return bits a character of a split's tunes by what predicts them.

    The end of a tune counts as one character: in the text that compressors get it is an empty line. They
    get the split alone, and then the training tunes before it, whose share is taken off again.
    """
    pieces = pieces_of(dataset, split)
    ends = 1 + len(pieces) / sum(map(len, pieces))
    nats = float(evaluate_pieces(loss_of(network), dataset.codec, pieces, "nothing").sum())
    grams = float(NGram(dataset.codec).fit(pieces_of(dataset, "train")).nats_a_note(pieces).sum())
    found = {"network": nats / log(2) / ends, "5-gram": grams / log(2) / ends}
    held, train = text_of(dataset, split).encode(), text_of(dataset, "train").encode()
    for name, compress in COMPRESSORS.items():
        found[f"{name}, the tunes alone"] = 8 * len(compress(held)) / len(held)
        after = len(compress(train + held)) - len(compress(train))
        found[f"{name}, after the training tunes"] = 8 * after / len(held)
    return found


def text_of(dataset: Dataset, split: SplitName) -> str:
    """Return the tunes of a split with an empty line after each."""
    data = dataset.split(split)
    tunes = (dataset.codec.decode_text(np.asarray(data.codes[data.piece(i)])) for i in range(data.pieces))
    return "".join(f"{tune}\n" for tune in tunes)


def table(found: dict[str, float]) -> str:
    """Return figures as a Markdown table."""
    rows = [f"| {name} | {bits:.3f} |" for name, bits in found.items()]
    return "\n".join(["| | bits a character |", "|---|---|", *rows])
