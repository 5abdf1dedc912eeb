"""ABC notation: tunes to scores, bars that do not add up, and tunes mended."""

from ..errors import AbcError
from .bar import WrittenBar, bars
from .bytes import decode_abc
from .repair import read_repaired, repair_abc
from .score import read_abc

__all__ = ["AbcError", "WrittenBar", "bars", "decode_abc", "read_abc", "read_repaired", "repair_abc"]
