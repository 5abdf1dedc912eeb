"""ABC notation: tunes to scores, bars that do not add up, and tunes mended."""

from .abc_bar import WrittenBar, bars
from .abc_bytes import decode_abc
from .abc_repair import read_repaired, repair_abc
from .abc_score import read_abc
from .errors import AbcError

__all__ = ["AbcError", "WrittenBar", "bars", "decode_abc", "read_abc", "read_repaired", "repair_abc"]
