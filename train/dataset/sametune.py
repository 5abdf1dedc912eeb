"""Tunes that are the same music: of each one is kept, whatever its title, key or line breaks."""

from __future__ import annotations

from collections.abc import Iterator

from ...models.abc import read_abc
from .arrange import arrange
from .dataset import SplitName
from .prepareconfig import PrepareConfig
from .selection import STRENGTH
from .shard import fingerprint, table_of

_NOTES = PrepareConfig()


def keys_of(text: str) -> Iterator[str]:
    """Yield what a tune shares with others of the same music: its letters, and where it parses its notes.

    Letters are those from its key on, without spacing; notes as in a data set of notes, so that
    transposed copies share them.

    >>> a, b = "X:1\\nL:1/8\\nK:C\\nCD EF|\\n", "X:1\\nL:1/8\\nK:D\\nDEF\\nG|\\n"
    >>> len({*keys_of(a), *keys_of(b)})
    3
    """
    yield "".join(text.partition("\nK:")[2].split())
    try:
        notes = arrange(read_abc(text, repeats=False), _NOTES)
        yield " " + fingerprint(table_of(notes), _NOTES)
    except Exception:  # as in reading notes: whatever a tune breaks, its letters tell it from others
        return


class SameTunes:
    """Remembers tunes, and which of those that are the same is kept.

    >>> same = SameTunes()
    >>> same.add("a", "train", "X:1\\nK:C\\nCDE|"), same.add("b", "test", "X:1\\nK:D\\nDEF|")
    ([], [('a', 'b')])
    """

    def __init__(self) -> None:
        self._best: dict[str, str] = {}
        self._keys: dict[str, set[str]] = {}
        self._rank: dict[str, tuple[int, int]] = {}
        """Of every tune kept; the lowest of several stays."""

    def add(self, name: str, split: SplitName, text: str) -> list[tuple[str, str]]:
        """Take in a tune; return those given up for another, as (tune, the one that stays).

        That of the stronger split stays, else the first.
        """
        keys = set(keys_of(text))
        same = [*dict.fromkeys(self._best[key] for key in keys if key in self._best), name]
        self._keys[name] = keys
        self._rank[name] = -STRENGTH[split], len(self._rank)
        best, *others = sorted(same, key=self._rank.__getitem__)
        for other in others:
            self._keys[best] |= self._keys.pop(other)
        self._best.update(dict.fromkeys(self._keys[best], best))
        return [(other, best) for other in others]
