"""Whether an answer comes to its end where the option `ending` says so, and goes on where it does not.

    python tests/benchmarks/endings.py MODEL DATASET [--split valid] [--pieces 300] [--told 8] [--bars 4]

The last bars of pieces are left out, those before are told, and a model plays as many as are missing, four
times: with `ending open`, with `ending closed`, and closed in a scale that names the piece's tonic; it plays
as many from nothing, too. The pieces' own bars stand above. They end

- long, where the last onset is a beat or more before the last barline;
- at the barline, where something sounds up to it (not told of drums);
- together, where all voices begin their last notes at once (of models of several voices);
- with a triad in root position, fifth or not, where voices end;
- crossed for so much of the last bar's time that two neighbouring voices sound, where voices end;
- with so many of the last bar's notes a leap of eight semitones or more from the voice's last;
- with so much of the last bar's sound on the pitch class that the piece ends on;
- at home, where the last note, of several the lowest, is of the pitch class that the piece ends on;
- properly, where they are long, together and at home, as far as that applies;
- thrice, where a tune's last three notes are of one pitch class.

How often the key that the context makes likeliest has that tonic stands above.

Below, of a model that is told how far the end is: the nats a note of the missing bars, of the last of them,
and of the end after it: not told, told from the first missing bar on, and told from the context's first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.leading.cadence import keys_of
from antiphon.bridge.leading.context import in_phrase, read_context, remaining
from antiphon.bridge.leading.tonality import KEYS, told_by
from antiphon.bridge.protocol.options import OptionValue
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.runtime.stepper import Stepper
from antiphon.bridge.session.resolve import resolve
from antiphon.models.errors import RequestError
from antiphon.models.file.manifest import Manifest
from antiphon.models.file.modelfile import ModelFile
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.note import Note
from antiphon.train.dataset.dataset import Dataset, SplitName
from continuing import arguments
from played import in_one_metre
from voiceleading import faults

_NEAR = 1e-3
TAKES = 4
"""Answers to each context."""
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
WAYS = (
    ("continue, open", True, "open", False),
    ("continue, closed", True, "closed", False),
    ("continue, closed, tonic named", True, "closed", True),
    ("generate, open", False, "open", False),
    ("generate, closed", False, "closed", False),
    ("generate, closed, tonic named", False, "closed", True),
)
"""Each with whether the bars before are told, how it ends, and whether a scale names the tonic."""
MARKS = (
    "long",
    "at the barline",
    "together",
    "a triad",
    "crossed",
    "leaps",
    "on it",
    "at home",
    "properly",
    "thrice",
)
TELLINGS = ("not told", "told from the answer on", "told from the context on")
Marks = Mapping[str, float]


@dataclass(frozen=True)
class Close:
    """How a piece ends; the first barline of what is told of it is beat 0."""

    context: list[Note]
    missing: list[Note]
    cut: float
    """The barline between them, in beats."""
    end: float
    """The last barline, in beats."""
    metre: Metre

    @property
    def home(self) -> int:
        """The pitch class that the piece ends on."""
        return last_of(self.missing).pitch % 12

    @property
    def scale(self) -> str:
        """The major scale, or its relatives, that the context is in, and its tonic."""
        classes = KEYS[int(np.argmax(KEYS @ told_by(self.context)))].astype(bool)
        classes[self.home] = True
        return f"{NAMES[self.home]} {','.join(map(str, np.flatnonzero(classes)))}"


def closes(dataset: Dataset, split: SplitName, most: int, told: int, bars: int) -> Iterator[Close]:
    """Yield the last bars of a split's pieces of one metre that have so many before them."""
    for notes, metre in in_one_metre(dataset, split, most):
        last = int(max(note.start for note in notes) / metre.beats + _NEAR)
        first, cut = (last + 1 - told - bars) * metre.beats, told * metre.beats
        moved = [replace(n, start=n.start - first) for n in notes if n.start >= first - _NEAR]
        before = [note for note in moved if note.start < cut - _NEAR]
        missing = [note for note in moved if note.start >= cut - _NEAR]
        if first >= 0 and before and missing:
            yield Close(before, missing, cut, cut + bars * metre.beats, metre)


def last_of(notes: Sequence[Note]) -> Note:
    """Return the last note, the lowest of several."""
    onset = max(note.start for note in notes)
    return min((note for note in notes if note.start > onset - _NEAR), key=lambda note: note.pitch)


def is_triad(pitches: Sequence[int]) -> bool:
    """Return whether pitches are a major or minor triad in root position, the fifth there or not."""
    above = {(pitch - min(pitches)) % 12 for pitch in pitches} if pitches else set()
    return above - {7} in ({0, 4}, {0, 3})


def leaps(notes: Sequence[Note], begin: float) -> float:
    """Return the share of notes from a beat on that are eight semitones or more from the voice's last."""
    found = []
    for part in {note.part for note in notes}:
        voice = sorted((note for note in notes if note.part == part), key=lambda note: note.start)
        found += [abs(b.pitch - a.pitch) >= 8 for a, b in pairwise(voice) if b.start > begin - _NEAR]
    return sum(found) / max(len(found), 1)


def sounding(notes: Sequence[Note], begin: float, end: float) -> list[float]:
    """Return how long each pitch class sounds between two beats."""
    beats = [0.0] * 12
    for note in notes:
        beats[note.pitch % 12] += max(min(note.end, end) - max(note.start, begin), 0.0)
    return beats


def marks(notes: Sequence[Note], close: Close, manifest: Manifest, *, home: bool = True) -> Marks:
    """Return how notes end.

    Args:
        notes: of an answer.
        close: how the piece ends.
        manifest: of the model.
        home: whether the answer should end where the piece does.
    """
    end = close.end
    if not notes:
        return dict.fromkeys(MARKS, 0)
    onset, parts = max(note.start for note in notes), range(len(manifest.parts))
    found: dict[str, float] = {"long": end - onset >= 1 - _NEAR}
    if not any(part.is_drum for part in manifest.parts):
        found["at the barline"] = max(note.end for note in notes) >= end - _NEAR
        if len(parts) > 1:
            lasts = [max((n.start for n in notes if n.part == part), default=-1.0) for part in parts]
            found["together"] = min(lasts) > onset - _NEAR
            found["a triad"] = is_triad([n.pitch for n in notes if n.end >= end - _NEAR])
            _, _, crossed, pairs = faults(notes, end - close.metre.beats, end)
            found["crossed"] = crossed / max(pairs, 1)
            found["leaps"] = leaps(notes, end - close.metre.beats)
        if home:
            beats = sounding(notes, end - close.metre.beats, end)
            found["on it"] = beats[close.home] / sum(beats) if any(beats) else 0
            found["at home"] = last_of(notes).pitch % 12 == close.home
    found["properly"] = all(found.get(name, True) for name in ("long", "together", "at home"))
    if len(parts) == 1 and "at the barline" in found:
        found["thrice"] = len(notes) > 2 and len({note.pitch % 12 for note in notes[-3:]}) == 1
    return found


def answered(
    engine: Engine, manifest: Manifest, found: Sequence[Close], context: bool, ending: str, tonic: bool
) -> list[Marks]:
    """Return how a model's answers end; raises RequestError where it cannot answer so."""
    told: list[Marks] = []
    for seed, close in enumerate(found):
        options: dict[str, OptionValue] = {"beats": close.end - close.cut, "start": close.cut,
                   "metre": str(close.metre), "ending": ending, "takes": TAKES}  # fmt: skip
        if tonic:
            options["scale"] = close.scale
        notes = tuple(close.context) if context else None
        for take in engine.generate(resolve({}, options, notes, manifest, seed)):
            told.append(marks(take.notes, close, manifest, home=context or tonic))
    return told


def nats(stepper: Stepper, close: Close) -> npt.NDArray[np.float64]:
    """Return sums of nats: of the missing notes, of the last bar's, of the end; (3, telling)."""
    manifest, codec = stepper.manifest, stepper.manifest.codec
    metres, told = MetreMap(((0.0, close.metre),)), len(close.context)
    encoded = codec.encode([*close.context, *close.missing], metres)
    phrase = read_context(manifest, close.context, metres).phrase
    clocks = np.stack([encoded.bars, encoded.places, encoded.bar_ticks], axis=1)
    last, notes = int(encoded.bars[-1]), len(encoded.codes)
    found = np.zeros((3, len(TELLINGS)))
    stepper.clear()
    for _ in TELLINGS:
        stepper.add()
    note, clock = codec.begin(), np.array([0, 0, encoded.bar_ticks[0]])
    end = np.zeros_like(note)
    end[0] = codec.end
    for at, codes in enumerate([*encoded.codes, end]):
        unknown, known = in_phrase(phrase, int(clock[0])), remaining(int(clock[0]), last)
        for row, left in enumerate((unknown, known if at >= told else unknown, known)):
            stepper.note[row], stepper.clock[row], stepper.forced[row] = note, clock, codes
            stepper.conditions[row, :2] = manifest.metre_code(close.metre), left
        stepper.step()
        log_prob = stepper.log_prob[: len(TELLINGS)]
        if at == notes:
            found[2] -= log_prob[:, 0]
            break
        if at >= told:
            found[0] -= log_prob.sum(axis=1)
            found[1] -= log_prob.sum(axis=1) * (encoded.bars[at] == last)
        note, clock = codes, clocks[at]
    return found


def print_shares(rows: Mapping[str, Sequence[Marks]]) -> None:
    """Print how many end how."""
    names = list(rows["the music"][0])
    print(f"| | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for title, told in rows.items():
        cells = [f"{np.mean([one[n] for one in told]):.2f}" if n in told[0] else "" for n in names]
        print(f"| {title} | {' | '.join(cells)} |")


def print_nats(stepper: Stepper, found: Sequence[Close]) -> None:
    """Print what the music costs."""
    total = np.sum([nats(stepper, close) for close in found], axis=0)
    notes = sum(len(close.missing) for close in found)
    lasts = sum(n.start >= one.end - one.metre.beats - _NEAR for one in found for n in one.missing)
    print("\n| the end is | nats a note | of the last bar | nats of the end |\n|---|---|---|---|")
    for name, (every, last, end) in zip(TELLINGS, total.T, strict=True):
        print(f"| {name} | {every / notes:.3f} | {last / lasts:.3f} | {end / len(found):.3f} |")


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--told", type=int, default=8, help="bars before those that are missing (8)")
    parser.add_argument("--bars", type=int, default=4, help="that are missing (4)")
    args = parser.parse_args()
    model = ModelFile.load(args.model)
    manifest = model.manifest
    found = list(closes(Dataset.load(args.dataset), args.split, args.pieces, args.told, args.bars))
    if not found:
        raise SystemExit(f"{args.dataset} has no piece of {args.told + args.bars} bars in one metre")
    print(f"{manifest.name}: the last {args.bars} bars of {len(found)} pieces, {args.told} told\n")
    if not any(part.is_drum for part in manifest.parts):
        told = [keys_of(told_by(one.context)).sum(axis=0).argmax() == one.home for one in found]
        print(f"the key that the context makes likeliest has its tonic in {np.mean(told):.2f}\n")
    rows = {"the music": [marks(one.missing, one, manifest) for one in found]}
    with Engine(ModelShelf([args.model.parent], shipped=False)) as engine:
        for title, *way in WAYS:
            try:
                rows[title] = answered(engine, manifest, found, *way)
            except RequestError as error:  # drums have no tonic
                print(f"{title}: {error}\n")
    print_shares(rows)
    if "remaining" in manifest.conditions:
        print_nats(Stepper(model.session, manifest), found)


if __name__ == "__main__":
    main()
