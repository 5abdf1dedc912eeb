"""Which values of a training configuration can work."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import get_args, get_type_hints

from ...models.errors import ConfigError, MusicError
from ...models.file.limits import MAX_TEXT, RANGES
from ...models.file.manifest import NAME
from ...models.metre import Metre
from .networkcheck import check_network
from .sections import CardConfig, FitConfig, NetworkConfig
from .sources import sources_of

LARGEST_SEED = 2**32 - 1
"""NumPy's."""
_NUMBERS: tuple[tuple[str, Callable[[float], bool], tuple[str, ...]], ...] = (
    (
        "above 0",
        lambda value: 0 < value < inf,
        (
            "network.units", "network.layers", "network.head_units", "network.embedding", "network.key_size",
            "network.value_size", "network.memory", "fit.crop", "fit.batch", "fit.steps", "fit.patience",
            "fit.learning_rate", "fit.clip",
        ),
    ),
    (
        "at least 0",
        lambda value: 0 <= value < inf,
        ("fit.seed", "fit.warmup", "fit.weight_decay", "fit.evaluate_every"),
    ),
    (
        "from 0 to below 1",
        lambda value: 0 <= value < 1,
        (
            "network.dropout", "network.embedding_dropout", "network.ahead_dropout",
            "network.recurrent_dropout", "fit.average",
        ),
    ),
    (
        "from 0 to 1", lambda value: 0 <= value <= 1,
        ("fit.known_end", "fit.known_phrase", "fit.transposed", "fit.teaching"),
    ),
)  # fmt: skip
"""What a number must be, whether it is, and the keys of such numbers."""
_CHOICES = ("network.cell", "network.attention_position", "network.attention_values", "fit.precision")
"""Keys whose values are a few words."""

DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
"""What no file on Windows may be called, whatever its ending (learn.microsoft.com, Naming Files)."""


def check(network: NetworkConfig, fit: FitConfig, card: CardConfig) -> None:
    """Raise ConfigError, which names the key, for values that cannot work."""
    tables = {"network": network, "fit": fit, "card": card}
    _check_card(card)
    _check_fit(fit)
    for wanted, holds, keys in _NUMBERS:
        for key in keys:
            table, _, name = key.partition(".")
            value = getattr(tables[table], name)
            if not holds(value):
                raise ConfigError(f"{key} = {value}: must be {wanted}")
    for key in _CHOICES:
        table, _, name = key.partition(".")
        known = get_args(get_type_hints(type(tables[table]))[name])
        if (value := getattr(tables[table], name)) not in known:
            raise ConfigError(f"{key} = {value!r}: must be {' or '.join(known)}")
    check_network(network)
    if network.phrases and not (fit.known_phrase > 0 and fit.known_end < 1):
        raise ConfigError(
            "network.phrases = true, but no passage would tell phrases: set fit.known_phrase above 0 and "
            "fit.known_end below 1"
        )


def _check_fit(f: FitConfig) -> None:
    """Raise ConfigError for a seed, teachers or a transposition that cannot be."""
    if f.seed > LARGEST_SEED:
        raise ConfigError(f"fit.seed = {f.seed}: must be at most {LARGEST_SEED}")
    if not all(isinstance(teacher, str) for teacher in f.teachers):
        raise ConfigError("fit.teachers: must be a list of folders' names")
    if (
        len(f.transpose) != 2
        or any(type(t) is not int for t in f.transpose)
        or not -127 <= f.transpose[0] <= f.transpose[1] <= 127
    ):
        raise ConfigError(
            f"fit.transpose = {list(f.transpose)}: must be [lowest, highest] in semitones, from -127 to 127"
        )


def _check_card(card: CardConfig) -> None:
    """Raise ConfigError for what a model file could not say, or what requests could not ask for."""
    if not NAME.fullmatch(card.name):
        raise ConfigError(
            f"card.name = {card.name!r}: lower-case letters, digits and hyphens, such as my-tunes"
        )
    if card.name in DEVICES:
        raise ConfigError(f"card.name = {card.name!r}: Windows has no file of that name; choose another")
    try:
        Metre.parse(card.metre)
    except MusicError as error:
        raise ConfigError(f"card.metre: {error}") from error
    for key in ("tempo", "temperature", "top_p"):
        value, (low, high) = getattr(card, key), RANGES[f"defaults: {key}"]
        if not low <= value <= high:
            raise ConfigError(f"card.{key} = {value}: must be in range {low}..{high}")
    texts = {f"card.{key}": getattr(card, key) for key in ("title", "licence")}
    sources_of(card.sources)
    for key, text in texts.items():
        if len(text) > MAX_TEXT:
            raise ConfigError(f"{key}: {len(text)} characters, at most {MAX_TEXT} are allowed")
