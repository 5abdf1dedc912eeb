"""A message's arguments against the protocol table."""

from __future__ import annotations

import difflib
import math
import sys
from typing import Any

from ...models.errors import RequestError
from ...models.note import Note
from .osc import Message, Value
from .table import REPLY_TABLE, REQUEST_TABLE, VALUES_A_NOTE, Address, Argument

MAX_ID = 255
"""Characters of a string id, which every reply repeats."""
MAX_REASON = 1000
"""Characters of a failure's message: what a client sent may be long, and is not sent back in full."""
_BEATS_LIMIT = 1e6
"""There 32-bit floats are 1/16 beat apart; up to 2**19 beats they tell 24 ticks a beat apart."""
INT32 = 2**31


def check(entry: Address, args: tuple[Value, ...]) -> list[Any]:
    """Return the arguments as their kinds: int, float, str, and tails as tuples.

    Missing optional ones are None, empty tails (). Numbers of any type are taken for each other, as
    clients cannot choose them. Raises RequestError ``bad_args`` that names argument and usage.
    """
    result: list[Any] = []
    for index, argument in enumerate(entry.arguments):
        if argument.is_tail:
            return [*result, _tail(argument, args[index:], result)]
        if index < len(args):
            result.append(_one(argument, args[index]))
        elif argument.optional:
            result.append(None)
        else:
            raise RequestError("bad_args", f"{argument.name} is missing; usage: {usage(entry)}")
    if len(args) > len(entry.arguments):
        raise RequestError(
            "bad_args",
            f"{len(args)} arguments, at most {len(entry.arguments)} belong here; usage: {usage(entry)}",
        )
    return result


def usage(entry: Address) -> str:
    """Return a line that shows how an address is called.

    >>> from .table import REQUEST_TABLE
    >>> usage(REQUEST_TABLE["/antiphon/resend"])
    '/antiphon/resend id take [seqs…]'
    """
    words = [entry.address]
    for argument in entry.arguments:
        word = argument.name + ("…" if argument.is_tail else "")
        words.append(f"[{word}]" if argument.optional else word)
    return " ".join(words)


def is_reply(message: Message) -> bool:
    """Return whether a message is a reply as the table has them; a newer bridge's may have more arguments."""
    entry = REPLY_TABLE.get(message.address)
    if entry is None:
        return False
    has_tail = bool(entry.arguments) and entry.arguments[-1].is_tail
    try:
        check(entry, message.args if has_tail else message.args[: len(entry.arguments)])
    except RequestError:
        return False
    return True


def unknown(address: str) -> RequestError:
    """Return the error for an address that is not in the table."""
    verbs = {name.rsplit("/", 1)[-1]: name for name in REQUEST_TABLE}
    near = difflib.get_close_matches(address[:64].rsplit("/", 1)[-1].lower(), verbs, n=1, cutoff=0.7)
    advice = f"did you mean {verbs[near[0]]}?" if near else f"after /antiphon/ comes {', '.join(verbs)}"
    return RequestError("unknown_address", f"no address {address[:64]!r}; {advice}")


def identity(value: Value) -> Value | None:
    """Return a value as an id, or None where it cannot be one. A whole float is an int: Pd sends 1 as 1.0."""
    if isinstance(value, str):
        return value if 0 < len(value) <= MAX_ID else None
    if not math.isfinite(value) or value != int(value) or not -INT32 <= value < INT32:
        return None
    return int(value)


def shortened(text: str) -> str:
    """Return a message without its middle where it is too long: its beginning and end say what to do."""
    half = MAX_REASON // 2
    return text if len(text) <= MAX_REASON else f"{text[:half]}…{text[-half + 1 :]}"


def _one(argument: Argument, value: Value) -> Value:
    """Return one argument as its kind."""
    if argument.kind == "any":
        return value
    if argument.kind == "id":
        found = identity(value)
        if found is None:
            raise RequestError(
                "bad_args", f"{argument.name} must be text of 1..{MAX_ID} characters or a whole 32-bit number"
            )
        return found
    if argument.kind == "str":
        if not isinstance(value, str):
            raise RequestError("bad_args", f"{argument.name} must be text, not the number {value:g}")
        return value
    return whole(argument.name, value) if argument.kind == "int" else number(argument.name, value)


def number(name: str, value: Value) -> float:
    """Return a finite number; raises RequestError ``bad_args``."""
    # A script's whole number may be too large for a float; so compared, it is refused as infinity is.
    if isinstance(value, str) or not abs(value) <= sys.float_info.max:
        raise RequestError("bad_args", f"{name} must be a finite number, not {str(value)[:64]!r}")
    return float(value)


def whole(name: str, value: Value, low: int = -INT32, high: int = INT32 - 1) -> int:
    """Return a whole number in a range; raises RequestError ``bad_args``."""
    result = number(name, value)
    if result != int(result):
        raise RequestError("bad_args", f"{name} must be a whole number, not {result:g}")
    if not low <= result <= high:
        raise RequestError("bad_args", f"{name} {result:g} must be in range {low}..{high}")
    return int(result)


def _tail(argument: Argument, values: tuple[Value, ...], before: list[Any]) -> tuple[Any, ...]:
    """Return what is left as the tail's kind."""
    if argument.kind == "notes":
        return notes(values, expected=before[-1])
    if argument.kind == "ints":
        return tuple(whole(argument.name, value, 0) for value in values)
    if argument.kind == "options" and not values and not argument.optional:
        raise RequestError("bad_args", "at least one key and value must follow")
    return values


def notes(values: tuple[Value, ...], expected: int) -> tuple[Note, ...]:
    """Return flat 5-tuples as notes; raises RequestError where they are not ``expected`` valid notes."""
    if len(values) != VALUES_A_NOTE * expected:
        raise RequestError(
            "bad_args",
            f"{expected} notes need {VALUES_A_NOTE * expected} values (pitch start duration velocity part "
            f"each), {len(values)} came",
        )
    return tuple(note(values[at : at + VALUES_A_NOTE]) for at in range(0, len(values), VALUES_A_NOTE))


def note(values: tuple[Value, ...]) -> Note:
    """Return five values as a note; raises RequestError naming the one out of range."""
    pitch, start, duration, velocity, part = values
    begin, length = number("start", start), number("duration", duration)
    if abs(begin) > _BEATS_LIMIT:
        raise RequestError("bad_args", f"start {begin:g} must be in range -1000000..1000000 beats")
    if not 0 < length <= _BEATS_LIMIT:
        raise RequestError("bad_args", f"duration {length:g} must be above 0 and at most 1000000 beats")
    return Note(
        whole("pitch", pitch, 0, 127),
        begin,
        length,
        whole("velocity", velocity, 1, 127),
        whole("part", part, 0, 255),
    )
