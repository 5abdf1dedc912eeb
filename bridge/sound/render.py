"""Scores to sound: a SoundFont plays them, block by block."""

from __future__ import annotations

import importlib
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pretty_midi

from ...models.errors import ConfigError, MusicError
from ...models.score import Score

SAMPLE_RATE = 44_100
PEAK = 0.89
"""The loudest sample, one decibel below the limit."""
BLOCK_SECONDS = 20.0
TAIL_SECONDS = 0.5
"""How long a note may die away after its end."""
LONGEST_NOTE = 60.0
"""Seconds; what is held longer falls silent. It bounds the memory that a block takes."""
DRUM_SECONDS = 2.0
"""How long a drum rings unless it is struck again: in General MIDI, its note's length does not say."""
MAX_SECONDS = 2 * 3600.0
SILENT_PITCH = 127
SYSTEM_SOUNDFONTS = (
    Path("/usr/share/sounds/sf2/default-GM.sf2"),
    Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    Path("/usr/share/sounds/sf2/TimGM6mb.sf2"),
)
EXTRA = 'pip install "antiphon[audio]"'
Block = npt.NDArray[np.float32]
"""(frame, channel): left and right, at SAMPLE_RATE."""


@dataclass(frozen=True, slots=True)
class _Struck:
    """A note in seconds."""

    start: float
    length: float
    pitch: int
    velocity: int


def find_soundfont(given: Path | None) -> Path:
    """Return the SoundFont to play with: the one given, else pretty_midi's small one, else the system's.

    Raises:
        ConfigError: the one given is missing or is none; or there is no other.
    """
    own = Path(pretty_midi.__file__).with_name("TimGM6mb.sf2")
    for path in [given] if given is not None else [own, *SYSTEM_SOUNDFONTS]:
        try:
            with path.open("rb") as file:
                head = file.read(12)
        except OSError as error:
            if given is not None:
                raise ConfigError(f"SoundFont {path}: {error.strerror or error}; name another one") from error
            continue
        if head[:4] == b"RIFF" and head[8:] == b"sfbk":
            return path
        if given is not None:
            raise ConfigError(f"{path} is no SoundFont; name a file that ends in .sf2 or .sf3")
    raise ConfigError("there is no SoundFont here; get a General MIDI one and name it: --soundfont FILE.sf2")


def seconds_at(score: Score, beats: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return when beats fall, in seconds from beat 0, by the score's tempos; the first holds before it, too.

    >>> seconds_at(Score((), tempos=((0.0, 120.0), (4.0, 60.0))), np.array([-1.0, 4.0, 5.0])).tolist()
    [-0.5, 2.0, 3.0]
    """
    changes = np.array([beat for beat, _ in score.tempos])
    slowness = np.array([60.0 / tempo for _, tempo in score.tempos])
    at_change = np.concatenate([[0.0], np.cumsum(np.diff(changes) * slowness[:-1])])

    def since_first(at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        index = np.maximum(np.searchsorted(changes, at, side="right") - 1, 0)
        return np.asarray(at_change[index] + (at - changes[index]) * slowness[index])

    return since_first(beats) - since_first(np.zeros(1))


class Renderer:
    """Turns a score into sound, as often as its blocks are asked for: each time the same.

    Args:
        score: at least one note. One that begins before beat 0 is moved so that it begins at 0.
        soundfont: a file as `find_soundfont` returns it.

    Raises:
        ConfigError: the audio extra is not installed, or the SoundFont cannot be read.
        MusicError: there are no notes, or it lasts longer than MAX_SECONDS.
    """

    def __init__(self, score: Score, soundfont: Path) -> None:
        if not score.notes:
            raise MusicError("there are no notes to render; give a file that has some")
        self._symusic = _symusic()
        try:
            self._synthesizer = self._symusic.Synthesizer(str(soundfont), SAMPLE_RATE, 0)
        except Exception as error:  # whatever the library's parser stumbles over
            raise ConfigError(f"SoundFont {soundfont} cannot be read ({error}); name another one") from error
        self._parts = score.parts
        self._struck = _struck(score)
        last = max((n.start + n.length for notes in self._struck for n in notes), default=0.0)
        self.seconds = last + TAIL_SECONDS
        """How long it lasts."""
        if self.seconds > MAX_SECONDS:
            hours = f"{self.seconds / 3600:.1f} hours"
            raise MusicError(
                f"it lasts {hours}, at most {MAX_SECONDS / 3600:g} are rendered; cut it into parts"
            )

    def blocks(self) -> Iterator[Block]:
        """Yield the sound in blocks of at most BLOCK_SECONDS, before any levelling."""
        total = round(self.seconds * SAMPLE_RATE)
        size = round(BLOCK_SECONDS * SAMPLE_RATE)
        over = np.zeros((0, 2), np.float32)
        """What notes of earlier blocks still sound in this one and later."""
        for start in range(0, total, size):
            sound = _added(self._played(start / SAMPLE_RATE), over)
            block, over = sound[:size], sound[size:]
            yield _added(block, np.zeros((min(size, total - start), 2), np.float32))[: total - start]

    def peak(self) -> float:
        """Return the largest sample of all, above 0; raises ConfigError where the SoundFont is silent."""
        peak = max(float(np.abs(block).max(initial=0.0)) for block in self.blocks())
        if not 0 < peak < float("inf"):
            raise ConfigError("the SoundFont has no sound for these notes; name another one with --soundfont")
        return peak

    def gain(self) -> float:
        """Return what makes the loudest sample as loud as it may be."""
        return PEAK / self.peak()

    def levelled(self, gain: float) -> Iterator[Block]:
        """Yield the blocks times ``gain``."""
        return (block * gain for block in self.blocks())

    def _played(self, start: float) -> Block:
        """Return the notes that begin in the block at ``start`` seconds, to their very end."""
        library = self._symusic
        score = library.Score(480, ttype="second")
        end = 0.0
        for part, notes in zip(self._parts, self._struck, strict=True):
            track = library.Track("", part.program, part.is_drum, ttype="second")
            first = bisect_left(notes, start, key=_start)
            for n in notes[first : bisect_left(notes, start + BLOCK_SECONDS, key=_start)]:
                at = n.start - start
                track.notes.append(library.Note(at, n.length, n.pitch, n.velocity, ttype="second"))
                end = max(end, at + n.length)
            score.tracks.append(track)
        if not end:
            return np.zeros((0, 2), np.float32)
        # The library stops with the last note's end: one that nobody hears keeps it going.
        track = library.Track("", 0, False, ttype="second")
        track.notes.append(library.Note(end, TAIL_SECONDS, SILENT_PITCH, 1, ttype="second"))
        score.tracks.append(track)
        try:
            return np.asarray(self._synthesizer.render(score, True), np.float32).T
        except TypeError as error:
            raise ConfigError(f"this version of symusic cannot render; {EXTRA} --upgrade") from error


def _start(note: _Struck) -> float:
    return note.start


def _symusic() -> Any:
    try:
        return importlib.import_module("symusic")
    except ImportError as error:
        raise ConfigError(f"rendering needs symusic, which is not installed: {EXTRA}") from error


def _struck(score: Score) -> list[list[_Struck]]:
    """Return each part's notes in seconds, the first not before 0."""
    starts = seconds_at(score, np.array([note.start for note in score.notes]))
    ends = seconds_at(score, np.array([note.end for note in score.notes]))
    origin = min(0.0, float(starts.min()))
    parts: list[list[_Struck]] = [[] for _ in score.parts]
    again: dict[tuple[int, int], float] = {}
    for note, start, end in sorted(zip(score.notes, starts, ends, strict=True), key=lambda n: -n[1]):
        length = min(float(end - start), LONGEST_NOTE)
        if score.parts[note.part].is_drum:
            next_stroke = again.get((note.part, note.pitch), float("inf"))
            length = max(length, min(DRUM_SECONDS, next_stroke - start)) if next_stroke > start else length
            again[note.part, note.pitch] = float(start)
        parts[note.part].append(_Struck(float(start) - origin, length, note.pitch, note.velocity))
    return [notes[::-1] for notes in parts]


def _added(a: Block, b: Block) -> Block:
    """Return the sum of two sounds that begin together."""
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    longer = longer.copy()
    longer[: len(shorter)] += shorter
    return longer
