"""Values that no model means: each is refused, and named with its limit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from antiphon.models.errors import ModelFileError
from antiphon.models.file import limits
from antiphon.models.file.check import check_manifest
from antiphon.models.file.manifest import StateTensor
from antiphon.models.file.read import read_manifest
from tiny_model import tiny_manifest, tiny_text_manifest

NAN, INFINITE, HUGE = float("nan"), float("inf"), 10**400


def refuses(data: Any, message: str) -> None:
    with pytest.raises(ModelFileError, match=message) as error:
        read_manifest(json.dumps(data))
    assert len(str(error.value)) < 600


def manifest() -> Any:
    return json.loads(tiny_manifest().to_json())


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("ticks_per_beat", 24.5, "ticks_per_beat 24.5 is not in 1..960, whole"),
        ("ticks_per_beat", True, "ticks_per_beat True is not in 1..960"),
        ("ticks_per_beat", HUGE, "'ticks_per_beat'.*not in 1..960"),
        ("format_version", True, "no format_version"),
        ("fields", {"name": "delta"}, "'fields'.*must be a list"),
        ("metres", {"4/4": 1}, "'metres'.*must be a list"),
        ("metres", ["4/4", " 4/4"], "'metres' names something twice"),
        ("metres", ["9" * 5000 + "/4"], "'metres'"),
        ("tasks", "generate", "'tasks'.*must be a list, not 'generate'"),
        ("tasks", ["play"] * 257, "'tasks' has 257 entries, at most 256"),
        ("conditions", ["metre", "metre"], "'conditions' names something twice"),
        ("held_out", {"test": HUGE}, "'held_out'.*too large"),
        ("held_out", [1], "'held_out'"),
        ("parameters", HUGE, "'parameters' must be in range 0..1000000000000"),
        ("title", "x" * 5000, "'title' has 5000 characters, at most 4096"),
        ("sources", [["name"] * 100_000], "'sources'"),
    ],
)
def test_a_value_that_cannot_be(key: str, value: Any, message: str) -> None:
    refuses(manifest() | {key: value}, message)


@pytest.mark.parametrize(
    ("key", "entry", "value", "message"),
    [
        ("memory", "length", 0, r"'memory: length' must be in range 2\.\.4096, not 0"),
        ("memory", "length", -5, "'memory: length' must be in range"),
        ("memory", "length", 4097, "'memory: length' must be in range"),
        ("memory", "length", HUGE, "'memory: length' must be in range"),
        ("memory", "length", 256.0, "'memory: length' must be a whole number"),
        ("memory", "heads", 0, r"'memory: heads' must be in range 1\.\.1024"),
        ("memory", "key_size", 1025, "'memory: key_size' must be in range"),
        ("memory", "value_size", True, "'memory: value_size' must be a whole number"),
        ("memory", "size", 5, "'memory' is missing or wrong.*size"),
        ("defaults", "temperature", NAN, r"'defaults: temperature' must be in range 0\.05\.\.4, not nan"),
        ("defaults", "top_p", 0, "'defaults: top_p' must be in range"),
        ("defaults", "tempo", HUGE, r"'defaults: tempo' must be in range 10\.\.400"),
        ("defaults", "high", 128, r"'defaults: high' must be in range 0\.\.127, not 128"),
        ("defaults", "low", 90, "'defaults: low' is 90, above high, 89"),
    ],
)
def test_a_number_out_of_its_range(key: str, entry: str, value: Any, message: str) -> None:
    data = manifest()
    data[key][entry] = value
    refuses(data, message)


def test_a_memory_may_be_long_or_wide_but_not_both() -> None:
    data = manifest()
    data["memory"] = {"heads": 8, "key_size": 64, "value_size": 64, "length": 4096}
    assert read_manifest(json.dumps(data)).memory
    data["memory"]["heads"] = 9
    refuses(data, "'memory' means 4718592 numbers a row, at most 4194304")


@pytest.mark.parametrize(
    ("entry", "value", "message"),
    [
        ("initial", INFINITE, "'state: initial' must be a finite float32, not inf"),
        ("initial", NAN, "'state: initial' must be a finite float32, not nan"),
        ("initial", HUGE, "'state: initial' must be a finite float32"),
        ("dtype", "float64", "'state: dtype' must be int32 or float32, not 'float64'"),
        ("dtype", ["int32"], "'state: dtype' must be"),
        ("shape", ["12"], "'state: shape' must hold sizes from 1"),
        ("shape", [0], "'state: shape' must hold sizes from 1"),
        ("shape", [10**12], "'state: shape' must hold sizes from 1 to 1048576"),
        ("shape", [1024, 1025], "'state' means 1049613 numbers a row"),
        ("shape", "12", "'state'.*must be a list"),
        ("name", "c", "'state: name' makes 'c' the name of two"),
        ("name", "key", "'state: name' makes 'key' the name of two"),
    ],
)
def test_a_state_that_cannot_be(entry: str, value: Any, message: str) -> None:
    data = manifest()
    data["state"][0][entry] = value
    refuses(data, message)


def test_whole_numbers_begin_with_whole_numbers() -> None:
    data = manifest()
    for value in (64.5, 2**31):
        data["state"][2]["initial"] = value
        refuses(data, "'state: initial' must be a finite int32")


@pytest.mark.parametrize(
    ("field", "values", "message"),
    [
        (0, [-3, 0, 3], r"field delta: its values must be whole numbers in 0\.\.1048576, not -3"),
        (0, [0, 0.5], "field delta.*not 0.5"),
        (0, [0, NAN], "field delta.*not nan"),
        (0, [0], "no delta above 0"),
        (0, [], "field delta.*at least one"),
        (0, "0123", "'fields'.*must be a list"),
        (0, list(range((1 << 16) + 1)), "'fields' has 65537 values for delta, at most 65536"),
        (1, ["0", "1"], "field part: its values must be whole numbers"),
        (1, [0, HUGE], r"field part.*0\.\.255"),
        (1, [0, 2], "'parts' has 2, but the field part goes up to 2"),
        (2, [60, 128], r"field pitch.*0\.\.127, not 128"),
        (2, [-1, 60], "field pitch.*not -1"),
        (2, [False, True], "field pitch.*not False"),
        (3, [0, 6], r"field duration.*1\.\.1048576, not 0"),
    ],
)
def test_a_table_of_what_no_note_has(field: int, values: Any, message: str) -> None:
    data = manifest()
    data["fields"][field]["values"] = values
    refuses(data, message)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("velocity", [0, 64], r"field velocity.*1\.\.127, not 0"),
        ("velocity", [NAN, NAN], "field velocity.*not nan"),
        ("offset", [-0.6, 0], r"field offset: its values must be numbers in -0\.5\.\.0\.5, not -0\.6"),
        ("loudness", [1], "field 'loudness' is unknown; there are delta"),
        (["pitch"], [1], "'fields'"),
    ],
)
def test_a_field_more_that_cannot_be(name: Any, values: Any, message: str) -> None:
    data = manifest()
    data["fields"].append({"name": name, "values": values})
    refuses(data, message)


def test_characters_are_whole() -> None:
    data = json.loads(tiny_text_manifest().to_json())
    for values in ([32, 0xD800], [32, 0x110000]):
        data["fields"][0]["values"] = values
        refuses(data, "field char")


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 200_000, "1" * 5000])
def test_text_that_python_cannot_take_in_is_no_json(text: str) -> None:
    with pytest.raises(ModelFileError, match="is not JSON"):
        read_manifest(text)


def test_every_value_of_a_manifest_may_be_anything_and_only_the_file_is_refused() -> None:
    """Whatever stands where: it is read, or refused with a sentence."""
    read = 0
    for wrong in (None, True, -1, 2.5, NAN, HUGE, "x", "9" * 5000, [], [[]], {}, {"name": {}}):
        for change in places(manifest()):
            data = change(wrong)
            try:
                read_manifest(json.dumps(data))
                read += 1
            except ModelFileError:
                pass
    assert read  # a title may be "x"


def places(data: Any) -> Iterator[Callable[[Any], Any]]:
    """Yield functions that replace one value each, at any depth; of long lists the first three."""
    for key in list(data) if isinstance(data, dict) else range(min(len(data), 3)):

        def change(value: Any, key: Any = key) -> Any:
            return {**data, key: value} if isinstance(data, dict) else [*data[:key], value, *data[key + 1 :]]

        yield change
        if isinstance(data[key], dict | list):
            for inner in places(data[key]):
                yield lambda value, inner=inner, change=change: change(inner(value))


def test_what_the_limits_are_is_told_and_kept() -> None:
    told = dict(limits.limits())
    assert told["memory: length"] == "2..4096"
    assert told["fields: pitch"] == "values 0..127"
    states = tuple(StateTensor(f"s{index}", (1,)) for index in range(257))
    with pytest.raises(ModelFileError, match="'state' has 257 entries"):
        check_manifest(tiny_manifest(state=states))
