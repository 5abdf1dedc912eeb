"""Signs of a tune that belong in twos: repeats, endings, ties; and chord symbols that are some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .symbol import CHORD, Kind, Symbol

_ANNOTATIONS = ("^", "_", "<", ">", "@")
"""What annotations begin with (section 4.19)."""


def agreeing(signs: Sequence[Symbol]) -> list[Symbol]:
    """Return the signs without chord symbols that are none, repeats without an end and endings alone."""
    endings = [sign.numbers[0] for sign in signs if sign.kind is Kind.ENDING]
    paired = endings == [1, 2] * (len(endings) // 2)
    kept = [
        sign
        for sign in signs
        if (sign.kind is not Kind.ENDING or paired)
        and (sign.kind is not Kind.HARMONY or _says_something(sign))
    ]
    return _closed(_tied(kept))


def _says_something(sign: Symbol) -> bool:
    """Return whether what stands in quotation marks is a chord symbol or an annotation."""
    return sign.stem.startswith(_ANNOTATIONS) or CHORD.fullmatch(sign.stem) is not None


def _tied(signs: Sequence[Symbol]) -> list[Symbol]:
    """Return the signs without ties that lead to no note of the same pitch."""
    following: Symbol | None = None
    kept: list[Symbol] = []
    waiting: list[int] = []
    for sign in reversed(signs):
        kept.append(sign)
        if sign.kind is Kind.TIE:
            waiting.append(len(kept) - 1)
        elif sign.sounds:
            after = {head.natural for head in following.heads} if following is not None else set()
            if waiting and not after & {head.natural for head in sign.heads}:
                for index in reversed(waiting):
                    del kept[index]
            waiting, following = [], sign
    return kept[::-1]


def _closed(signs: Sequence[Symbol]) -> list[Symbol]:
    """Return the signs with the last repeat's beginning made a double bar, if that repeat never ends."""
    begin = max((i for i, sign in enumerate(signs) if sign.begins_repeat), default=None)
    if begin is None or any(sign.ends_repeat for sign in signs[begin + 1 :]):
        return list(signs)
    plays = signs[begin].numbers[0]
    bar = replace(signs[begin], text=":|" if plays else "||", numbers=(plays, 0, 1))
    return [*signs[:begin], bar, *signs[begin + 1 :]]
