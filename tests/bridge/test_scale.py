import pytest
from antiphon.bridge.scale import MODES, parse_scale
from antiphon.models.errors import RequestError


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("C", {0, 2, 4, 5, 7, 9, 11}),
        ("D dorian", {2, 4, 5, 7, 9, 11, 0}),
        ("Bb minor", {10, 0, 1, 3, 5, 6, 8}),
        ("F# harmonic minor", {6, 8, 9, 11, 1, 2, 5}),
        ("0,2,4,5,7,9,11", {0, 2, 4, 5, 7, 9, 11}),
        ("0 4 7", {0, 4, 7}),
        ("B flat minor", {10, 0, 1, 3, 5, 6, 8}),
        ("c Sharp", {1, 3, 5, 6, 8, 10, 0}),
    ],
)
def test_named_and_numbered_scales(text, classes):
    assert parse_scale(text).classes == classes


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_holds_its_tonic(mode):
    assert 9 in parse_scale(f"A {mode}").classes


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "empty"),
        ("D doric", "'dorian'"),
        ("H major", "'H'"),
        ("H flat", "'Hb'"),
        ("Dm", "D minor"),
        ("0,12", "0..11"),
        ("0,x", "0..11"),
    ],
)
def test_a_wrong_scale_says_what_is_wrong(text, hint):
    with pytest.raises(RequestError, match=hint) as error:
        parse_scale(text)
    assert error.value.code == "bad_args"
