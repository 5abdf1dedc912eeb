import math
import struct

import pytest
from antiphon.bridge.protocol.options import AUTO, MAX_TUNE, OPTIONS, coerce, parse
from antiphon.models.errors import RequestError


def test_numbers_of_any_type_are_taken_for_each_other():
    assert parse(["seed", 7.0, "bars", 2, "low", "48", "takes", 1]) == {
        "seed": 7,
        "bars": 2.0,
        "low": 48,
        "takes": 1,
    }


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [("parts", 3.0, "3"), ("model", 20240101, "20240101"), ("model", math.inf, "inf")],
)
def test_a_lone_number_is_its_digits(key, value, text):
    assert parse([key, value]) == {key: text}


@pytest.mark.parametrize("text", ["X:1\nT:A tune\n", "X:1\\nT:A tune\\n", "X:1\nT:A tune\\n"])
def test_lines_of_a_text_end_with_a_newline_or_with_what_is_typed_for_one(text):
    """Message boxes and shells send backslash and n."""
    assert parse(["text", text]) == {"text": "X:1\nT:A tune\n"}


def test_auto_is_a_value_of_every_option():
    assert all(coerce(option, AUTO) == AUTO for option in OPTIONS)


def test_every_default_is_a_value():
    assert all(coerce(option, option.default) == option.default for option in OPTIONS)


def test_every_limit_is_a_value_as_a_float_of_32_bits():
    """As Max, Pure Data and TouchOSC send it: 0.01 is 0.0099999998 then, and a seed of 31 bits is 2**31."""
    for option in OPTIONS:
        for limit in (option.low, option.high) if option.type != "s" else ():
            assert coerce(option, struct.unpack("f", struct.pack("f", limit))[0]) == limit


@pytest.mark.parametrize(
    ("pairs", "hint"),
    [
        (["tempature", 1.0], "did you mean 'temperature'"),
        ([3, 1.0], "no option '3'"),
        (["bars"], "no partner"),
        (["bars", 2, "bars", 3], "twice"),
        (["bars", 2, "beats", 3], "not both"),
        (["takes", 0], "range 1..16"),
        (["takes", 1.5], "whole number"),
        (["seed", -1], "range 0.."),
        (["seed", 2**31], "range 0.."),
        (["top_p", 0.0099], "range 0.01..1"),
        (["temperature", math.nan], "finite"),
        (["temperature", math.inf], "finite"),
        (["bars", "many"], "must be a number"),
        (["bars", "0"], "bars 0 must be in range 0.25..256"),
        (["low", "128"], "low 128 must be in range 0..127"),
        (["seed", "-1"], "seed -1 must be in range 0..2147483647"),
        (["seed", 2**31], "seed 2147483648 must be in range 0..2147483647"),
        (["start", -1e7], "start -10000000 must be in range -1000000..1000000"),
        (["start", 1e300], r"start 1e\+300 must be"),
        (["bars", "1e999"], "finite"),
        (["low", 2**62], "range 0..127"),
        (["metre", "7/5"], "denominator"),
        (["metre", 4], '"6/8"'),
        (["scale", "X"], "note name"),
        (["mode", "stream"], "mode 'stream' must be one of chunk, single"),
        (["ending", "shut"], "ending 'shut' must be one of open, closed, auto"),
        (["ending", 1], "ending '1' must be one of"),
        (["model", "m" * 300], "limit is 256"),
        (["text", "a" * (MAX_TUNE + 1)], "limit is 2048"),
    ],
)
def test_a_wrong_option_says_what_is_wrong(pairs, hint):
    with pytest.raises(RequestError, match=hint) as error:
        parse(pairs)
    assert error.value.code == "bad_args"
