"""How closely onsets follow one another."""

from __future__ import annotations

import pytest
from antiphon.models.gaps import gaps, geometric_mean


def test_a_chord_is_one_onset_however_it_is_struck() -> None:
    assert gaps([0.0, 0.01, 0.06, 1.0, 1.0, 3.0]) == [1.0, 2.0]
    assert gaps([0.0]) == gaps([]) == []


def test_a_row_of_close_onsets_is_no_chord_without_end() -> None:
    assert sum(gaps(n / 25 for n in range(51))) == pytest.approx(2.0, abs=0.1)


def test_a_mean_of_what_was_found_and_what_is_known() -> None:
    assert geometric_mean([0.5, 2.0]) == pytest.approx(1.0)
    assert geometric_mean([4.0, 4.0], known=0.25, weight=2) == pytest.approx(1.0)
    assert geometric_mean([], known=0.3, weight=4) == pytest.approx(0.3)
