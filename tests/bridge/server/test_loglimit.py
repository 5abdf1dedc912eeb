"""The log's limit."""

from __future__ import annotations

import logging

from antiphon.bridge.server.loglimit import MAX_LINES, WINDOW_SECONDS, LogLimit


def line(limit: LogLimit, seconds: float, number: int = 1) -> str | None:
    """Return what is written of a line, None where it is left out."""
    record = logging.LogRecord("antiphon", logging.INFO, "session.py", number, "client %d", (7,), None)
    record.created = 1e9 + seconds
    return record.getMessage() if limit.filter(record) else None


def test_a_flood_is_cut_and_counted() -> None:
    limit = LogLimit()
    flood = [line(limit, seconds=i / 100) for i in range(500)]
    assert [text for text in flood if text] == ["client 7"] * MAX_LINES
    assert line(limit, seconds=1, number=2) == "client 7", "another place has lines of its own"
    later = line(limit, seconds=WINDOW_SECONDS + 1)
    assert later == f"client 7 ({500 - MAX_LINES} such lines before were left out)"
    assert line(limit, seconds=WINDOW_SECONDS + 2) == "client 7"


def test_a_clock_put_back_mutes_nothing() -> None:
    limit = LogLimit()
    for _ in range(MAX_LINES + 1):
        line(limit, seconds=0)
    assert line(limit, seconds=-3600)
