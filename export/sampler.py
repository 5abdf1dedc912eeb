"""The sampler of the step graph."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from .lookups import pick


def draw(logits: Any, mask: Any, temperature: Any, top_p: Any, uniform: Any) -> Any:
    """Return codes drawn from the nucleus of the masked, tempered distribution, (batch, 1).

    Nucleus sampling: Holtzman et al. 2020, "The curious case of neural text degeneration". Codes are
    sorted by probability, so the draw inverts the sorted cumulative distribution.
    """
    probability = tf.nn.softmax((logits + mask) / temperature)
    sorted_p, codes = tf.math.top_k(probability, k=logits.shape[-1], index_type=tf.int64)
    upto = tf.cumsum(sorted_p, axis=1)
    # The nucleus ends where the sum first reaches top_p: sums below it count as 1, and the least is left.
    nucleus = tf.reduce_min(tf.maximum(upto, tf.cast(upto < top_p, tf.float32)), axis=1, keepdims=True)
    # The first sum beyond the draw; the likeliest code where rounding leaves none.
    beyond = tf.cast(upto > uniform * nucleus, tf.float32)
    return pick(codes, tf.expand_dims(tf.argmax(beyond, axis=1), 1))
