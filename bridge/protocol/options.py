"""The options of the note verbs: one table for parsing, ``/antiphon/params`` and the docs."""

from __future__ import annotations

import difflib
import math
import secrets
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...models.errors import MusicError, RequestError
from ...models.file.limits import RANGES
from ...models.file.step import PHRASE_BARS
from ...models.metre import Metre
from ..manner.stretch import LONGEST, SHORTEST
from .scale import parse_scale
from .table import SEED_BITS

OptionType = Literal["i", "f", "s"]
OptionValue = int | float | str
AUTO = "auto"
"""What stands for "the bridge decides"; sending it takes a setting back."""
REPLY_MODES = ("chunk", "single")
ENDINGS = ("open", "closed", AUTO)
_CHOICES: Mapping[str, tuple[str, ...]] = {"mode": REPLY_MODES, "ending": ENDINGS}
MAX_CHARACTERS = 256
"""Characters of an option's value."""
MAX_TUNE = 2048
"""Characters of the option ``text``: a header and some thirty bars."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a request."""

    key: str
    type: OptionType
    """How its value is read: whole number, number, or text."""
    low: float
    """The smallest value; 0 for text."""
    high: float
    """The largest value; 0 for text."""
    default: OptionValue
    """What holds when it is not given; "auto" leaves it to the bridge, as ``doc`` says."""
    doc: str


OPTIONS: tuple[Option, ...] = (
    Option("model", "s", 0, 0, AUTO, "name of the model; auto: folk, where the bridge has it, "
           "or the one that antiphon serve --default names"),
    Option("start", "f", -1e6, 1e6, AUTO, "beat where the answer starts, taken as a barline; "
           "auto: the first barline at or after the context's end, 0 without a context"),
    Option("bars", "f", 0.25, 256, 4.0, "length of the answer in bars"),
    Option("beats", "f", 0.25, 1024, AUTO, "length of the answer in beats, instead of bars; auto: by bars"),
    Option("metre", "s", 0, 0, AUTO, 'metre of the answer, such as 6/8; set by /antiphon/set it is the '
           "context's too; auto: the model's usual one"),
    Option("tempo", "f", *RANGES["defaults: tempo"], AUTO, "quarter notes a minute, for a file that is "
           "written; it changes no note; auto: the model's usual one"),
    Option("temperature", "f", *RANGES["defaults: temperature"], AUTO, "below 1 plainer, above 1 wilder; "
           "auto: what suits the model"),
    Option("top_p", "f", *RANGES["defaults: top_p"], AUTO, "choose among the likeliest up to this "
           "probability; auto: what suits the model"),
    Option("seed", "i", 0, 2**31 - 1, AUTO, "the same request with the same seed gives the same notes; "
           "auto: a new one each time, told in /antiphon/done"),
    Option("takes", "i", 1, 16, 1, "how many different answers"),
    Option("scale", "s", 0, 0, AUTO, 'only notes of this scale: "D dorian", "Dm" or pitch classes '
           '"0,2,4,5,7,9,11"; auto: all notes, those strange to the context less often'),
    Option("low", "i", *RANGES["defaults: low"], AUTO, "lowest MIDI pitch; "
           "auto: the model's, near the context"),
    Option("high", "i", *RANGES["defaults: high"], AUTO, "highest MIDI pitch; "
           "auto: the model's, near the context"),
    Option("parts", "s", 0, 0, AUTO, 'only these parts: index or name, "0,3" or "soprano,bass"; auto: all'),
    Option("phrase", "i", 0, PHRASE_BARS, 1, f"which bar of a phrase of {PHRASE_BARS} the context's first "
           "whole bar is, for models that know phrases; 0: not known"),
    Option("stretch", "f", SHORTEST, LONGEST, AUTO, "how many beats one of the model's lasts: at 2 notes "
           "are twice as long, and half as many; auto: 1, or what a slow or fast context asks for"),
    Option("leading", "f", 0, 1, 1.0, "how far pitches are led: to the key, to where the voices lay, past "
           "parallels and endless loops, home at the end; 0 leaves them to the model"),
    Option("text", "s", 0, 0, AUTO, "how the tune begins, in ABC, for a model of text, "
           f"at most {MAX_TUNE} characters; auto: as the other options say"),
    Option("ending", "s", 0, 0, AUTO, "open: the music may go on after the answer; closed: it comes to its "
           "end in the answer's last bar; auto: closed for generate, open for continue"),
    Option("reply_port", "i", 0, 65535, 0, "UDP port that replies go to; 0: the port that sent the request; "
           "left out or auto: as told in /antiphon/hello"),
    Option("mode", "s", 0, 0, "chunk", "chunk: up to 48 notes a message when a take is ready; "
           "single: one message a note, as soon as it is chosen"),
)  # fmt: skip
TABLE: Mapping[str, Option] = {option.key: option for option in OPTIONS}


def new_seed() -> int:
    """Return a seed for a request that names none."""
    return secrets.randbits(SEED_BITS)


def highest(known: Option) -> float:
    """Return an option's upper limit as a 32-bit float that is within it."""
    limit = np.float32(known.high)
    return float(limit if float(limit) <= known.high else np.nextafter(limit, np.float32(0)))


def option(key: object) -> Option:
    """Return the option called ``key``; raises RequestError that names the nearest known one."""
    if isinstance(key, str) and key in TABLE:
        return TABLE[key]
    near = difflib.get_close_matches(str(key)[:64], TABLE, n=1, cutoff=0.0)[0]
    raise RequestError("bad_args", f"no option {str(key)[:64]!r}; did you mean {near!r}?")


def parse(pairs: Sequence[OptionValue]) -> dict[str, OptionValue]:
    """Read ``key value key value …``; raises RequestError ``bad_args`` that says what is wrong.

    >>> parse(["bars", 8, "metre", "6/8"])
    {'bars': 8.0, 'metre': '6/8'}
    """
    if len(pairs) % 2:
        raise RequestError(
            "bad_args", f"options come as key and value; {str(pairs[-1])[:64]!r} has no partner"
        )
    values: dict[str, OptionValue] = {}
    for key, value in zip(pairs[::2], pairs[1::2], strict=True):
        known = option(key)
        if known.key in values:
            raise RequestError("bad_args", f"option {known.key!r} is given twice")
        values[known.key] = coerce(known, value)
    if values.get("bars", AUTO) != AUTO and values.get("beats", AUTO) != AUTO:
        raise RequestError("bad_args", "give bars or beats, not both")
    return values


def coerce(known: Option, value: OptionValue) -> OptionValue:
    """Return ``value`` as the option's type and within its limits; raises RequestError."""
    if value == AUTO:
        return AUTO
    if known.type == "s":
        return _text(known, value)
    number = _unrounded(known, _number(known, value)) if isinstance(value, float) else _number(known, value)
    if not known.low <= number <= known.high:
        told, low, high = map(_digits, (number, known.low, known.high))
        raise RequestError("bad_args", f"{known.key} {told} must be in range {low}..{high}")
    return int(number) if known.type == "i" else float(number)


def _digits(number: float) -> str:
    """Return a number as people write it: 2147483647, not 2.14748e+09."""
    return f"{number:.0f}" if abs(number) < 1e15 and number == int(number) else f"{number:g}"


def _unrounded(known: Option, number: float) -> float:
    """Return the limit that a 32-bit float stands for: 0.01 comes as 0.0099999998."""
    for limit in (known.low, known.high):
        if number == struct.unpack("f", struct.pack("f", limit))[0]:
            return limit
    return number


def _number(known: Option, value: OptionValue) -> float:
    """Return a finite number, whole where the option is; text that reads as a number is one."""
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise RequestError("bad_args", f"{known.key} must be a number, not {str(value)[:64]!r}") from None
    if not math.isfinite(number):
        raise RequestError("bad_args", f"{known.key} must be a finite number, not {number}")
    if known.type == "i" and number != int(number):
        raise RequestError("bad_args", f"{known.key} must be a whole number, not {number:g}")
    return number


def _text(known: Option, value: OptionValue) -> str:
    """Return a text option; a lone number is taken as its digits, for hosts that send ``parts 0``."""
    text = value if isinstance(value, str) else _digits(value)
    most = MAX_TUNE if known.key == "text" else MAX_CHARACTERS
    if len(text) > most:
        raise RequestError("bad_args", f"{known.key} has {len(text)} characters, the limit is {most}")
    if known.key == "text":
        return text.replace("\\n", "\n")  # message boxes, shells and panels have no other way to end a line
    if known.key == "scale":
        parse_scale(text)
    elif known.key == "metre":
        try:
            return str(Metre.parse(text))
        except MusicError as error:
            raise RequestError("bad_args", str(error)) from error
    elif text not in _CHOICES.get(known.key, (text,)):
        raise RequestError(
            "bad_args", f"{known.key} {text!r} must be one of {', '.join(_CHOICES[known.key])}"
        )
    return text
