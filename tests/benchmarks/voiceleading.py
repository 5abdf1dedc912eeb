"""What it does to keep voices from parallels and from crossing: to the music, and to answers.

    python tests/benchmarks/voiceleading.py MODEL DATASET [--split valid] [--pieces 300] [--bars 4]

The first bars of pieces are told, and the next four follow. For strengths of both, in nats
(bridge/leading): the nats of a pitch that the music went on with, key and tessitura led as the bridge
does; and of answers how many parallel fifths and octaves a bar has, and for which share of their time two
neighbouring voices are crossed. The music's own figures stand above.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

import numpy as np
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.leading import tonality, voiceleading
from antiphon.bridge.leading.tessitura import tessitura_of
from antiphon.bridge.leading.voiceleading import CROSSED, PARALLEL, voice_leading_of
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.models.metre import MetreMap
from antiphon.models.note import Note
from continuing import FOLLOWING, Pitches, answers, begin, nats_of
from played import Passage

STRENGTHS = ((0.0, 0.0), (4.0, 0.0), (0.0, 1.5), (2.0, 1.0), (4.0, 1.5), (4.0, 3.0), (6.0, 3.0))
"""Of parallels and of crossing."""
STEP = 0.25
"""Beats between two looks at what sounds."""


def lead(strengths: tuple[float, float]) -> None:
    """Make the bridge lead so strongly."""
    voiceleading.PARALLEL, voiceleading.CROSSED = strengths


def nats(stepper: Pitches, passage: Passage) -> np.ndarray:
    """Return the nats of the pitches that follow, one sum for each strength."""
    manifest = stepper.manifest
    codec = manifest.codec
    column, classes = codec.names.index("pitch"), codec.pitch_classes
    key = tonality.of_heard(tonality.told_by(passage.context))[classes].astype(np.float32)
    told = codec.encode(sorted(passage.context, key=lambda n: n.order), MetreMap(((0.0, passage.metre),)))
    tessitura = tessitura_of(manifest, told.codes)
    motion = voice_leading_of(manifest, told.codes)
    assert tessitura is not None and motion is not None
    found = np.zeros(len(STRENGTHS))
    for logits, codes in stepper.following(passage):
        home = logits + tessitura.lead(key)
        rows = []
        for strengths in STRENGTHS:
            lead(strengths)
            rows.append(motion.lead(home, tessitura.homes))
        found += nats_of(np.stack(rows), codes[column])
        tessitura.hear(codes)
        motion.hear(codes)
    return found


def looks(notes: Sequence[Note], start: float, end: float) -> Iterator[dict[int, int]]:
    """Yield the pitch of each part that sounds, look by look."""
    for at in np.arange(start + 1e-3, end, STEP):
        yield {note.part: note.pitch for note in notes if note.start <= at < note.end}


def faults(notes: Sequence[Note], start: float, end: float) -> np.ndarray:
    """Return parallel fifths, parallel octaves, looks with neighbours crossed, and pairs of neighbours."""
    found = np.zeros(4)
    seen = list(looks(notes, start, end))
    for before, now in pairwise(seen):
        for one, other in combinations(sorted(before.keys() & now.keys()), 2):
            if before[one] != now[one] and before[other] != now[other]:
                apart = {(before[one] - before[other]) % 12, (now[one] - now[other]) % 12}
                found[0] += apart == {7}
                found[1] += apart == {0}
    for now in seen:
        for one, other in pairwise(sorted(now)):
            found[2] += now[one] < now[other]
            found[3] += 1
    return found


def told(found: np.ndarray, bars: int) -> str:
    """Return fifths and octaves a bar, and the share of crossed neighbours."""
    return f"{found[0] / bars:.3f} | {found[1] / bars:.3f} | {found[2] / max(found[3], 1):.3f}"


def entries(passage: Passage, cut: float) -> tuple[int, int]:
    """Return how many voices end at a cut, and how many of them begin there."""
    ends: dict[int, float] = {}
    for note in passage.context:
        ends[note.part] = max(note.end, ends.get(note.part, 0.0))
    ended = {part for part, end in ends.items() if abs(end - cut) < STEP / 2}
    begin = {note.part for note in passage.following if note.start < cut + STEP / 2}
    return len(ended), len(ended & begin)


def main() -> None:
    args, manifest, passages, losses = begin(__doc__, nats)
    print("\n")
    print("| parallels, crossing | nats a pitch | fifths a bar | octaves a bar | crossed |")
    print("|---|---|---|---|---|")
    spans = [(p.metre.beats * args.bars, p.metre.beats * (args.bars + FOLLOWING)) for p in passages]
    own = sum(faults([*p.context, *p.following], *span) for p, span in zip(passages, spans, strict=True))
    bars = FOLLOWING * len(passages)
    print(f"| the music | | {told(own, bars)} |")
    with Engine(ModelShelf([args.model.parent], shipped=False)) as engine:
        for strengths, loss in zip(STRENGTHS, losses, strict=True):
            lead(strengths)
            pairs = answers(engine, manifest, passages, args.bars)
            found = sum(
                faults([*context, *answer], *span)
                for (context, answer), span in zip(pairs, spans, strict=True)
            )
            bold = "**" if strengths == (PARALLEL, CROSSED) else ""
            print(
                f"| {bold}{strengths[0]:g}, {strengths[1]:g}{bold} | {loss:.4f} | {told(found, bars)} |",
                flush=True,
            )
    ended, began = np.sum([entries(p, p.metre.beats * args.bars) for p in passages], axis=0)
    print(f"\nof {ended} voices whose last notes end with the context {began} go on at once")


if __name__ == "__main__":
    main()
