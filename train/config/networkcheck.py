"""Which networks can be built, exported and read by a bridge."""

from __future__ import annotations

from ...models.errors import ConfigError
from ...models.file.limits import MAX_MEMORY, RANGES
from .sections import NetworkConfig


def check_network(n: NetworkConfig) -> None:
    """Raise ConfigError for settings of which each is right but which cannot go together."""
    if n.attention_heads < 0:
        raise ConfigError(f"network.attention_heads = {n.attention_heads}: must be at least 0")
    if n.attention_heads and n.memory < 2:  # a note is complete in the memory once the next one is read
        raise ConfigError(f"network.memory = {n.memory}: attention needs at least 2")
    if not -n.layers <= n.attention_layer < n.layers:
        raise ConfigError(f"network.attention_layer = {n.attention_layer}: there are {n.layers} layers")
    if n.cell == "transformer":
        _check_transformer(n)
    if n.attention_heads:
        _check_memory(n)
    if n.roll and not n.sounding_ahead:
        raise ConfigError("network.roll needs network.sounding_ahead, which knows what sounds")


def _check_memory(n: NetworkConfig) -> None:
    """Raise ConfigError for a memory that no model file may ask for."""
    for key, value, limit in (
        ("attention_heads", n.blocks * n.attention_heads, "heads"),
        ("key_size", n.key_size, "key_size"),
        ("value_size", n.value_size, "value_size"),
        ("memory", n.memory, "length"),
    ):
        most = int(RANGES[f"memory: {limit}"][1])
        if value > most:
            times = f" in {n.blocks} blocks" if limit == "heads" and n.blocks > 1 else ""
            raise ConfigError(
                f"network.{key} = {getattr(n, key)}{times}: a model file holds at most {most}; choose fewer"
            )
    numbers = n.blocks * n.attention_heads * (n.key_size + n.value_size) * n.memory
    if numbers > MAX_MEMORY:
        heads = f"{n.blocks} blocks × {n.attention_heads}" if n.blocks > 1 else str(n.attention_heads)
        raise ConfigError(
            f"network.memory = {n.memory}: {heads} heads × {n.key_size + n.value_size} numbers × {n.memory} "
            f"notes are more than the {MAX_MEMORY} that a model file allows; choose a memory of at most "
            f"{n.memory * MAX_MEMORY // numbers}, or fewer heads"
        )


def _check_transformer(n: NetworkConfig) -> None:
    """Raise ConfigError for what a Transformer has no use for."""
    if not n.attention_heads:
        raise ConfigError("network.attention_heads = 0: a Transformer is made of attention")
    for key in ("layer_norm", "residual", "recurrent_dropout"):
        if getattr(n, key):
            raise ConfigError(f"network.{key}: a Transformer has its own; leave it out")
