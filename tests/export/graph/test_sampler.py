"""The sampler draws from the nucleus as its definition says."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from antiphon.export.graph.sampler import FEW, draw, rare
from antiphon.models.file.step import MASKED


def nucleus_draw(logits: np.ndarray, temperature: float, top_p: float, uniform: float) -> int:
    """Draw by the definition: from the fewest likeliest codes that reach top_p together, in proportion."""
    weight = np.exp(logits / temperature)
    likeliest = np.argsort(-weight)
    upto = np.cumsum(weight[likeliest]) / weight.sum()
    kept = upto[: np.searchsorted(upto, min(top_p, upto[-1])) + 1]
    return int(likeliest[np.searchsorted(kept, uniform * kept[-1], side="right")])


@pytest.mark.parametrize("spread", [2.0, 0.3, 0.01])
def test_draws_follow_the_definition(spread: float) -> None:
    rng = np.random.default_rng(7)
    rows, size = 2000, FEW + 20
    logits = rng.normal(0, spread, (rows, size)).astype(np.float32)
    mask = np.where(rng.random((rows, size)) < 0.3, MASKED, 0).astype(np.float32)
    temperature = rng.uniform(0.5, 1.5, (rows, 1)).astype(np.float32)
    top_p = rng.choice([0.05, 0.5, 0.95, 0.999, 1.0], (rows, 1)).astype(np.float32)
    uniform = rng.random((rows, 1), np.float32)
    given = (logits, mask, temperature, top_p, rare(top_p, size), uniform)
    drawn = draw(*map(tf.constant, given)).numpy()[:, 0]
    masked, told = (logits + mask).astype(np.float64), (temperature, top_p, uniform)
    wanted = [nucleus_draw(masked[i], *(float(x[i, 0]) for x in told)) for i in range(rows)]
    assert np.mean(drawn == wanted) > 0.998, "single and double precision part ways at an edge now and then"
    # The largest number below 1 leaves nothing beyond it where sums fall short of 1 by rounding.
    last = np.full_like(uniform, np.nextafter(np.float32(1), np.float32(0)))
    for codes in (drawn, draw(*map(tf.constant, (*given[:5], last))).numpy()[:, 0]):
        assert (mask[np.arange(rows), codes] == 0).all()
