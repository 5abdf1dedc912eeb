"""The random numbers of a take."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from antiphon.bridge.take.uniforms import STEPS_AT_ONCE, Uniforms


@pytest.mark.parametrize("width", [1, 4, 6, 7])
def test_numbers_are_the_generators_own_stream(width: int) -> None:
    steps = 3 * STEPS_AT_ONCE + 5
    generator = np.random.Generator(np.random.Philox(key=np.array([7, 2], np.uint64)))
    wanted = generator.random((steps, width), np.float32)
    uniforms = Uniforms(7, 2, width)
    assert np.array_equal([uniforms.next() for _ in range(steps)], wanted)


def test_takes_that_draw_in_turns_get_what_each_gets_alone() -> None:
    pairs = [(seed, take) for seed in (0, 2**63 - 1, -1) for take in (0, 15)]
    alone = {pair: numbers(Uniforms(*pair, 5), 130) for pair in pairs}
    together = {pair: Uniforms(*pair, 5) for pair in pairs}
    drawn: dict[tuple[int, int], list[list[float]]] = {pair: [] for pair in pairs}
    for _ in range(130):
        for pair, uniforms in together.items():
            drawn[pair].append(uniforms.next().tolist())
    assert drawn == alone
    assert len({tuple(map(tuple, rows)) for rows in alone.values()}) == len(pairs)


def test_another_thread_draws_the_same() -> None:
    wanted = numbers(Uniforms(3, 1, 4), 100)
    found: list[list[list[float]]] = []
    thread = threading.Thread(target=lambda: found.append(numbers(Uniforms(3, 1, 4), 100)))
    thread.start()
    thread.join()
    assert found == [wanted]


def numbers(uniforms: Uniforms, steps: int) -> list[list[float]]:
    """Return the next steps' numbers."""
    return [uniforms.next().tolist() for _ in range(steps)]
