"""Antiphon's own client over a network that loses, doubles and reorders datagrams."""

from __future__ import annotations

import pytest
from antiphon.bridge.client.client import Client
from antiphon.models.note import Note
from lossy import lossy
from program import Bridge


@pytest.mark.parametrize("streamed", [False, True])
def test_the_python_client_gets_every_note(
    bridge: Bridge, client: Client, song: tuple[Note, ...], streamed: bool
) -> None:
    options = {"bars": 24, "takes": 2, "seed": 5}
    expected = client.continue_(song, **options)
    heard: list[Note] = []
    with lossy(bridge.port, seed=3) as network, Client(port=network.port, timeout=30.0) as distant:
        distant.hello()
        assert distant.models() == client.models()
        for _ in range(3):
            heard.clear()
            got = distant.continue_(
                song, on_note=(lambda _, __, note: heard.append(note)) if streamed else None, **options
            )
            assert got == expected
            assert not streamed or len(heard) == sum(len(take.notes) for take in expected)
    assert min(network.counts.values()) > 0, network.counts
