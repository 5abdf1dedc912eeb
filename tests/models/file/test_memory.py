"""What hosts write into a model's attention memory."""

from __future__ import annotations

import numpy as np
from antiphon.models.file.manifest import Memory
from antiphon.models.file.memory import empty_memory, remember
from antiphon.models.file.step import NULL_POSITION, UNUSED_POSITION

MEMORY = Memory(heads=2, key_size=3, value_size=5, length=4)


def test_a_step_waits_for_the_next_one_and_the_oldest_goes() -> None:
    """Steps' keys are their numbers, values ten times those, positions a hundred times."""
    made = empty_memory(MEMORY, rows=2, slots=4)
    keys, values, positions = made["memory_keys"], made["memory_values"], made["memory_positions"]
    for step in range(5):
        key, value = np.full((1, 2, 3), step), np.full((1, 2, 5), 10 * (step - 1))
        remember((keys, values, positions), slice(1, 2), step, key, value, [100.0 * (step - 1)])
        if not step:
            assert positions[1].tolist() == [NULL_POSITION, *[UNUSED_POSITION] * 3]
    assert positions[1].tolist() == [NULL_POSITION, 300, UNUSED_POSITION, 200]
    assert keys[1].tolist() == [[[0, 3, 4, 2]] * 3] * 2
    assert values[1, :, :, 0].tolist() == [[0, 30, 10, 20]] * 2
    assert positions[0].tolist() == [NULL_POSITION, *[UNUSED_POSITION] * 3]
    assert not keys[0].any() and not values[0].any()
