"""What 8-bit weights may cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from antiphon.export.verify import QUANTISING, held_out
from antiphon.models.codec import Codec
from antiphon.models.errors import ExportError
from tiny_model import tiny_manifest

PASSAGE: dict[str, Any] = {"weight": np.ones((10, 3)), "counted": np.ones(10)}


class Losing:
    """A graph that loses so many nats a field of a note."""

    manifest = tiny_manifest(codec=Codec.default())

    def __init__(self, nats: float) -> None:
        self._nats = nats

    def nats(self, passage: dict[str, Any]) -> np.ndarray:
        return np.full((10, 3), self._nats)


def test_a_rise_within_the_limit_is_reported() -> None:
    found = held_out(Losing(2.0), Losing(2.0 * (1 + 0.9 * QUANTISING)), [PASSAGE])
    assert found["float32"] == pytest.approx(6.0)
    assert found["exported"] == pytest.approx(6.0 * (1 + 0.9 * QUANTISING))


@pytest.mark.parametrize("nats", [2.0 * (1 + 1.1 * QUANTISING), float("nan")])
def test_a_rise_beyond_it_is_refused(nats: float) -> None:
    with pytest.raises(ExportError, match="--weights float32"):
        held_out(Losing(2.0), Losing(nats), [PASSAGE])
