"""A bridge in a process of its own, and the same bridge's answers by Antiphon's own client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from antiphon.bridge.client.client import Client
from antiphon.models.note import Note
from program import Bridge


@pytest.fixture(scope="module")
def bridge(tiny_model: Path) -> Iterator[Bridge]:
    """`antiphon serve` with a tiny model as its default.

    One for each program: after many, the system would give a port to a one-shot sender of one
    that another program said hello from.
    """
    with Bridge("--models", tiny_model.parent, "--default", "tiny") as bridge:
        yield bridge


@pytest.fixture
def client(bridge: Bridge) -> Iterator[Client]:
    """What the others' notes are compared with."""
    with Client("127.0.0.1", bridge.port, timeout=30.0) as client:
        yield client


@pytest.fixture(scope="session")
def riff() -> tuple[Note, ...]:
    """A context of one message."""
    return (Note(62, 0.0, 1.0, 96), Note(65, 1.0, 1.0, 90), Note(69, 2.0, 2.0, 90, 1))


@pytest.fixture(scope="session")
def song() -> tuple[Note, ...]:
    """A context of two messages."""
    return tuple(Note(60 + i * 5 % 12, i / 4, 0.25, 60 + i, i % 2) for i in range(60))


@pytest.fixture(scope="session")
def long_song() -> tuple[Note, ...]:
    """A context of 200 notes, in five messages."""
    return tuple(Note(60 + i * 5 % 12, i / 4, 0.25, 60 + i % 60, i % 2) for i in range(200))
