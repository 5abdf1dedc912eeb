"""How a model of four voices goes on with some of them: in their parts, or all as part 0, as one track comes.

    python tests/benchmarks/fewer.py MODEL DATASET [--split valid] [--pieces 300]

Of four bars of pieces only some voices are told, and four answers of four bars follow. Crossed is for which
share of their time two neighbouring voices are; parallels are fifths and octaves a bar; too low is by how
many semitones the soprano's and the bass's mean pitch lie below those of the piece's four bars, told or not,
and away how far on average, whichever way. The pieces' own next bars stand above.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.models.file.manifest import Manifest
from antiphon.models.file.modelfile import ModelFile
from antiphon.models.note import Note
from continuing import FOLLOWING, arguments, taken
from played import BARS, Passage
from voiceleading import faults

TAKES = 4
"""Answers to each context."""
TOLD = (
    ("all four", (0, 1, 2, 3), False),
    ("all four, on one part", (0, 1, 2, 3), True),
    ("upper three", (0, 1, 2), False),
    ("upper three, on one part", (0, 1, 2), True),
    ("soprano and bass", (0, 3), False),
    ("soprano and bass, on one part", (0, 3), True),
    ("soprano", (0,), False),
    ("tenor, on part 0", (2,), True),
    ("bass", (3,), False),
    ("bass, on part 0", (3,), True),
)
"""Each with the voices, and whether they come as one part."""


@dataclass(frozen=True)
class Heard:
    """How four bars lie beside those before them."""

    faults: np.ndarray
    """As :func:`voiceleading.faults` returns them."""
    lower: dict[int, float]
    """By how many semitones soprano and bass lie below those before."""


def mean(notes: Sequence[Note], part: int) -> float:
    """Return the mean pitch of a part; not a number where it is silent."""
    pitches = [note.pitch for note in notes if note.part == part]
    return float(np.mean(pitches)) if pitches else float("nan")


def hear(passage: Passage, notes: Sequence[Note]) -> Heard:
    """Return how notes lie that follow a passage's context."""
    beats = passage.metre.beats
    found = faults(notes, BARS * beats, (BARS + FOLLOWING) * beats)
    return Heard(found, {part: mean(passage.context, part) - mean(notes, part) for part in (0, 3)})


def answers(
    engine: Engine, manifest: Manifest, passages: Sequence[Passage], voices: Sequence[int], one_part: bool
) -> Iterator[Heard]:
    """Yield what follows some voices of each passage, as one part or in theirs."""
    for seed, passage in enumerate(passages):
        told = [note for note in passage.context if note.part in voices]
        if not told:
            continue
        notes = tuple(replace(note, part=0) if one_part else note for note in told)
        options = {
            "bars": FOLLOWING,
            "takes": TAKES,
            "metre": str(passage.metre),
            "start": BARS * passage.metre.beats,
        }
        for take in engine.generate(resolve({}, options, notes, manifest, seed)):
            yield hear(passage, take.notes)


def row(name: str, heard: Sequence[Heard]) -> str:
    """Return a row of the table."""
    found = np.sum([each.faults for each in heard], axis=0)
    cells = [f"{found[2] / max(found[3], 1):.3f}", f"{(found[0] + found[1]) / (FOLLOWING * len(heard)):.3f}"]
    for part in (0, 3):
        lower = [each.lower[part] for each in heard]
        cells += [f"{np.nanmean(lower):.1f}", f"{np.nanmean(np.abs(lower)):.2f}"]
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    args = arguments(__doc__).parse_args()
    manifest = ModelFile.load(args.model).manifest
    passages = taken(args, BARS)
    print(f"{manifest.name}: {TAKES} answers to {BARS} bars of {len(passages)} pieces\n")
    print("| told | crossed | parallels a bar | soprano too low | away | bass too low | away |")
    print("|---|---|---|---|---|---|---|")
    print(row("the music", [hear(passage, passage.following) for passage in passages]))
    with Engine(ModelShelf([args.model.parent], shipped=False)) as engine:
        for name, voices, one_part in TOLD:
            heard = list(answers(engine, manifest, passages, voices, one_part))
            if heard:
                print(row(name, heard), flush=True)


if __name__ == "__main__":
    main()
