import pytest
from antiphon.bridge.protocol.options import parse
from antiphon.bridge.protocol.scale import MODES, parse_scale
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
        ("D 2,5,9", {2, 5, 9}),
        ("B flat 10 2 5", {10, 2, 5}),
    ],
)
def test_named_and_numbered_scales(text, classes):
    assert parse_scale(text).classes == classes


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("Dm", "D minor"),
        ("Am", "A minor"),
        ("F#m", "F# minor"),
        ("F♯m", "F# minor"),
        ("Bbm", "Bb minor"),
        ("bm", "B minor"),
        ("bbm", "Bb minor"),
        ("B flat m", "Bb minor"),
        ("Dmin", "D minor"),
        ("Ebmin", "Eb minor"),
        ("Cmaj", "C major"),
        ("GMaj", "G major"),
        ("A m", "A minor"),
        ("A min", "A minor"),
        ("A MAJ", "A major"),
        ("F# min pentatonic", "F# minor pentatonic"),
        ("Am pentatonic", "A minor pentatonic"),
        ("D harmonic min", "D harmonic minor"),
    ],
)
def test_modes_may_be_written_as_chords_are(text, scale):
    assert parse_scale(text) == parse_scale(scale)
    assert parse(["scale", text]) == {"scale": text}  # as it comes over OSC


def test_a_tonic_is_what_is_named():
    tonics = [parse_scale(text).tonic for text in ("D dorian", "Bb", "2,4,5", "A 2,9", "B flat 10 2")]
    assert tonics == [2, 10, None, 9, 10]


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
        ("DM", "D minor"),
        ("D M", "'M'"),
        ("Dm7", "D minor"),
        ("m", "'m'"),
        ("maj", "'maj'"),
        ("Hm", "'H'"),
        ("0,12", "0..11"),
        ("0,x", "0..11"),
        ("C# 0,2,4", "C# is not among"),
        ("D 2,14", "0..11"),
        ("Es", "'Eb' or 'E sharp'"),
        ("as major", "'Ab' or 'A sharp'"),
    ],
)
def test_a_wrong_scale_says_what_is_wrong(text, hint):
    with pytest.raises(RequestError, match=hint) as error:
        parse_scale(text)
    assert error.value.code == "bad_args"
