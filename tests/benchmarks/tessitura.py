"""What it does to lead the voices of an answer to where its context lies: to the music, and to answers.

    python tests/benchmarks/tessitura.py MODEL DATASET [--split valid] [--pieces 300] [--bars 4]

The first bars of pieces are told, and the next four follow. For each strength, 1 being what the bridge does
(bridge/leading): the nats of a pitch that the music went on with, and how many semitones the voices of
answers lie from their context's, mean pitch from mean pitch: on average, and nine in ten at most. The music's
own figures stand above.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.leading import tessitura, tonality
from antiphon.bridge.leading.tessitura import Tessitura
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.models.metre import MetreMap
from antiphon.models.note import Note
from continuing import Pitches, answers, begin, nats_of
from played import Passage

STRENGTHS = (0.0, 0.5, 1.0, 1.5, 2.0)
OUTSIDE, DRIFT = tessitura.OUTSIDE, tessitura.DRIFT


def lead(strength: float) -> None:
    """Make the bridge lead so strongly."""
    tessitura.OUTSIDE, tessitura.DRIFT = strength * OUTSIDE, strength * DRIFT


def nats(stepper: Pitches, passage: Passage) -> np.ndarray:
    """Return the nats of the pitches that follow, one sum for each strength."""
    codec = stepper.manifest.codec
    column, classes = codec.names.index("pitch"), codec.pitch_classes
    key = tonality.of_heard(tonality.told_by(passage.context))[classes].astype(np.float32)
    told = codec.encode(sorted(passage.context, key=lambda n: n.order), MetreMap(((0.0, passage.metre),)))
    leaders = []
    for strength in STRENGTHS:
        lead(strength)
        leaders.append(Tessitura(codec, told.codes))
    found = np.zeros(len(STRENGTHS))
    for logits, codes in stepper.following(passage):
        found += nats_of(logits + np.stack([leader.lead(key) for leader in leaders]), codes[column])
        for strength, leader in zip(STRENGTHS, leaders, strict=True):
            lead(strength)
            leader.hear(codes)
    return found


def distance(context: Sequence[Note], notes: Sequence[Note]) -> float:
    """Return how many semitones voices lie from where they lay, on average; 0 where none is in both."""
    away = []
    for part in {note.part for note in context}:
        before = [note.pitch for note in context if note.part == part]
        after = [note.pitch for note in notes if note.part == part]
        if after:
            away.append(abs(float(np.mean(after) - np.mean(before))))
    return float(np.mean(away)) if away else 0.0


def told(distances: Sequence[float]) -> str:
    """Return the mean and the ninth decile."""
    return f"{np.mean(distances):.2f} | {np.percentile(distances, 90):.2f}"


def main() -> None:
    args, manifest, passages, losses = begin(__doc__, nats)
    print("\n")
    print("| strength | nats a pitch | semitones from the context | 9 in 10 within |\n|---|---|---|---|")
    own = [distance(passage.context, passage.following) for passage in passages]
    print(f"| the music | | {told(own)} |")
    with Engine(ModelShelf([args.model.parent], shipped=False)) as engine:
        for strength, loss in zip(STRENGTHS, losses, strict=True):
            lead(strength)
            found = [distance(*pair) for pair in answers(engine, manifest, passages, args.bars)]
            print(f"| {strength:g} | {loss:.4f} | {told(found)} |", flush=True)


if __name__ == "__main__":
    main()
