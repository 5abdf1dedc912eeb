"""The command `antiphon`, and the commands of this room."""

from .commands import main

__all__ = ["main"]
