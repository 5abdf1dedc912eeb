"""What a bridge tells of itself, as the Python client returns it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bridge:
    """Who answered a hello."""

    name: str
    version: str
    protocol: int
    capabilities: tuple[str, ...]


@dataclass(frozen=True)
class Status:
    """How a bridge is."""

    protocol: int
    model: str
    ready: bool
    """Whether the model is loaded."""
    queued: int
    """Requests waiting or being answered, of all clients."""
    last_ms: float
    """How long this client's last request took."""


@dataclass(frozen=True)
class ModelLine:
    """One model of a bridge."""

    name: str
    title: str
    tasks: tuple[str, ...]
    parts: tuple[str, ...]
    megabytes: float
