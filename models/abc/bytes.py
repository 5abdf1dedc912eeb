"""The bytes of ABC files: UTF-8 by the standard, other encodings in fact."""

from __future__ import annotations

import codecs

from ..errors import AbcError


def decode_abc(data: bytes) -> str:
    """Return text that is UTF-8 or, failing that, Latin-1, as old ABC collections are.

    A byte-order mark of UTF-16 makes it that; raises AbcError where the rest then is not.
    """
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise AbcError(f"its first bytes promise UTF-16, which it is not: {error}") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
