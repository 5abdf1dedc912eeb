"""What it does to lean towards the key of a context: to the music that followed, and to answers.

    python tests/benchmarks/leaning.py MODEL DATASET [--split valid] [--pieces 300] [--bars 4]

The first bars of pieces are told, and the next four follow. For each strength (bridge/leading, STRANGE):
the nats of a pitch that the music went on with, and the share of their time that the notes of an answer spend
in the major scale, or its relatives, that has most of the context; the music's own share stands above.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.leading import tonality
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.models.note import Note
from continuing import Pitches, answers, begin, nats_of
from played import Passage

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)


def nats(stepper: Pitches, passage: Passage) -> np.ndarray:
    """Return the nats of the pitches that follow, one sum for each strength."""
    codec = stepper.manifest.codec
    column, classes = codec.names.index("pitch"), codec.pitch_classes
    key = tonality.of_heard(tonality.told_by(passage.context))[classes]
    leanings = np.outer(STRENGTHS, key / tonality.STRANGE)
    found = np.zeros(len(STRENGTHS))
    for logits, codes in stepper.following(passage):
        found += nats_of(logits + leanings, codes[column])
    return found


def in_key(context: Sequence[Note], notes: Sequence[Note]) -> np.ndarray:
    """Return the time that notes spend in the context's scale, and the time of all."""
    heard, played = tonality.told_by(context), tonality.told_by(notes)
    scale = tonality.KEYS[int(np.argmax(tonality.KEYS @ heard))]
    return np.array([played @ scale, played.sum()])


def main() -> None:
    args, manifest, told, losses = begin(__doc__, nats)
    own = sum(in_key(passage.context, passage.following) for passage in told)
    print(f", {own[0] / own[1]:.3f} of their time in the context's scale\n")
    print("| strength | nats a pitch | answers in the scale |\n|---|---|---|")
    with Engine(ModelShelf([args.model.parent], shipped=False)) as engine:
        for strength, loss in zip(STRENGTHS, losses, strict=True):
            tonality.STRANGE = strength
            share = sum(in_key(*pair) for pair in answers(engine, manifest, told, args.bars))
            print(f"| {strength:g} | {loss:.4f} | {share[0] / share[1]:.3f} |", flush=True)


if __name__ == "__main__":
    main()
