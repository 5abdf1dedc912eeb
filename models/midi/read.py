"""MIDI files to scores.

Formats 0, 1 and 2, running status, files without tempo or metre, hanging and overlapping notes. A file
that mido cannot make sense of raises MusicError with its name and the reason.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict, deque
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mido
import pretty_midi
from mido.midifiles.meta import KeySignatureError

from ..errors import MusicError
from ..metre import Metre, MetreMap
from ..note import Note
from ..score import DEFAULT_TEMPO, Part, Score
from .chunks import HEADER, standard
from .events import check_events

MAX_BYTES = 16 * 1024 * 1024
MAX_NOTES = 500_000
DRUM_CHANNEL = 9
"""Channel 10, counted from 0: General MIDI's percussion."""
_Key = tuple[int, int]
"""Track and channel: who plays."""
_SILENCING = (120, 123)
"""Controllers that end all notes of their channel: all sound off, all notes off."""
_SENSELESS = re.compile(rb"\xff(?:\x59\x02(?:[\x08-\xf8].|.[^\x00\x01])|\x54\x05[\x80-\xff].{4})", re.DOTALL)
"""Meta events that mean nothing and that mido gives up at: keys of more than seven sharps or flats or of no
mode, offsets in no frame rate."""


@dataclass
class _Heard:
    """What the events of a file say, times in ticks."""

    notes: list[tuple[int, int, int, int, _Key]] = field(default_factory=list)
    """pitch, start, end, velocity, who."""
    metres: dict[int, Metre] = field(default_factory=dict)
    tempos: dict[int, float] = field(default_factory=dict)
    programs: dict[_Key, int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    key: str | None = None
    end: int = 0


def read_midi(source: str | Path | bytes, name: str | None = None) -> Score:
    """Read a MIDI file.

    Args:
        source: a path, or the file's bytes.
        name: what errors call the file; the path by default.

    Raises:
        MusicError: the file cannot be read; the message holds its name and the reason.
    """
    label = name or ("the MIDI data" if isinstance(source, bytes) else str(source))
    data = _bytes_of(source, label)
    try:
        file = _parsed(data)
        return _score(_listen(file, label), file.ticks_per_beat)
    except MusicError:
        raise
    except EOFError as error:
        raise MusicError(f"{label}: not a readable MIDI file (it ends too early)") from error
    except Exception as error:  # mido raises whatever a broken byte leads it to
        reason = str(error) or type(error).__name__
        raise MusicError(f"{label}: not a readable MIDI file ({reason})") from error


def _parsed(data: bytes) -> Any:
    """Return mido's file; some programs write meta events that mean nothing, which are read as texts."""
    check_events(data)
    try:
        return mido.MidiFile(file=io.BytesIO(data), clip=True)
    except (KeySignatureError, KeyError):

        def as_text(event: re.Match[bytes]) -> bytes:
            return b"\xff\x01" + event[0][2:]

        return mido.MidiFile(file=io.BytesIO(_SENSELESS.sub(as_text, data)), clip=True)


def _bytes_of(source: str | Path | bytes, label: str) -> bytes:
    if isinstance(source, bytes):
        data = source
    else:
        try:
            path = Path(source)
            if path.stat().st_size > MAX_BYTES:
                raise _too_large(label)
            data = path.read_bytes()
        except OSError as error:
            raise MusicError(f"{label}: {error.strerror or error}") from error
        except ValueError as error:  # no path at all, such as one with a NUL in it
            raise MusicError(f"{label}: {error}") from error
    if len(data) > MAX_BYTES:
        raise _too_large(label)
    data = standard(data)
    if data[:4] != HEADER:
        raise MusicError(f"{label}: not a MIDI file (it does not begin with MThd)")
    return data


def _too_large(label: str) -> MusicError:
    return MusicError(f"{label}: larger than {MAX_BYTES >> 20} MB, which no MIDI file needs")


def _listen(file: Any, label: str) -> _Heard:
    """Go through all events of a file."""
    if file.ticks_per_beat == 0:
        raise MusicError(f"{label}: not a readable MIDI file (its header gives a beat no ticks)")
    if file.ticks_per_beat & 0x8000:
        raise MusicError(f"{label}: its time runs in SMPTE frames, not in beats; export it with a tempo grid")
    heard, start = _Heard(), 0
    for number, track in enumerate(file.tracks):
        _Track(heard, number, start, label).run(track)
        if file.type == 2:  # independent patterns: one after the other
            start = heard.end
    return heard


class _Track:
    """Walks one track, keeping the notes that sound."""

    def __init__(self, heard: _Heard, number: int, start: int, label: str) -> None:
        self.heard, self.number, self.tick, self.label = heard, number, start, label
        self.open: defaultdict[tuple[int, int], deque[tuple[int, int]]] = defaultdict(deque)

    def run(self, track: Iterable[Any]) -> None:
        """Read the track's events; notes left hanging end with it."""
        for message in track:
            self.tick += message.time
            if message.type == "note_on" and message.velocity > 0:
                self.open[(message.channel, message.note)].append((self.tick, message.velocity))
            elif message.type in ("note_on", "note_off"):
                self._close(message.channel, message.note)
            elif message.type == "control_change" and message.control in _SILENCING:
                self._close_all({message.channel})
            else:
                self._other(message)
        self._close_all({channel for channel, _ in self.open})
        self.heard.end = max(self.heard.end, self.tick)

    def _close_all(self, channels: Container[int]) -> None:
        """End all notes of some channels."""
        for (channel, pitch), sounding in list(self.open.items()):
            if channel in channels:
                while sounding:
                    self._close(channel, pitch)

    def _close(self, channel: int, pitch: int) -> None:
        """End the oldest note of a pitch; an end without a beginning is ignored."""
        sounding = self.open[(channel, pitch)]
        if not sounding:
            return
        start, velocity = sounding.popleft()
        if len(self.heard.notes) >= MAX_NOTES:
            raise MusicError(f"{self.label}: more than {MAX_NOTES:,} notes")
        end = max(self.tick, start + 1)
        self.heard.notes.append((pitch, start, end, velocity, (self.number, channel)))

    def _other(self, message: Any) -> None:
        heard = self.heard
        if message.type == "time_signature":
            with suppress(MusicError):  # a metre that no music has
                heard.metres[self.tick] = Metre(message.numerator, message.denominator)
        elif message.type == "set_tempo":
            if message.tempo > 0:
                heard.tempos[self.tick] = float(mido.tempo2bpm(message.tempo))
        elif message.type == "program_change":
            heard.programs.setdefault((self.number, message.channel), message.program)
        elif message.type == "track_name":
            heard.names.setdefault(self.number, _text(message.name))
        elif message.type == "key_signature" and heard.key is None:
            heard.key = _key_name(message.key)


def _text(latin: str) -> str:
    """Return a text that mido read as Latin-1: as UTF-8 where it is that."""
    try:
        return latin.encode("latin-1").decode("utf-8").strip()
    except UnicodeError:
        return latin.strip()


def _key_name(key: str) -> str:
    """Return mido's key ("F#m") the way a scale option is written ("F# minor")."""
    return f"{key[:-1]} minor" if key.endswith("m") else f"{key} major"


def _score(heard: _Heard, ticks_per_beat: int) -> Score:
    """Turn ticks into beats."""
    who = {k: index for index, k in enumerate(sorted({k for *_, k in heard.notes}))}
    notes = [
        Note(pitch, start / ticks_per_beat, (end - start) / ticks_per_beat, velocity, who[k])
        for pitch, start, end, velocity, k in heard.notes
    ]
    elsewhere: dict[int, int] = {}  # some files set all programs in their first track
    for (_, channel), program in heard.programs.items():
        elsewhere.setdefault(channel, program)
    parts = tuple(_part(heard, k, elsewhere.get(k[1], 0)) for k in who)
    metres = tuple(_barlines(heard.metres, ticks_per_beat))
    tempos = {tick / ticks_per_beat: bpm for tick, bpm in sorted(heard.tempos.items())}
    title = heard.names.get(0, "") if not any(k[0] == 0 for k in who) else ""
    return Score(
        notes=Score.ordered(notes),
        metres=MetreMap(metres),
        tempos=tuple({0.0: DEFAULT_TEMPO, **tempos}.items()),
        parts=parts or (Part(),),
        key=heard.key,
        title=title,
    )


def _barlines(changes: dict[int, Metre], ticks_per_beat: int) -> Iterator[tuple[float, Metre]]:
    """Yield the metre map. A first bar shorter than the metre after it is its pick-up."""
    found = sorted((tick / ticks_per_beat, metre) for tick, metre in changes.items())
    if not found or found[0][0] > 0:
        found.insert(0, (0.0, Metre()))
    if len(found) > 1:
        (start, first), (then, second) = found[:2]
        if then - start <= first.beats + 1e-6 and first.beats < second.beats:
            found.pop(0)  # the map counts backwards from its first barline
    previous: tuple[float, Metre] | None = None
    for beat, metre in found:
        if previous and metre == previous[1]:
            bars = (beat - previous[0]) / metre.beats
            if abs(bars - round(bars)) < 1e-6:
                continue  # says again what holds anyway
        previous = (beat, metre)
        yield previous


def _part(heard: _Heard, who: _Key, usual: int) -> Part:
    """Return who plays; ``usual`` is the program of its channel in other tracks."""
    track, channel = who
    is_drum = channel == DRUM_CHANNEL
    program = heard.programs.get(who, usual)
    name = heard.names.get(track, "")
    if not name:
        name = "drums" if is_drum else pretty_midi.program_to_instrument_name(program)
    return Part(name, program, is_drum)
