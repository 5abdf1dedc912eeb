"""Where a piece ends."""

from __future__ import annotations

import numpy as np
import pytest
from antiphon.bridge.leading.cadence import CLOSE, Cadence, keys_of
from antiphon.bridge.leading.tonality import Leaning
from hypothesis import given
from hypothesis import strategies as st

SILENCE = np.zeros(12)
MAJOR = np.array([4, 0, 2, 0, 3, 2, 0, 4, 0, 2, 0, 1.0])
MINOR = np.array([4, 0, 2, 3, 0, 2, 0, 4, 1, 0, 1, 1.0])
BEATS = st.lists(st.floats(0, 1e6), min_size=12, max_size=12).map(np.array)


def homes(leaning: Leaning) -> set[int]:
    """Return the pitch classes that gain most."""
    return set(np.flatnonzero(np.isclose(leaning, leaning.max())).tolist())


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize("mode", [0, 1])
def test_a_key_is_told_by_how_long_its_notes_sound(mode: int, tonic: int) -> None:
    keys = keys_of(np.roll((MAJOR, MINOR)[mode], tonic))
    assert np.unravel_index(keys.argmax(), keys.shape) == (mode, tonic)


@given(BEATS)
def test_keys_are_probabilities(beats: Leaning) -> None:
    keys = keys_of(beats)
    assert keys.shape == (2, 12) and keys.sum() == pytest.approx(1) and (keys >= 0).all()


def test_a_page_tells_a_key_no_more_surely_than_eight_beats() -> None:
    assert keys_of(MAJOR * 100) == pytest.approx(keys_of(MAJOR))
    assert keys_of(MAJOR / 10).max() < keys_of(MAJOR).max() / 2


def test_silence_tells_no_key_and_leads_nowhere() -> None:
    assert np.allclose(keys_of(SILENCE), 1 / 24)
    assert not Cadence(None, None, SILENCE).leaning(chord=False).any()


def test_what_is_unsure_gains_less() -> None:
    few, many = (Cadence(None, None, MAJOR * share).leaning(chord=False) for share in (0.05, 1))
    assert homes(few) == homes(many) == {0}
    assert 0 < few[0] < many[0] < CLOSE


def test_the_first_notes_do_not_lead_to_themselves() -> None:
    cadence = Cadence(None, None, SILENCE)
    cadence.hear(0, 1.0)
    assert np.ptp(cadence.leaning(chord=False)) < CLOSE / 8


def test_a_tonic_that_is_named_gains_all() -> None:
    assert np.array_equal(Cadence(2, None, MAJOR).leaning(chord=False), CLOSE * (np.arange(12) == 2))


@pytest.mark.parametrize(("beats", "third"), [(MAJOR, 4), (MINOR, 3)])
def test_other_voices_have_the_triad_of_the_mode_that_was_heard(beats: Leaning, third: int) -> None:
    cadence = Cadence(0, None, beats)
    assert cadence.leaning(chord=True)[[0, third, 7]] == pytest.approx(CLOSE, abs=0.2)
    assert homes(cadence.leaning(chord=False)) == {0}


def test_a_scale_leaves_only_its_triads() -> None:
    dorian = frozenset({0, 2, 4, 5, 7, 9, 11})
    leaning = Cadence(2, dorian, np.roll(MAJOR, 2)).leaning(chord=True)  # what was heard has F#
    assert (leaning[[2, 5, 9]] > CLOSE - 1).all() and leaning[6] == 0


def test_a_tonic_is_home_in_a_scale_that_lacks_its_triad() -> None:
    assert homes(Cadence(0, frozenset({0, 2, 7}), MAJOR).leaning(chord=False)) == {0}


def test_a_scale_without_a_triad_leads_nowhere_where_no_tonic_is_named() -> None:
    assert not Cadence(None, frozenset({0, 1, 2}), MAJOR).leaning(chord=False).any()


def test_the_notes_of_the_answer_tell_too() -> None:
    cadence = Cadence(None, None, np.roll(MAJOR, 7))
    assert homes(cadence.leaning(chord=False)) == {7}
    for pitch_class, beats in enumerate(np.roll(MAJOR, 5) * 2):
        cadence.hear(pitch_class, float(beats))
    assert homes(cadence.leaning(chord=False)) == {5}


def test_hearing_leaves_the_context_alone() -> None:
    beats = MAJOR.copy()
    Cadence(None, None, beats).hear(0, 4.0)
    assert np.array_equal(beats, MAJOR)


def test_a_tune_is_home_on_the_tonic_that_is_named() -> None:
    cadence = Cadence(2, None, MAJOR)
    assert cadence.at_home() == 0
    cadence.hear(2, 1.0)
    assert cadence.at_home() == 1
    cadence.hear(9, 1.0)
    assert cadence.at_home() == 0


def test_a_tune_is_home_as_far_as_music_tells_the_tonic() -> None:
    found = []
    for share in (0, 0.1, 1):
        cadence = Cadence(None, None, MAJOR * share)
        cadence.hear(0, 0.5)
        found.append(cadence.at_home())
    assert 0 < found[0] < found[1] / 2 < found[2] / 4
    assert found[2] > 0.7


def test_nothing_is_home_in_a_scale_without_a_triad() -> None:
    cadence = Cadence(None, frozenset({0, 1, 2}), MAJOR)
    cadence.hear(0, 4.0)
    assert cadence.at_home() == 0
