"""What `ask` and `generate` do with the notes they get: a piano roll, a MIDI file, a picture."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from ...models.errors import ConfigError
from ...models.metre import Metre, MetreMap
from ...models.midi import write_midi
from ...models.note import Note
from ...models.pianoroll import piano_roll
from ...models.printable import printable_lines
from ...models.refusal import reason
from ...models.score import Part, Score
from ...models.wholefile import whole_file
from ..client.asked import take_count
from ..protocol.options import AUTO
from ..request import Take
from .outfile import check_place
from .terminal import shows_colours, width


@dataclass(frozen=True)
class Result:
    """Takes and what they are written down with."""

    takes: Sequence[Take]
    start: float
    """Where the answer starts, in beats of the context's time."""
    metre: Metre
    tempo: float
    parts: tuple[Part, ...]
    """The model's, that the notes of the takes are numbered by."""
    context: Score | None = None
    """The file that was continued, with its own tracks, as far as the answer does not take its place."""
    heard: tuple[Note, ...] = ()
    """What the model was given of it, numbered by the model's parts."""

    @property
    def metres(self) -> MetreMap:
        """The bars of the context, then the answer's."""
        if self.context is None:
            return MetreMap(((self.start, self.metre),))
        before = tuple(change for change in self.context.metres.changes if change[0] < self.start - 1e-6)
        return MetreMap((*before, (self.start, self.metre)))

    @property
    def _tempos(self) -> tuple[tuple[float, float], ...]:
        """The context's tempos, then the answer's where it has another."""
        assert self.context is not None
        before = tuple(change for change in self.context.tempos if change[0] < self.start - 1e-6)
        if before and abs(before[-1][1] - self.tempo) < 1e-6:
            return before
        return (*before, (self.start, self.tempo))

    def score(self, take: Take, with_context: bool) -> Score:
        """Return a take as a score: beside what it continues, or alone with its first barline at beat 0.

        A track that is the model's own part goes on; every other part of the model is a new track.
        """
        if with_context and self.context is not None:
            tracks, places = _beside(self.context.parts, self.parts)
            answer = [replace(n, part=places[n.part]) for n in take.notes if n.part < len(places)]
            return replace(
                self.context,
                notes=Score.ordered([*self.context.notes, *answer]),
                metres=self.metres,
                tempos=self._tempos,
                parts=tracks,
            )
        moved = [replace(note, start=note.start - self.start) for note in take.notes]
        return Score(
            Score.ordered(moved), MetreMap(((0.0, self.metre),)), ((0.0, self.tempo),), parts=self.parts
        )


def _beside(tracks: tuple[Part, ...], parts: tuple[Part, ...]) -> tuple[tuple[Part, ...], list[int]]:
    """Return a file's tracks and behind them a model's parts, and which track each part has.

    >>> _beside((Part("bass"), Part("lead")), (Part("lead"), Part("tune")))[1]
    [1, 2]
    """
    free = list(enumerate(tracks))
    places = []
    for part in parts:
        own = next((known for known in free if known[1] == part), None)
        if own is None:
            own = (len(tracks), part)
            tracks = (*tracks, part)
        else:
            free.remove(own)
        places.append(own[0])
    return tracks, places


_WRITERS = {
    ".mid": "--out",
    ".midi": "--out",
    ".wav": "--wav",
    ".abc": "--abc",
    ".svg": "--score",
    ".png": "--png",
}
"""Which option writes a kind of file."""


def add_output_options(parser: argparse.ArgumentParser, context: bool = True) -> None:
    """Add ``--out``, ``--png`` and the others; ``--with-context`` only where there may be a context."""
    group = parser.add_argument_group("what to do with the notes")
    group.add_argument("--out", type=Path, metavar="FILE.mid",
                       help="write a MIDI file of the answer; further takes get -2, -3 …")  # fmt: skip
    group.add_argument("--wav", type=Path, metavar="FILE.wav", help="write how it sounds")
    group.add_argument(
        "--score", type=Path, metavar="FILE.svg", help="draw a model of text's tune as a score"
    )
    group.add_argument("--abc", type=Path, metavar="FILE.abc", help="write what a model of text wrote")
    if context:
        group.add_argument(
            "--with-context",
            action="store_true",
            help="write the file that is continued with all its tracks; draw what the model heard, too",
        )
    else:
        parser.set_defaults(with_context=False)
    group.add_argument("--png", type=Path, metavar="FILE.png", help="draw a piano roll of all takes")
    group.add_argument("--no-roll", action="store_true", help="no piano roll in the terminal")


def check_output_options(args: argparse.Namespace, notes: str = ".mid") -> None:
    """Raise ConfigError for a file that could not be written, before any work is done.

    Args:
        args: the command's.
        notes: what ``--out`` may end in, too.
    """
    if args.score is not None:
        from .engrave import verovio

        verovio()
    given = {f"--{name}": getattr(args, name) for name in ("out", "wav", "abc", "score", "png")}
    read = getattr(args, "input", None)
    paths = [path for path in given.values() if path is not None]
    for option, path in given.items():
        if path is not None:
            _check_ending(option, path, notes)
        if path is not None and read is not None and any(_is_same(p, read) for p in _each_take(path, args)):
            raise ConfigError(f"{option} {path} would replace what is to be continued; name another file")
    for path in paths:
        check_place(path)


def _each_take(path: Path, args: argparse.Namespace) -> list[Path]:
    """Return the files that a path stands for, one a take."""
    return [numbered(path, index) for index in range(take_count({"takes": args.takes or AUTO}))]


def _is_same(path: Path, other: Path) -> bool:
    """Return whether two paths lead to one file, by a link or a folder's other name, too."""
    try:
        return path.samefile(other)
    except OSError:  # one of them is not there yet
        return path.absolute() == other.absolute()


def _check_ending(option: str, path: Path, notes: str) -> None:
    """Raise ConfigError where a file's name tells of another kind, or of none."""
    ending = path.suffix.lower()
    if option == "--out" and ending == notes:
        return
    if _WRITERS.get(ending) == option or (path.exists() and not path.is_file()):  # a device, or a pipe
        return
    if ending in _WRITERS:
        raise ConfigError(f"{option} {path}: {_WRITERS[ending]} writes such a file")
    own = " or ".join(known for known, writer in _WRITERS.items() if writer == option)
    raise ConfigError(f"{option} {path}: name a file that ends in {own}")


def check_text_options(args: argparse.Namespace, is_text: bool) -> None:
    """Raise ConfigError for ``--abc`` and ``--score`` where a model of notes is asked."""
    for option, path in (("--abc", args.abc), ("--score", args.score)):
        if path is not None and not is_text:
            _refuse(option)


def show(result: Result, args: argparse.Namespace) -> None:
    """Write and draw as the options say, and print; raises MusicError where a file cannot be written.

    What is printed comes last, as a reader such as ``head`` may leave; and it comes where writing failed, as
    the seed gives the same notes again.
    """
    done: list[str] = []
    try:
        _write(result, args, done)
    finally:
        for take in result.takes:
            if not args.no_roll:
                print(_roll(result, take))
            if take.text:
                print(printable_lines(take.text))
            print(f"{_summary(result, take)}\n")
        for line in done:
            print(line)


def _write(result: Result, args: argparse.Namespace, done: list[str]) -> None:
    """Write and draw as the options say; ``done`` gets a line for each file."""
    for take in result.takes:
        if args.wav is not None:
            done.append(_sound(result.score(take, args.with_context), numbered(args.wav, take.index)))
        if args.out is not None:
            path = numbered(args.out, take.index)
            write_midi(result.score(take, args.with_context), path)
            done.append(f"wrote {path}")
    if args.png is not None:
        _draw(result, args.png, args.with_context)
        done.append(f"drew {args.png}")
    # What only some models can give comes last: nothing else is lost with it.
    for take in result.takes:
        if args.abc is not None:
            done.append(write_text(take, numbered(args.abc, take.index)))
        if args.score is not None:
            done.append(_engrave(take, numbered(args.score, take.index)))


def write_text(take: Take, path: Path) -> str:
    """Write a take's ABC and say so; raises ConfigError where it has none or the file cannot be written."""
    _require_text(take, "--abc")
    try:
        with whole_file(path) as out:
            out.write((take.text.rstrip("\n") + "\n").encode())
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {reason(error)}") from error
    return f"wrote {path}"


def _require_text(take: Take, option: str) -> None:
    if not take.text:
        _refuse(option)


def _refuse(option: str) -> NoReturn:
    raise ConfigError(f"{option} is for models of text, such as irish-abc; this one answers with notes")


def _engrave(take: Take, path: Path) -> str:
    from .engrave import draw_score

    _require_text(take, "--score")
    draw_score(take.text, path)
    return f"drew {path}"


def _sound(score: Score, path: Path) -> str:
    from ..sound.render import Renderer, find_soundfont  # pretty_midi is slow to import
    from .soundfile import write_sound

    renderer = Renderer(score, find_soundfont(None))
    return write_sound(renderer, renderer.gain(), path)


def numbered(path: Path, index: int) -> Path:
    """Return the path of a take: the first has the name given.

    >>> numbered(Path("tune.mid"), 1).name
    'tune-2.mid'
    """
    return path if index == 0 else path.with_name(f"{path.stem}-{index + 1}{path.suffix}")


def _roll(result: Result, take: Take) -> str:
    colour = shows_colours(sys.stdout)
    return piano_roll(take.notes, result.metres, result.parts, width=width(), colour=colour)


def _summary(result: Result, take: Take) -> str:
    """Return a take in one line."""
    bars = (take.end_beats - result.start) / result.metre.beats
    which = f"take {take.index + 1}: " if len(result.takes) > 1 else ""
    notes = "1 note" if len(take.notes) == 1 else f"{len(take.notes)} notes"
    length = f"{bars:g} {'bar' if bars == 1 else 'bars'} of {result.metre}"
    return f"{which}{notes}, {length}, seed {take.seed}, {take.nats_per_note:.2f} nats a note"


def _draw(result: Result, path: Path, with_context: bool) -> None:
    from ...models.rollpicture import Roll, draw_rolls  # Pillow is slow to import

    before = tuple(note for note in result.heard if with_context and note.start < result.start - 1e-6)
    rolls = [Roll(_summary(result, take), take.notes, before) for take in result.takes]
    draw_rolls(rolls, path, result.metres, result.parts)
