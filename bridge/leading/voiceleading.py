"""How voices move beside each other: what keeps them from parallel fifths and octaves, and from crossing.

A model chooses one voice after the other and knows the others by its state alone: answers to chorales had
twenty times as many parallels as the chorales. What leads them makes the music that follows likelier, too
(tests/benchmarks/voiceleading.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from typing import NamedTuple

import numpy as np

from ...models.codec import Codec, Codes
from ...models.file.manifest import Manifest
from .constraints import Mask

PARALLEL = 4.0
"""Nats that a pitch loses which another voice makes a parallel unison, fifth or octave."""
CROSSED = 1.5
"""Nats that it loses for each voice beyond which it lies."""
ENTERING = 0.1
"""Nats that a pitch loses for each semitone that it is farther than NEAR from where a voice lies that has not
sung: after a bass alone the others began four semitones too low."""
NEAR = 3
REACH = 7
"""Semitones that a voice may leap on its way home."""
_PERFECT = (0, 7)
"""Semitones of unisons, octaves and fifths, octaves left out."""
_RECENT = 48
"""Notes of a context, its last, that tell where each voice is."""


class _Voice(NamedTuple):
    code: int
    """Of its pitch."""
    pitch: int
    before: int | None
    """The pitch before that, None where there was none."""
    onset: int
    """In ticks."""
    end: int


class VoiceLeading:
    """Leads one answer, or waits to lead answers to one context (:meth:`of_parts`).

    Which voice comes next is all but certain: the next one whose note is over.

    Args:
        codec: of a model of voices.
        codes: the context, (note, field).
    """

    def __init__(self, codec: Codec, codes: Codes) -> None:
        names = codec.names
        self._delta, self._part, self._pitch = (names.index(n) for n in ("delta", "part", "pitch"))
        self._duration = names.index("duration")
        self._deltas, self._durations = (codec[n].array.astype(int).tolist() for n in ("delta", "duration"))
        pitches = codec["pitch"].array.astype(int)
        self._values, self._pitches = pitches, pitches.tolist()
        self._classes = (np.arange(12)[:, None] == codec.pitch_classes).astype(np.float32)
        """Which pitches are of each class, (class, code)."""
        self._known = codec["part"].values
        self._beat = codec.ticks_per_beat
        self._parts = list(range(len(self._known)))
        """The codes of those that play."""
        self._voices: dict[int, _Voice] = {}
        self._now, self._last = 0, -1
        for note in codes[-_RECENT:].tolist():
            self.hear(note)

    def of_parts(self, parts: Collection[int] | None) -> VoiceLeading:
        """Return what leads one more answer, in which these parts play; None for all."""
        other = copy(self)
        other._voices = self._voices.copy()
        if parts is not None:
            other._parts = [code for code, part in enumerate(self._known) if part in parts]
        return other

    def begin(self) -> None:
        """Let an answer begin, which it does with a new onset."""
        self._last = len(self._known)

    def entries(self, gap: int) -> list[int]:
        """Return the codes of the parts that are to begin an answer: those that sang to the end before it.

        A model of four voices lets those that a context lacks begin, and one that has sung come in later, as
        within a chord parts come in order: answers to melodies began without the voice of the melody. In test
        chorales all voices whose notes end with the fourth bar begin the fifth (tests/benchmarks/README.md).

        Args:
            gap: ticks from the last note to the answer's start.
        """
        playing = self._playing()
        latest = max((voice.end for voice in playing.values()), default=0)
        ended = (part for part, voice in playing.items() if voice.end <= self._now + gap)
        return [part for part in ended if playing[part].end >= latest - self._beat]

    def hear(self, codes: Sequence[int]) -> None:
        """Take one more note."""
        self.wait(codes)
        self._last = part = codes[self._part]
        voice = self._voices.get(part)
        end = self._now + self._durations[codes[self._duration]]
        code = codes[self._pitch]
        before = None if voice is None else voice.pitch
        self._voices[part] = _Voice(code, self._pitches[code], before, self._now, end)

    def wait(self, codes: Sequence[int]) -> None:
        """Let the time pass up to a note's onset, which is not played."""
        self._now += self._deltas[codes[self._delta]]

    def next(self) -> int | None:
        """Return the code of the part yet to move at the last onset; None where none is, or it never sang."""
        part = self._due()
        return part if part in self._voices else None

    def _due(self) -> int | None:
        """Return the code of the part yet to move at the last onset, or to join there; None where none is.

        At a new onset, of parts that may all be due, only one tells: the first, where it is yet to join.
        """
        for part in self._parts:
            if part > self._last:
                voice = self._voices.get(part)
                if voice is None or voice.end <= self._now:
                    return part
        first = self._parts[0]
        return None if first in self._voices else first

    def is_next_above(self, homes: Mapping[int, float]) -> bool:
        """Return whether the next note is most likely of another voice than the lowest that plays.

        Args:
            homes: how high each voice mostly lies, as far as that is known; else its last note tells.
        """
        playing = self._playing()
        if len(playing) < 2:  # the first chord of all
            return len(self._parts) > 1
        return self._likeliest(playing) != min(playing, key=lambda part: homes.get(part, playing[part].pitch))

    def within_reach(self, homes: Mapping[int, float]) -> Mask:
        """Return 1 for the pitches that the next voice may come to, (code,): by no leap, and across no other.

        Args:
            homes: as for :meth:`is_next_above`.
        """
        playing, reached = self._playing(), np.ones(len(self._pitches), np.float32)
        if not playing:
            return reached
        part = self._likeliest(playing)
        own = playing[part]
        reached[np.abs(self._values - own.pitch) > REACH] = 0
        for other, voice in playing.items():
            if other != part and voice.end > max(self._now, own.end) and other in homes and part in homes:
                reached[_beyond(voice.code, below=homes[other] > homes[part])] = 0
        return reached

    def _playing(self) -> dict[int, _Voice]:
        """Return the voices that have sung, by part."""
        return {part: self._voices[part] for part in self._parts if part in self._voices}

    def _likeliest(self, playing: Mapping[int, _Voice]) -> int:
        """Return the part that moves next; at a new onset that of the voice which ends first."""
        part = self.next()
        return min(playing, key=lambda part: (playing[part].end, part)) if part is None else part

    def lead(self, mask: Mask, homes: Mapping[int, float]) -> Mask:
        """Return a mask of the next pitch, (code,), with what keeps it off bad company.

        Args:
            mask: what it begins as.
            homes: how high each voice mostly lies, by the code of its part, as far as that is known.
        """
        part = self._due()
        own = None if part is None else self._voices.get(part)
        if part is None or (own is None and part not in homes):
            return mask
        led = mask.copy()
        if own is None:
            led -= ENTERING * np.maximum(np.abs(self._values - homes[part]) - NEAR, 0).astype(np.float32)
        for other, voice in self._voices.items():
            if other == part or voice.end <= self._now:
                continue
            if own is not None and voice.onset == self._now and voice.before not in (None, voice.pitch):
                self._part_ways(led, own, voice)
            if other in homes and part in homes:
                led[_beyond(voice.code, below=homes[other] > homes[part])] -= CROSSED
        return led

    def _part_ways(self, led: Mask, own: _Voice, voice: _Voice) -> None:
        """Let pitches lose that keep a perfect interval to a voice that has moved."""
        assert voice.before is not None
        apart = voice.before - own.pitch
        if abs(apart) % 12 in _PERFECT:
            parallel = (voice.pitch - apart) % 12
            led -= PARALLEL * self._classes[parallel]
            if own.pitch % 12 == parallel:  # who stays moves in no parallel
                led[own.code] += PARALLEL


def _beyond(code: int, *, below: bool) -> slice:
    """Return the pitches that do not lie ``below`` the one of another voice, or above it."""
    return slice(code + 1, None) if below else slice(code)


def voice_leading_of(manifest: Manifest, codes: Codes) -> VoiceLeading | None:
    """Return what leads the voices of answers to a context; None where a model has none, or of drums."""
    codec = manifest.codec
    if not manifest.has_voices or not {"part", "duration"} <= set(codec.names):
        return None
    return VoiceLeading(codec, codes)
