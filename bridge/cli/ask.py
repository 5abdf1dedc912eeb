"""`antiphon ask`: what a DAW would ask a running bridge, from the command line."""

from __future__ import annotations

import argparse
import logging
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from ...models.errors import ConfigError, RequestError
from ...models.file.limits import RANGES
from ...models.metre import Metre
from ...models.printable import printable
from ...models.score import DEFAULT_TEMPO, Part, Score
from ..client.client import Client
from ..leading.opening import barline_after
from ..protocol.options import AUTO, OptionValue
from ..runtime.shelf import ModelShelf
from .musicfile import read_music
from .notelist import SUFFIX
from .options import add_bridge_address, add_models, add_request_options, existing, request_options
from .relay import relay
from .result import Result, add_output_options, check_output_options, show

log = logging.getLogger("antiphon.ask")
VERBS = ("continue", "generate", "models")


@dataclass(frozen=True)
class _Model:
    """What the command line knows of the bridge's model."""

    parts: tuple[Part, ...]
    metre: str
    tempo: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments `ask` has."""
    parser.add_argument(
        "verb", metavar="VERB", help="continue, generate, models, or what else the bridge can do"
    )
    parser.add_argument(
        "--in",
        dest="input",
        type=Path,
        metavar="FILE.mid",
        help="the notes to continue; an ABC file will do, too",
    )
    parser.add_argument("--while", dest="wanted", type=Path, metavar="FILE",
                        help="cancel as soon as this file is gone (with --out FILE.notes)")  # fmt: skip
    add_bridge_address(parser)
    add_models(parser, "the bridge's model files, for the metre, tempo and instruments of what is written")
    add_request_options(parser)
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Ask, show and write."""
    if args.out is not None and args.out.suffix == SUFFIX:
        check_output_options(args, SUFFIX)
        return relay(args)
    if args.wanted is not None:
        raise ConfigError(f"--while needs --out FILE{SUFFIX}")
    if args.verb not in VERBS:
        raise ConfigError(
            f"ask has no verb {args.verb!r}; it has {', '.join(VERBS)}, "
            f"and with --out FILE{SUFFIX} what else the bridge can do"
        )
    if args.verb == "models":
        return _list_models(args)
    options = request_options(args)
    check_output_options(args)
    if (args.verb == "continue") != (args.input is not None):
        raise ConfigError("continue needs --in FILE.mid or FILE.abc; generate takes none")
    if args.verb == "generate" and (args.with_context or "phrase" in options):
        raise ConfigError("--with-context and --phrase are about what continue has in --in; leave them out")
    context = None if args.input is None else read_music(args.input)
    if context is not None and not context.notes:
        raise ConfigError(f"{args.input} has no notes to continue")
    with Client(args.host, args.port, name="ask") as bridge:
        model = _model(bridge, options, ModelShelf(existing(args.models)))
        result = _generate(bridge, options, model) if context is None else _continue(
            bridge, options, model, context)  # fmt: skip
    show(result, args)
    return 0


def _list_models(args: argparse.Namespace) -> int:
    """Say what the bridge plays; return 1 when it has no model."""
    with Client(args.host, args.port, name="ask") as bridge:
        lines = bridge.models()
    for line in lines:
        about = f"{line.title}; parts: {', '.join(line.parts)}; {line.megabytes:.1f} MB"
        print(printable(f"{line.name:12}{about}"))
    return int(not lines)


def _model(bridge: Client, options: dict[str, OptionValue], shelf: ModelShelf) -> _Model:
    """Find out about the model: its parts from the bridge, the rest where its file is at hand."""
    name = str(options.get("model", AUTO))
    if name == AUTO:
        name = bridge.status().model
    line = next((line for line in bridge.models() if line.name == name), None)
    if line is None:
        known = ", ".join(line.name for line in bridge.models())
        raise RequestError("unknown_model", f"the bridge has no model {name!r}; it has {known or 'none'}")
    parts = tuple(Part(part, is_drum=part.lower() == "drums") for part in line.parts)
    try:
        manifest = shelf.manifest(name)
    except RequestError:  # the bridge's own: the common metre and tempo will do
        log.warning("no file of model %s is here; --models DIR says its metre, tempo and instruments", name)
        return _Model(parts, str(Metre()), DEFAULT_TEMPO)
    same = tuple(part.name for part in manifest.parts) == line.parts
    return _Model(manifest.parts if same else parts, manifest.defaults.metre, manifest.defaults.tempo)


def _generate(bridge: Client, options: dict[str, OptionValue], model: _Model) -> Result:
    takes = bridge.generate(on_note=None, **options)
    metre = Metre.parse(str(_told(options, "metre", model.metre)))
    start = float(_told(options, "start", 0.0))
    return Result(takes, start, metre, float(_told(options, "tempo", model.tempo)), model.parts)


def _continue(bridge: Client, options: dict[str, OptionValue], model: _Model, context: Score) -> Result:
    """Ask for what follows a file, in its own metre and tempo where the options leave them open."""
    heard = renumbered(context, model.parts)
    if not heard.notes:
        plays = ", ".join(part.name for part in model.parts if part.name) or "no drums"
        raise ConfigError(
            f"nothing in the file is for this model, which plays {plays}; name another with --model"
        )
    if _is_pitched(context, model.parts):
        log.warning(
            "this model plays drums alone, and takes the clip's pitches for drums: send a clip of drums, on "
            "MIDI channel 10, or name another model with --model"
        )
    last = heard.metres.bar_at(max(note.start for note in heard.notes)).metre
    bridge.set(metre=str(last))
    # The barline is found here: a file's metre map knows of pick-ups and changes, a metre alone does not.
    start = float(_told(options, "start", barline_after(heard.notes, heard.metres, model.parts)))
    metre = Metre.parse(str(_told(options, "metre", str(last))))
    slowest, fastest = RANGES["defaults: tempo"]
    tempo = float(_told(options, "tempo", min(max(heard.tempos[-1][1], slowest), fastest)))
    asked: dict[str, OptionValue] = {**options, "start": start, "metre": str(metre), "tempo": tempo}
    takes = bridge.continue_(heard.notes, on_note=None, **asked)
    return Result(takes, start, metre, tempo, model.parts, _left(context, start, model.parts), heard.notes)


def _left(context: Score, start: float, parts: tuple[Part, ...]) -> Score:
    """Return a file less the notes that the answer takes the place of: what was heard, from its start on."""
    heard = _numbers(context, parts)
    stay = [note for note in context.notes if note.part not in heard or note.start < start - 1e-6]
    return replace(context, notes=tuple(stay))


def _told(options: dict[str, OptionValue], key: str, default: OptionValue) -> OptionValue:
    """Return an option, or what holds where it is left open."""
    value = options.get(key, AUTO)
    return default if value == AUTO else value


def renumbered(score: Score, parts: tuple[Part, ...]) -> Score:
    """Return a file's notes with the model's part numbers, less those that are not for the model."""
    given = _numbers(score, parts)
    kept = [replace(note, part=given[note.part]) for note in score.notes if note.part in given]
    return replace(score, notes=Score.ordered(kept))


def _numbers(score: Score, parts: tuple[Part, ...]) -> dict[int, int]:
    """Return which of the model's parts each of a file's tracks is.

    By name where a name agrees. Else by height, as parts are written from the highest down; where a model's
    parts have no names, by order. Drums go to drums alone, and nowhere where the model has none; what has
    pitches goes to a model of drums only where the file has no drums.
    """
    names = {part.name.lower(): index for index, part in enumerate(parts) if part.name}
    told = {index: names.get(part.name.lower()) for index, part in enumerate(score.parts)}
    given: dict[int, int] = {}
    heights = _heights(score)
    for drums in (False, True):
        tracks = [index for index, part in enumerate(score.parts) if part.is_drum is drums]
        places = [index for index, part in enumerate(parts) if part.is_drum is drums]
        if not places and not any(part.is_drum for part in score.parts):
            places = list(range(len(parts)))
        if names and not drums and all(told[index] is None for index in tracks):
            tracks.sort(key=lambda index: -heights.get(index, 0.0))
        for place, index in enumerate(tracks):
            number = told[index]
            if number in places:
                given[index] = number
            elif places:
                given[index] = places[min(place, len(places) - 1)]
    return given


def _is_pitched(score: Score, parts: tuple[Part, ...]) -> bool:
    """Return whether a model takes for drums what neither its channel nor its track's name says are any."""
    return any(
        parts[number].is_drum
        and not score.parts[track].is_drum
        and score.parts[track].name.lower() != parts[number].name.lower()
        for track, number in _numbers(score, parts).items()
    )


def _heights(score: Score) -> dict[int, float]:
    """Return the mean pitch of each part that has notes; one without is the lowest."""
    pitches: defaultdict[int, list[int]] = defaultdict(list)
    for note in score.notes:
        pitches[note.part].append(note.pitch)
    return {part: sum(found) / len(found) for part, found in pitches.items()}
