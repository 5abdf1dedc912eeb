"""Which Antiphon this is."""

from __future__ import annotations

import importlib.metadata


def version() -> str:
    """Return the version that is installed, as ``0.1.0``."""
    return importlib.metadata.version("antiphon")
