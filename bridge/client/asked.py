"""What a client's request says: its options with those that were set, and the notes that go along."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence

from ...models.errors import RequestError
from ...models.note import Note
from ...models.score import Score
from ..protocol.arguments import notes as checked
from ..protocol.options import AUTO, TABLE, OptionValue, coerce
from ..protocol.osc import flat
from ..protocol.table import MAX_CONTEXT_NOTES

_OWN = ("mode", "reply_port")
_LENGTHS = ("bars", "beats")
Options = Mapping[str, OptionValue]


def refuse_own(options: Options) -> None:
    """Raise RequestError for options that a client chooses by itself."""
    for own in _OWN:
        if own in options:
            raise RequestError("bad_args", f"{own} is the client's own to choose")


def hold(held: dict[str, OptionValue], key: str, value: OptionValue) -> None:
    """Let an option hold for all requests, or no longer, as the bridge does on ``/antiphon/set``.

    >>> held = {"beats": 5.0, "seed": 7}
    >>> hold(held, "bars", 2)
    >>> hold(held, "seed", "auto")
    >>> held
    {'bars': 2}
    """
    if value == AUTO:
        held.pop(key, None)
        return
    held[key] = value
    if key == "bars":
        held.pop("beats", None)


def merged(options: Options, held: Options) -> dict[str, OptionValue]:
    """Return a request's options and those that hold for all; of two lengths its own, else beats.

    >>> merged({"bars": 2}, {"beats": 5.0, "scale": "D dorian"})
    {'scale': 'D dorian', 'bars': 2}
    """
    refuse_own(options)
    asked = {**held, **options}
    if asked.get("model") == AUTO and "model" in held:  # of this client, also to a bridge started anew
        asked["model"] = held["model"]
    both = all(asked.get(length, AUTO) != AUTO for length in _LENGTHS)
    if both and not all(length in options for length in _LENGTHS):
        del asked["beats" if "bars" in options else "bars"]
    return asked


def fitting(notes: Iterable[Note], asked: Options) -> Sequence[Note]:
    """Return the notes in order: of more than a bridge takes the last ones before the answer.

    Raises RequestError ``bad_args`` for a note that no bridge takes, as its numbers may be too large to send.
    """
    ordered = Score.ordered(list(notes))
    start = asked.get("start", AUTO)
    if len(ordered) > MAX_CONTEXT_NOTES and start != AUTO:
        with contextlib.suppress(ValueError, OverflowError):  # the bridge will say what is wrong with it
            ordered = tuple(note for note in ordered if note.start < float(start)) or ordered
    kept = ordered[-MAX_CONTEXT_NOTES:]
    return checked(tuple(flat(kept)), len(kept))


def take_count(asked: Options) -> int:
    """Return how many takes come, 1 where the bridge decides or will refuse the number."""
    try:
        wanted = coerce(TABLE["takes"], asked.get("takes", AUTO))
    except RequestError:
        return 1
    return 1 if wanted == AUTO else int(wanted)
