"""The sampler of the step graph."""

from __future__ import annotations

from typing import Any

from ...train.backend import tf
from .lookups import pick

FEW = 40
"""So few codes sort quickly enough as they are."""


def rare(top_p: Any, codes: int) -> Any:
    """Return a probability below which no code of a field can be in its nucleus, (batch, 1).

    Of fewer than ``codes`` such codes all together reach less than ``1 - top_p``, so what is more likely
    reaches top_p by itself. It is half of what it may be, as sums of float32 are rounded.
    """
    most = 0.5 / codes
    # ONNX Runtime makes one node of it, where most * (1 - top_p) would be two.
    return tf.matmul(top_p, tf.constant([[-most]])) + most


def draw(logits: Any, mask: Any, temperature: Any, top_p: Any, below: Any, uniform: Any) -> Any:
    """Return codes drawn from the nucleus of the masked, tempered distribution, (batch, 1).

    Nucleus sampling: Holtzman et al. 2020, "The curious case of neural text degeneration". Codes are
    sorted by probability, so the draw inverts the sorted cumulative distribution. ``below`` is from
    :func:`rare`, for as many codes or more: made equal, those beyond the nucleus cost sorting little, where
    chance would decide each comparison else.
    """
    probability = tf.nn.softmax((logits + mask) / temperature)
    if logits.shape[-1] > FEW:
        probability = tf.maximum(probability, below)
    sorted_p, codes = tf.math.top_k(probability, k=logits.shape[-1], index_type=tf.int64)
    upto = tf.cumsum(sorted_p, axis=1)
    nucleus = pick(upto, _reaching(upto, top_p))
    return pick(codes, _reaching(upto, uniform * nucleus))


def _reaching(upto: Any, limit: Any) -> Any:
    """Return where sums (batch, n) first reach a limit (batch, 1), or else their end, (batch, 1).

    Of sums cut off at the limit it is the first that is largest: two nodes, where comparing takes three.
    """
    return tf.expand_dims(tf.argmax(tf.minimum(upto, limit), axis=1), 1)
