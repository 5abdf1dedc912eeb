"""Whether a tonic that is named sounds as much as in music, and is not hammered.

    python tests/benchmarks/home.py MODEL DATASET [--split valid] [--pieces 300] [--bars 4] [--pull 2]

The first bars of pieces are told, and the next four follow, in a scale of the context's own pitch classes
that names the pitch class on which the piece ends, in its lowest voice. The same scales are played from
nothing, eight bars each. For each strength (bridge/leading, PULL), and for the music itself:

- the nats of a pitch that the music went on with;
- the shares of the time of the tonic and of the fifth above;
- *first two*: how many have the tonic among the two pitch classes that sound most;
- *again*: the share of notes that repeat the tonic right before them, of models of one voice.

The last bar does not count, where music that ends is led home.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.leading import tonality
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.models.file.manifest import Manifest
from antiphon.models.file.modelfile import ModelFile
from antiphon.models.note import Note
from antiphon.train.dataset.dataset import Dataset
from continuing import FOLLOWING, Pitches, arguments, nats_of
from played import Passage, in_one_metre

NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
FROM_NOTHING = 8
"""Bars."""


@dataclass(frozen=True)
class Piece(Passage):
    """A passage whose tonic is known."""

    tonic: int

    @property
    def scale(self) -> str:
        """What names its tonic and the pitch classes of its context."""
        classes = sorted({self.tonic, *(note.pitch % 12 for note in self.context)})
        return f"{NAMES[self.tonic]} {','.join(map(str, classes))}"


@dataclass
class Told:
    """What some answers, or pieces, have of their tonics."""

    shares: list[tuple[float, float]] = field(default_factory=list)
    first: list[bool] = field(default_factory=list)
    again: list[bool] = field(default_factory=list)

    def add(self, notes: Sequence[Note], tonic: int) -> None:
        """Count one."""
        if not notes:
            return
        heard = np.roll(tonality.told_by(notes), -tonic)
        self.shares.append((heard[0] / heard.sum(), heard[7] / heard.sum()))
        self.first.append(0 in np.argsort(-heard, kind="stable")[:2])
        self.again += [a.pitch == b.pitch and a.pitch % 12 == tonic for a, b in pairwise(notes)]

    def row(self, manifest: Manifest) -> str:
        """Return the cells of a table."""
        tonic, fifth = np.mean(self.shares, axis=0)
        again = f"{np.mean(self.again):.3f}" if manifest.is_melody else ""
        return f"{tonic:.3f} | {fifth:.3f} | {np.mean(self.first):.2f} | {again}"


def taken(dataset: Dataset, split: str, most: int, bars: int) -> list[Piece]:
    """Return the first bars of pieces, those that follow, and the tonics."""
    found = []
    for notes, metre in in_one_metre(dataset, "test" if split == "test" else "valid", most):
        cut, end = bars * metre.beats, (bars + FOLLOWING) * metre.beats
        context = [note for note in notes if note.start < cut]
        following = [note for note in notes if cut <= note.start < end]
        if context and following and notes[-1].start >= end:
            home = min((n for n in notes if n.start == notes[-1].start), key=lambda n: n.pitch)
            found.append(Piece(context, following, metre, home.pitch % 12))
    return found


def nats(stepper: Pitches, piece: Piece, shares: tuple[float, float]) -> tuple[float, int]:
    """Return the nats of the pitches that follow, within the scale, and how many they are."""
    codec = stepper.manifest.codec
    column, classes = codec.names.index("pitch"), codec.pitch_classes
    scale = {piece.tonic, *(note.pitch % 12 for note in piece.context)}
    limits = np.where(np.isin(classes, list(scale)), 0.0, -np.inf)
    heard = tonality.told_by(piece.context)
    total, count = 0.0, 0
    for note, (logits, codes) in zip(piece.following, stepper.following(piece), strict=True):
        led = logits + limits + tonality.of_tonic(piece.tonic, heard, shares)[classes]
        if classes[codes[column]] in scale:
            total, count = total + float(nats_of(led[None], codes[column])[0]), count + 1
        heard[note.pitch % 12] += note.duration
    return total, count


def answers(engine: Engine, manifest: Manifest, pieces: Sequence[Piece], bars: int) -> tuple[Told, Told]:
    """Return what a model's answers have of their tonics, and what it plays from nothing."""
    continued, made = Told(), Told()
    for seed, piece in enumerate(pieces):
        length, start = piece.metre.beats, bars * piece.metre.beats
        asked = {"seed": seed, "metre": str(piece.metre), "scale": piece.scale}
        options = {**asked, "bars": FOLLOWING, "start": start}
        answer = engine.generate(resolve({}, options, tuple(piece.context), manifest, seed))[0].notes
        continued.add(answer, piece.tonic)
        tune = engine.generate(resolve({}, {**asked, "bars": FROM_NOTHING}, None, manifest, seed))[0].notes
        made.add([n for n in tune if n.start < (FROM_NOTHING - 1) * length], piece.tonic)
    return continued, made


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--bars", type=int, default=4, help="that are told (4)")
    parser.add_argument("--pull", type=float, nargs="+", default=[0.0, 1.0, tonality.PULL, 3.0])
    args = parser.parse_args()
    manifest = ModelFile.load(args.model).manifest
    pieces = taken(Dataset.load(args.dataset), args.split, args.pieces, args.bars)
    shares = tonality.HOME if manifest.is_melody else tonality.HOME_OF_VOICES
    music = Told()
    for piece in pieces:
        music.add(piece.following, piece.tonic)
    print(f"{manifest.name}: {len(pieces)} pieces, {args.bars} bars told\n")
    columns = "| tonic | fifth | first two | again "
    print(f"| pull | nats a pitch {columns}{columns.replace('| tonic', '| from nothing: tonic')}|")
    print("|---" * 10 + "|")
    print(f"| the music | | {music.row(manifest)} | | | | |", flush=True)
    stepper = Pitches(args.model, manifest)
    with Engine(ModelShelf([args.model.parent], shipped=False)) as engine:
        for pull in args.pull:
            tonality.PULL = pull
            lost, notes = np.sum([nats(stepper, piece, shares) for piece in pieces], axis=0)
            continued, made = answers(engine, manifest, pieces, args.bars)
            led = f"{pull:g} | {lost / notes:.4f}"
            print(f"| {led} | {continued.row(manifest)} | {made.row(manifest)} |", flush=True)


if __name__ == "__main__":
    main()
