"""The layers between a step's inputs and its heads: LSTM, GRU or Transformer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..backend import keras
from ..config.sections import NetworkConfig
from .attention import Block, RelativeBias, Windows
from .shape import Batch


class Recurrent:
    """LSTM or GRU layers; each is followed by its norm, its residual connection and dropout.

    Layer normalisation (Ba et al. 2016) is of what a layer hands on, not of what it carries over; a
    residual connection adds what a layer read, from the second layer on.
    """

    def __init__(self, config: NetworkConfig) -> None:
        kind = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[config.cell]
        self.config = config
        self.layers = [
            kind(
                config.units,
                return_sequences=True,
                recurrent_dropout=config.recurrent_dropout,
                name=f"{config.cell}{i}",
            )
            for i in range(config.layers)
        ]
        self.norms = [
            keras.layers.LayerNormalization(epsilon=1e-5, name=f"norm{i}")
            for i in range(config.layers if config.layer_norm else 0)
        ]
        self.dropouts = [keras.layers.Dropout(config.dropout) for _ in range(config.layers)]

    def __call__(self, x: Any, attend: Callable[[int, Any], Any], training: bool) -> Any:
        """Return the last layer's output; ``attend(layer, x)`` adds attention where it has its place."""
        for i, layer in enumerate(self.layers):
            y = layer(x, training=training)
            if self.norms:
                y = self.norms[i](y)
            if self.config.residual and i:
                y = y + x[..., : self.config.units]
            x = attend(i, self.dropouts[i](y, training=training))
        return x


class Transformer:
    """A stack of :class:`antiphon.train.network.attention.Block` over one projection of the inputs."""

    def __init__(self, config: NetworkConfig, bias: RelativeBias) -> None:
        self.config, self.bias = config, bias
        self.input = keras.layers.Dense(config.units, name="input")
        self.blocks = [Block(config, name=f"block{i}") for i in range(config.layers)]
        self.norm = keras.layers.LayerNormalization(epsilon=1e-5, name="norm")

    def __call__(self, x: Any, batch: Batch, training: bool) -> Any:
        """Return the last block's output, normalised."""
        heads = self.config.attention_heads
        windows = Windows(batch["clock"], self.config.memory)
        bias, null = self.bias.between(windows), self.bias.null()
        x = self.input(x)
        for i, block in enumerate(self.blocks):
            own = slice(i * heads, (i + 1) * heads)
            x = block(x, windows.clock, bias[:, own], null[own], training=training)
        return self.norm(x)
