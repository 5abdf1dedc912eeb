"""Whether a tonic that is named sounds as much as in music, and is not hammered.

    python tests/benchmarks/home.py MODEL DATASET [--split valid] [--pieces 300] [--bars 4] [--pull 2]

The first bars of pieces are told, and the next four follow, in a scale of the context's own pitch classes
that names the pitch class on which the piece ends, in its lowest voice. The same scales are played from
nothing, eight bars each. For each strength (bridge/leading, PULL), and for the music itself:

- the nats of a pitch that the music went on with;
- the shares of the time of the tonic and of the fifth above;
- *first two*: how many have the tonic among the two pitch classes that sound most;
- *again*: the share of notes that repeat the tonic right before them, of models of one voice.

The last bar does not count, where music that ends is led home. Above stand the shares of all pieces of the
split, and with --abc FILES those of tunes in ABC, whose own K: names the tonic. Below, those of the bars that
follow in such tunes, and of answers in the scale that K: names, at the bridge's own strength.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.leading import tonality
from antiphon.bridge.protocol.scale import parse_scale
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.models.abc import AbcError, read_abc
from antiphon.models.errors import RequestError
from antiphon.models.file.manifest import Manifest
from antiphon.models.file.modelfile import ModelFile
from antiphon.models.metre import Metre
from antiphon.models.note import Note
from antiphon.models.score import Score
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
    whole: Sequence[Note]
    """The piece."""
    cut: float
    """The beat where what is told ends."""
    key: str | None = None
    """That it names itself."""

    @property
    def scale(self) -> str:
        """Its key, or what names its tonic and the pitch classes of its context."""
        classes = sorted({self.tonic, *(note.pitch % 12 for note in self.context)})
        return self.key or f"{NAMES[self.tonic]} {','.join(map(str, classes))}"


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
        over = max(note.end for note in notes)
        home = min((n for n in notes if n.end > over - 0.1), key=lambda n: n.pitch)
        found += divided(notes, metre, bars * metre.beats, home.pitch % 12)
    return found


def divided(
    notes: Sequence[Note], metre: Metre, cut: float, tonic: int, key: str | None = None
) -> Iterator[Piece]:
    """Yield a piece that is told up to a barline, unless it ends with the bars that follow or before."""
    end = cut + FOLLOWING * metre.beats
    context = [note for note in notes if note.start < cut]
    following = [note for note in notes if cut <= note.start < end]
    if context and following and notes[-1].start >= end:
        yield Piece(context, following, metre, tonic, notes, cut, key)


def whole(pieces: Iterable[tuple[Sequence[Note], int]]) -> str:
    """Return what pieces, with their tonics, have of those up to a bar of 4/4 before their end."""
    told = Told()
    for notes, tonic in pieces:
        end = max(note.end for note in notes)
        told.add([note for note in notes if note.start < end - 4], tonic)
    tonic, fifth = np.mean(told.shares, axis=0)
    return f"{len(told.shares)} pieces: tonic {tonic:.3f}, fifth {fifth:.3f}"


def tunes(files: Sequence[Path]) -> Iterator[tuple[Score, int]]:
    """Yield tunes that name a key and can be read, and their tonics."""
    for path in files:
        for text in re.split(r"\n\s*\n", path.read_text(encoding="utf-8", errors="replace")):
            with suppress(AbcError, RequestError):
                score = read_abc(text)
                tonic = parse_scale(score.key or "").tonic
                if score.notes and tonic is not None:
                    yield score, tonic


def named(files: Sequence[Path], most: int, bars: int) -> list[Piece]:
    """Return the first bars of tunes in one metre, evenly out of all that name their key."""
    found: list[Piece] = []
    for score, tonic in tunes(files):
        if len(score.metres.changes) == 1:
            barline, metre = score.metres.changes[0]
            found += divided(score.notes, metre, barline + bars * metre.beats, tonic, score.key)
    return found[:: max(1, -(-len(found) // most))]


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


def asked(piece: Piece, seed: int) -> dict[str, Any]:
    """Return the options of requests for more of a piece, and for its like."""
    return {"seed": seed, "metre": str(piece.metre), "scale": piece.scale}


def answer(engine: Engine, manifest: Manifest, piece: Piece, seed: int) -> Sequence[Note]:
    """Return what a model goes on with."""
    options = {**asked(piece, seed), "bars": FOLLOWING, "start": piece.cut}
    return engine.generate(resolve({}, options, tuple(piece.context), manifest, seed))[0].notes


def answers(engine: Engine, manifest: Manifest, pieces: Sequence[Piece]) -> tuple[Told, Told]:
    """Return what a model's answers have of their tonics, and what it plays from nothing."""
    continued, made = Told(), Told()
    for seed, piece in enumerate(pieces):
        length = piece.metre.beats
        continued.add(answer(engine, manifest, piece, seed), piece.tonic)
        options = {**asked(piece, seed), "bars": FROM_NOTHING}
        tune = engine.generate(resolve({}, options, None, manifest, seed))[0].notes
        made.add([n for n in tune if n.start < (FROM_NOTHING - 1) * length], piece.tonic)
    return continued, made


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--bars", type=int, default=4, help="that are told (4)")
    parser.add_argument("--pull", type=float, nargs="+", default=[0.0, 1.0, tonality.PULL, 3.0])
    parser.add_argument("--abc", type=Path, nargs="+", metavar="FILE", help="tunes that name their key")
    args = parser.parse_args()
    manifest = ModelFile.load(args.model).manifest
    pieces = taken(Dataset.load(args.dataset), args.split, args.pieces, args.bars)
    shares = tonality.HOME if manifest.is_melody else tonality.HOME_OF_VOICES
    music = Told()
    for piece in pieces:
        music.add(piece.following, piece.tonic)
    print(f"{manifest.name}: {len(pieces)} pieces, {args.bars} bars told; whole, ", end="")
    print(whole((piece.whole, piece.tonic) for piece in pieces), end="")
    in_abc = whole((score.notes, tonic) for score, tonic in tunes(args.abc)) if args.abc else ""
    print(f"; in ABC, {in_abc}\n" if in_abc else "\n")
    columns = "| tonic | fifth | first two | again "
    print(f"| pull | nats a pitch {columns}{columns.replace('| tonic', '| from nothing: tonic')}|")
    print("|---" * 10 + "|")
    print(f"| the music | | {music.row(manifest)} | | | | |", flush=True)
    stepper, strength = Pitches(args.model, manifest), tonality.PULL
    with Engine(ModelShelf([args.model.parent], shipped=False)) as engine:
        for pull in args.pull:
            tonality.PULL = pull
            lost, notes = np.sum([nats(stepper, piece, shares) for piece in pieces], axis=0)
            continued, made = answers(engine, manifest, pieces)
            led = f"{pull:g} | {lost / notes:.4f}"
            print(f"| {led} | {continued.row(manifest)} | {made.row(manifest)} |", flush=True)
        if args.abc:
            tonality.PULL = strength
            print_named(engine, manifest, named(args.abc, args.pieces, args.bars))


def print_named(engine: Engine, manifest: Manifest, pieces: Sequence[Piece]) -> None:
    """Print what tunes in ABC, and answers in the keys that they name, have of their tonics."""
    music, answered = Told(), Told()
    for seed, piece in enumerate(pieces):
        music.add(piece.following, piece.tonic)
        answered.add(answer(engine, manifest, piece, seed), piece.tonic)
    print(f"\n| {len(pieces)} in ABC | tonic | fifth | first two | again |\n" + "|---" * 5 + "|")
    print(f"| the music | {music.row(manifest)} |\n| answers | {answered.row(manifest)} |")


if __name__ == "__main__":
    main()
