"""The encodings of ABC files."""

from __future__ import annotations

import pytest
from antiphon.models.abc import AbcError, decode_abc

TUNE = "X:1\nT:Bruach na Carraig\u00e9 B\u00e1ine\nK:D\nABc|\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_a_tune_is_read_in_the_encodings_that_there_are(encoding: str) -> None:
    assert decode_abc(TUNE.encode(encoding)) == TUNE


def test_a_mark_of_utf_16_before_other_bytes_is_told() -> None:
    with pytest.raises(AbcError, match="promise UTF-16, which it is not"):
        decode_abc(b"\xff\xfeX:1\nK:D\n\xd8")
