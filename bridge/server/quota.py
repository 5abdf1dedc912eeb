"""How much may wait, so that nobody makes the bridge grow and nobody is crowded out."""

from __future__ import annotations

from collections.abc import Hashable

OVERHEAD_BYTES = 256
"""What keeping a datagram costs beside its bytes: the object, its place in a queue."""


class Quota:
    """Bytes that wait, counted for each party by itself and for all together.

    While all together stay within their limit, a party may use up its own. Beyond it, of n parties only
    those may add who have less than the n²-th part of it, so that whoever floods gives way to everybody
    else; in all there is never more than twice ``everybody``, however many they are. (Even shares, of 1/2,
    1/3, 1/4 … for those who come one after the other, add up without end; 1/2² + 1/2² + 1/3² + 1/4² … stays
    below 1, with 1/2² twice as the first to add beyond the limit may be a party that was there before.)

    >>> quota = Quota(each=10_000, everybody=4_000)
    >>> [quota.admit("flood", 1000) for _ in range(5)]
    [True, True, True, True, False]
    >>> quota.admit("honest", 1000)
    True

    Args:
        each: bytes that may wait for one party.
        everybody: bytes that may wait for all of them.
    """

    def __init__(self, each: int, everybody: int) -> None:
        self._each = each
        self._everybody = everybody
        self._waiting: dict[Hashable, int] = {}
        self._total = 0

    @property
    def total(self) -> int:
        """Bytes that wait."""
        return self._total

    def admit(self, party: Hashable, size: int) -> bool:
        """Count ``size`` bytes more for a party; return False, counting nothing, where they are too many."""
        after = self._waiting.get(party, 0) + size
        parties = len(self._waiting) + (party not in self._waiting)
        if after > self._each or (
            self._total + size > self._everybody and after > self._everybody // parties**2
        ):
            return False
        self._waiting[party] = after
        self._total += size
        return True

    def release(self, party: Hashable, size: int) -> None:
        """Count ``size`` bytes less, which were admitted before."""
        left = self._waiting[party] - size
        if left:
            self._waiting[party] = left
        else:
            del self._waiting[party]
        self._total -= size
