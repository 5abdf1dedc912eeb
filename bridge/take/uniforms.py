"""The random numbers of a take."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

STEPS_AT_ONCE = 64
"""Drawn together. One turn of the generator makes 8 float32 numbers, so a block ends where a turn does."""
_TURNS_A_NUMBER = STEPS_AT_ONCE // 8


class Uniforms:
    """Numbers from 0 to below 1 that depend on seed, take and step alone, whoever else is served.

    They come from a counter-based generator, Philox 4x64 (Salmon et al. 2011, "Parallel random numbers: as
    easy as 1, 2, 3"): any stretch of them can be had at once.

    Args:
        seed: any integer; its lowest 64 bits count.
        take: from 0.
        width: numbers a step.
    """

    def __init__(self, seed: int, take: int, width: int) -> None:
        self._key = (seed % 2**64, take)
        self._width = width
        self._steps = 0
        self._block: npt.NDArray[np.float32]

    def next(self) -> npt.NDArray[np.float32]:
        """Return the next step's numbers, (width,)."""
        at = self._steps % STEPS_AT_ONCE
        if not at:
            turns = self._steps // STEPS_AT_ONCE * _TURNS_A_NUMBER * self._width
            self._block = _philox.numbers(self._key, turns, (STEPS_AT_ONCE, self._width))
        self._steps += 1
        numbers: npt.NDArray[np.float32] = self._block[at]
        return numbers


class _Philox(threading.local):
    """One generator a thread, turned to where it is wanted.

    A new one a take would ask the system for a seed that nobody uses, while the first note waits.
    """

    def __init__(self) -> None:
        self._bits = np.random.Philox(key=0)
        self._state = self._bits.state
        self._generator = np.random.Generator(self._bits)

    def numbers(self, key: tuple[int, int], turns: int, shape: tuple[int, int]) -> npt.NDArray[np.float32]:
        """Return the float32 numbers that follow so many turns of the generator of ``key``."""
        self._state["state"]["key"][:] = key
        self._state["state"]["counter"][0] = turns
        self._bits.state = self._state
        return self._generator.random(shape, np.float32)


_philox = _Philox()
