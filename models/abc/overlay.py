"""What ``&`` lays over a bar: notes that begin with it and sound beside its own (ABC 2.1, section 7.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..errors import AbcError
from .symbol import Kind, Symbol

MAX_OVERLAYS = 8
"""Over one bar."""
_SHARED = (Kind.ENDING, Kind.FIELD)
_TIMED = (*_SHARED, Kind.TUPLET, Kind.BROKEN)
_Bar = tuple[list[list[Symbol]], list[Symbol]]
"""Its own signs and those of each overlay; its barline, if it has one."""


def layers(signs: Sequence[Symbol]) -> list[list[Symbol]]:
    """Return a voice's own signs, then each overlay's, with rests in the bars that it leaves out.

    All have the voice's barlines, endings and fields, so that they are repeated alike.

    Raises:
        AbcError: more than MAX_OVERLAYS over one bar.
    """
    if all(sign.kind is not Kind.OVERLAY for sign in signs):
        return [list(signs)]
    bars = list(_bars(signs))
    most = max(len(parts) for parts, _ in bars)
    return [[sign for bar in bars for sign in _of_layer(bar, layer)] for layer in range(most)]


def _bars(signs: Sequence[Symbol]) -> Iterator[_Bar]:
    parts: list[list[Symbol]] = [[]]
    for sign in signs:
        if sign.kind is Kind.BAR:
            yield parts, [sign]
            parts = [[]]
        elif sign.kind is not Kind.OVERLAY:
            parts[-1].append(sign)
        elif len(parts) > MAX_OVERLAYS:
            raise AbcError(
                f"more than {MAX_OVERLAYS} times & in a bar; leave some out", sign.line, sign.column
            )
        else:
            parts.append([])
    yield parts, []


def _of_layer(bar: _Bar, layer: int) -> Iterator[Symbol]:
    """Yield a bar's signs in one layer; what a field says goes on into the bars after it in all of them."""
    parts, barline = bar
    for number, part in enumerate(parts):
        if number == layer:
            yield from part
        elif number == 0 and layer >= len(parts):
            yield from (_silent(sign) for sign in part if sign.sounds or sign.kind in _TIMED)
        else:
            yield from (sign for sign in part if sign.kind in _SHARED)
    yield from barline


def _silent(sign: Symbol) -> Symbol:
    """Return a rest as long as a note, other signs as they are."""
    return replace(sign, kind=Kind.REST, stem="z", heads=()) if sign.kind is Kind.NOTE else sign
