"""What makes the pitches of an answer likelier than its model finds them, or less so.

Its key and where its voices lie are told by the context and, where that is short, by how the answer itself
begins. Voices keep out of parallels, and a tune does not go round a few bars for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...models.file.manifest import Manifest
from ..request import GenerationRequest
from .cadence import REST, cadence_of
from .constraints import Mask
from .context import Context
from .tonality import HOME, HOME_OF_VOICES, Leaning, of_heard, of_tonic

MAX_NOTES = 128
"""Notes, the context's among them, up to which an answer's own tell its key."""
_AT_ONCE = 16
"""Notes after which the key is found anew."""
WORN = 16.0
"""Nats that a pitch loses which would begin a loop once more: at a low temperature a few are not enough."""


class Leading:
    """Leads one take. Limits forbid; what leads adds to them.

    Args:
        manifest: of a model of notes.
        request: to be answered.
        limits: which pitches may be chosen, (code,).
        context: as it is read.
    """

    def __init__(
        self, manifest: Manifest, request: GenerationRequest, limits: Mask, context: Context
    ) -> None:
        codec = manifest.codec
        self._pitch, self._duration = codec.names.index("pitch"), codec.index("duration")
        self._classes = codec.pitch_classes
        self._durations = () if self._duration is None else codec.fields[self._duration].values
        self._ticks_per_beat = codec.ticks_per_beat
        self._limits = self._mask = limits
        self._strength = request.leading
        self._heard: Leaning | None = None
        """How long each pitch class has sounded, in beats, where that leads; (12,)."""
        self._count = 0
        self._is_alone = manifest.is_melody or (manifest.has_voices and len(request.parts or ()) == 1)
        self._loops = None if context.loops is None else context.loops.copy()
        self._worn: list[int] = [] if self._loops is None else self._loops.worn
        where, moved = context.tessitura, context.motion
        self._tessitura = None if where is None else where.within(request.low, request.high)
        self._motion = None if moved is None else moved.of_parts(request.parts)
        if self._motion is not None:
            self._motion.begin()
        self._cadence = cadence_of(manifest, request, context)
        self._tonic = request.tonic
        self._shares = HOME if manifest.is_melody else HOME_OF_VOICES
        if context.heard is None:  # drums
            return
        if self._tonic is None and request.scale is not None:  # which leaves nothing to lead to
            return
        self._heard, self._count = context.heard.beats.copy(), context.heard.notes
        if self._tonic is not None:
            self._lean(of_tonic(self._tonic, self._heard, self._shares))
        elif self._count:
            self._lean(context.heard.leaning)

    def entries(self, gap: int) -> list[int]:
        """Return the codes of the parts that begin the answer together; none for any.

        Args:
            gap: ticks from the last note of the context to the answer's start.
        """
        return [] if self._motion is None or not self._strength else self._motion.entries(gap)

    def _lean(self, leaning: Leaning) -> None:
        self._mask = self._limits + leaning[self._classes].astype(np.float32)

    def hear(self, codes: Sequence[int], bar: int, tick: int) -> None:
        """Take one more note of the answer, and its place: its bar and the tick in it."""
        if self._tessitura is not None:
            self._tessitura.hear(codes)
        if self._motion is not None:
            self._motion.hear(codes)
        if self._loops is not None:
            self._loops.hear(bar, tick, codes)
            self._worn = self._loops.worn
        beats = self._beats(codes)
        if self._cadence is not None:
            self._cadence.hear(self._classes[codes[self._pitch]], beats)
        if self._heard is None:
            return
        self._heard[self._classes[codes[self._pitch]]] += beats
        self._count += 1
        if self._tonic is not None:
            self._lean(of_tonic(self._tonic, self._heard, self._shares))
        elif self._count <= MAX_NOTES and self._count % _AT_ONCE == 0:
            self._lean(of_heard(self._heard))

    def _beats(self, codes: Sequence[int]) -> float:
        """Return how long a note sounds; one of a model that knows no durations, a beat."""
        if self._duration is None:
            return 1.0
        return self._durations[codes[self._duration]] / self._ticks_per_beat

    def _is_above_others(self) -> bool:
        """Return whether the next note is most likely one of several, but of the lowest voice."""
        if self._motion is None:
            return not self._is_alone
        return self._motion.is_next_above(self._homes())

    def _homes(self) -> Mapping[int, float]:
        """Return how high each voice mostly lies, by the code of its part, as far as that is known."""
        return self._tessitura.homes if self._tessitura is not None else {}

    def wait(self, codes: Sequence[int]) -> None:
        """Take a note of the answer that is not played."""
        if self._motion is not None:
            self._motion.wait(codes)

    def rest(self, ending: float) -> float:
        """Return what the end of a piece gains, in nats: a tune that has come home stays there.

        Args:
            ending: as for :meth:`mask`.
        """
        return self._strength * REST * ending**3 * self._at_home()

    def _at_home(self) -> float:
        """Return how likely a tune has come home; 0 of voices, which do so one after the other."""
        return self._cadence.at_home() if self._is_alone and self._cadence is not None else 0.0

    def mask(self, ending: float = 0.0) -> Mask:
        """Return the mask of the next pitch, (code,).

        Args:
            ending: how far a bar's length before the end of a piece is over, 0 to 1; there home waits.
        """
        if not self._strength:
            return self._limits
        mask = self._led(ending)
        return mask if self._strength == 1 else self._limits + self._strength * (mask - self._limits)

    def _led(self, ending: float) -> Mask:
        """Return the mask of the next pitch at full strength, (code,)."""
        mask = self._mask
        if ending and self._cadence is not None:
            home = self._cadence.leaning(chord=self._is_above_others())[self._classes]
            if self._motion is not None:
                home = home * self._motion.within_reach(self._homes())
            late = 1 + self._at_home()  # who is there needs no leading, but for the very end
            mask = mask + (ending**late * home).astype(np.float32)
        if self._worn:
            mask = mask.copy()
            mask[self._worn] -= WORN
        if self._motion is not None:
            mask = self._motion.lead(mask, self._homes())
        return mask if self._tessitura is None else self._tessitura.lead(mask)
