"""What others have written, shown without obeying it."""

from __future__ import annotations

import pytest
from antiphon.models.printable import printable, printable_lines, table_row


@pytest.mark.parametrize("code", [0x00, 0x07, 0x08, 0x0A, 0x0D, 0x1B, 0x7F, 0x85, 0x9B, 0x2028, 0xDC1B])
def test_what_a_terminal_obeys_is_spelt_out(code: int) -> None:
    shown = printable(f"a{chr(code)}b")
    assert shown.isprintable() and shown.startswith("a\\") and shown.endswith("b")


def test_other_text_stays_as_it_is() -> None:
    text = "Ó Súilleabháin ♯ 二胡 🎻 C\\x"
    assert printable(text) == text
    assert printable_lines("a\nb\x1bc") == "a\nb\\x1bc"


def test_a_row_of_a_table_stays_one_row_of_so_many_cells() -> None:
    row = table_row("my | run\nand more", "failed: no | here", "")
    assert row == "| my \\| run\\x0aand more | failed: no \\| here |  |"
