"""How a line of the log is written."""

from __future__ import annotations

import logging

from ...models.printable import printable, printable_lines


class LogLine(logging.Formatter):
    r"""Writes a message on one line, and nothing that a terminal would obey: strangers' words stand in it.

    >>> LogLine("%(message)s").format(logging.makeLogRecord({"msg": "client %s", "args": ("\x1b[2J\nx",)}))
    'client \\x1b[2J\\x0ax'
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802, as logging calls it
        """Return the line."""
        record.message = printable(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:  # noqa: N802, as logging calls it
        """Return a traceback, whose last line may quote what came."""
        return printable_lines(super().formatException(ei))  # type: ignore[arg-type]
