"""Strangers' words in the log."""

from __future__ import annotations

import logging

from antiphon.bridge.cli.logline import LogLine

NAME = "\x1b]0;mine\x07\x1b[2J\nmodel folk has been added"


def written(**values: object) -> str:
    return LogLine("%(message)s").format(logging.makeLogRecord({"levelno": logging.INFO, **values}))


def test_a_name_begins_no_line_and_sends_no_escape_sequence() -> None:
    line = written(msg="client %s speaks protocol %d", args=(NAME, 9))
    assert line == r"client \x1b]0;mine\x07\x1b[2J\x0amodel folk has been added speaks protocol 9"


def test_a_traceback_keeps_its_lines_and_obeys_nothing() -> None:
    try:
        raise ValueError(NAME)
    except ValueError as error:
        lines = written(msg="it failed", exc_info=(ValueError, error, error.__traceback__)).split("\n")
    assert lines[:2] == ["it failed", "Traceback (most recent call last):"]
    assert all(line.isprintable() for line in lines)
