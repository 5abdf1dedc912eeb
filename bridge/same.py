"""Arguments of caches that are told apart by what they are, not by what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

Held = TypeVar("Held")


class Same(Generic[Held]):
    """A tuple that equals itself alone: to compare or hash hundreds of notes takes longer than most that is
    asked of them, cold as they are after a pause, and a context comes as the same tuple each time.

    Whoever keeps this keeps the tuple, so no other one can have its identity meanwhile.
    """

    __slots__ = ("held",)

    def __init__(self, items: Iterable[Held]) -> None:
        self.held: tuple[Held, ...] = items if isinstance(items, tuple) else tuple(items)

    def __hash__(self) -> int:
        return id(self.held)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.held is other.held
