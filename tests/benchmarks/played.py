"""What a model makes of played music: nats a note of four bars of a score after four bars as somebody plays.

    python tests/benchmarks/played.py MODEL DATASET [--pieces 300]

The context is told as the score has it, with its lengths, onsets or voices as a player or a host would leave
them, and read twice: as it is, and as the bridge reads it (bridge/leading). What follows is the same
score each time, so that every difference is the context's.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from antiphon.bridge.leading.choir import in_its_voice
from antiphon.bridge.leading.context import as_learnt, in_phrase, read_context
from antiphon.bridge.manner.manner import Knows, manner_of
from antiphon.bridge.manner.swing import Swing, swings
from antiphon.bridge.runtime.stepper import Stepper
from antiphon.models.codec import Codec
from antiphon.models.file.manifest import Manifest
from antiphon.models.file.modelfile import ModelFile
from antiphon.models.metre import Metre, MetreMap, is_pick_up
from antiphon.models.note import Note
from antiphon.train.dataset.dataset import Dataset, SplitName

BARS = 4
Play = Callable[[random.Random, Sequence[Note], float], list[Note]]


@dataclass(frozen=True)
class Passage:
    """Bars of a test piece."""

    context: list[Note]
    following: list[Note]
    metre: Metre


def in_one_metre(dataset: Dataset, name: SplitName, most: int) -> Iterator[tuple[list[Note], Metre]]:
    """Yield the notes of those of a split's first pieces that have one metre, which the data set knows."""
    split = dataset.split(name)
    for piece in list(map(split.piece, range(split.pieces)))[:most]:
        codes = set(split.clock[piece, 4].tolist())
        if len(codes) == 1 and 0 not in codes:
            metre = Metre.parse(dataset.metres[codes.pop() - 1])
            yield dataset.codec.decode(split.codes[piece]), metre


def passages(
    dataset: Dataset, most: int, name: SplitName = "test", told: int = BARS, following: int = BARS
) -> Iterator[Passage]:
    """Yield the first bars of a split's pieces that have one metre and notes on both sides of the cut."""
    for notes, metre in in_one_metre(dataset, name, most):
        cut, end = told * metre.beats, (told + following) * metre.beats
        before = [note for note in notes if note.start < cut]
        after = [note for note in notes if cut <= note.start < end]
        if before and after:
            yield Passage(before, after, metre)


def playing(late: float, held: tuple[float, float]) -> Play:
    """Return a player whose onsets miss by a normal error and who holds notes for a share of their time."""

    def play(rng: random.Random, notes: Sequence[Note], cut: float) -> list[Note]:
        missed = [
            note.start + min(max(rng.gauss(0, late), -0.1), 0.1) if late else note.start for note in notes
        ]
        return [
            replace(note, start=min(start, cut - 0.01), duration=note.duration * rng.uniform(*held))
            for note, start in zip(notes, missed, strict=True)
        ]

    return play


def on_one_part(play: Play) -> Play:
    """Return a host that sends all voices as part 0."""
    return lambda rng, notes, cut: [replace(note, part=0) for note in play(rng, notes, cut)]


def only(parts: tuple[int, ...], play: Play) -> Play:
    """Return a player of these voices alone."""
    return lambda rng, notes, cut: [note for note in play(rng, notes, cut) if note.part in parts]


def with_chords(play: Play) -> Play:
    """Return a player whose left hand adds a triad below each bar of the tune, but not under a pick-up."""

    def both(rng: random.Random, notes: Sequence[Note], cut: float) -> list[Note]:
        chords = []
        for bar in range(BARS):
            start, length = bar * cut / BARS, cut / BARS
            here = [n for n in notes if start <= n.start < start + length]
            if here and not is_pick_up(min(n.start for n in here) - start, length):
                below = min(n.pitch for n in here)
                chords += [Note(below - down, start, length) for down in (3, 7, 12)]
        return play(rng, [*notes, *chords], cut)

    return both


def swinging(place: float) -> Play:
    """Return a player of exact time who swings."""

    def play(rng: random.Random, notes: Sequence[Note], cut: float) -> list[Note]:
        return [Swing(place).swung(note, 0.0, range(round(cut))) for note in notes]

    return play


WELL, ROUGHLY = playing(0.02, (0.8, 1.15)), playing(0.04, (0.6, 0.9))
WRITTEN = playing(0.0, (1.0, 1.0))
PLAYERS = {
    "the score": WRITTEN,
    "lengths played": playing(0.0, (0.8, 1.15)),
    "played, 0.02 beats off": WELL,
    "played, 0.04 beats off, detached": ROUGHLY,
    "half of their time": playing(0.0, (0.5, 0.5)),
    "0.3 of their time": playing(0.0, (0.3, 0.3)),
    "played, 0.02 beats off, 0.3 to 0.5 of their time": playing(0.02, (0.3, 0.5)),
}
SWUNG = {f"swung, off-beats at {place:.2f}": swinging(place) for place in (0.58, 2 / 3)}
"""Of music in metres that swing, without sixteenths and triplets."""
VOICES = {
    "the score, on one part": on_one_part(WRITTEN),
    "played, 0.02 beats off, on one part": on_one_part(WELL),
    "the outer voices, in their parts": only((0, 3), WRITTEN),
    "the outer voices, on one part": on_one_part(only((0, 3), WRITTEN)),
    "the upper three, in their parts": only((0, 1, 2), WRITTEN),
    "the upper three, on one part": on_one_part(only((0, 1, 2), WRITTEN)),
    "the bass, in its part": only((3,), WRITTEN),
    "the bass, on part 0": on_one_part(only((3,), WRITTEN)),
}
CHORDS = {
    "the score, with chords": with_chords(WRITTEN),
    "played, 0.02 beats off, with chords": with_chords(WELL),
}


class Listener:
    """A model that reads a context and says how likely what followed was."""

    def __init__(self, model: ModelFile) -> None:
        self.manifest: Manifest = model.manifest
        self._stepper = Stepper(model.session, model.manifest)

    def nats(self, context: Sequence[Note], passage: Passage, metres: MetreMap) -> float:
        """Return the nats of all that follows."""
        codec: Codec = self.manifest.codec
        before = sorted(context, key=lambda n: n.order)
        encoded = codec.encode([*before, *passage.following], metres)
        clocks = np.stack([encoded.bars, encoded.places, encoded.bar_ticks], axis=1)
        stepper = self._stepper
        stepper.clear()
        stepper.add()
        metre = self.manifest.metre_code(passage.metre)
        phrase = read_context(self.manifest, before, metres).phrase
        note, clock = codec.begin(), np.array([0, 0, encoded.bar_ticks[0]])
        found = 0.0
        for at, codes in enumerate(encoded.codes):
            stepper.note[0], stepper.clock[0], stepper.forced[0] = note, clock, codes
            stepper.conditions[0, :2] = metre, in_phrase(phrase, int(clock[0]))
            stepper.step()
            if at >= len(before):
                found -= float(stepper.log_prob[0].sum())
            note, clock = codes, clocks[at]
        return found


def has_eighths(passage: Passage) -> bool:
    """Return whether players may swing a passage, and have anything to swing."""
    within = {note.start % 1 for note in passage.context}
    return swings(passage.metre) and within == {0.0, 0.5}


def as_read(manifest: Manifest, notes: Sequence[Note], metre: Metre) -> list[Note]:
    """Return a context as the bridge reads it."""
    notes = in_its_voice(tuple(notes), manifest, None)
    manner = manner_of(notes, metre, 0.0, Knows.of(manifest))
    written = manner.written(sorted(notes, key=lambda note: note.start), BARS * metre.beats)
    return as_learnt(manifest, written, MetreMap(((0.0, metre),)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a model file of one or several melodies")
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="what antiphon prepare wrote")
    parser.add_argument("--pieces", type=int, default=300, help="of the test split at most (300)")
    args = parser.parse_args()
    listener = Listener(ModelFile.load(args.model))
    manifest = listener.manifest
    taken = list(passages(Dataset.load(args.dataset), args.pieces))
    if not taken:
        raise SystemExit(f"{args.dataset} has no test piece of {2 * BARS} bars in one metre")
    notes = sum(len(passage.following) for passage in taken)
    print(f"{manifest.name}: {notes} notes that follow {BARS} bars of {len(taken)} pieces\n")
    print("| context | nats a note, read as it is | as the bridge reads it |\n|---|---|---|")
    for name, play in {**PLAYERS, **SWUNG, **(VOICES if len(manifest.parts) > 1 else CHORDS)}.items():
        plain = transcribed = 0.0
        heard = [passage for passage in taken if name not in SWUNG or has_eighths(passage)]
        notes = sum(len(passage.following) for passage in heard)
        for seed, passage in enumerate(heard):
            metres = MetreMap(((0.0, passage.metre),))
            played = play(random.Random(seed), passage.context, BARS * passage.metre.beats)
            plain += listener.nats(played, passage, metres)
            transcribed += listener.nats(as_read(manifest, played, passage.metre), passage, metres)
        print(f"| {name} | {plain / notes:.3f} | {transcribed / notes:.3f} |", flush=True)


if __name__ == "__main__":
    main()
