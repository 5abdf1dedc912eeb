"""What runs are fitted to."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_music import write_dataset


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data") / "set", pieces=6, notes=30)
