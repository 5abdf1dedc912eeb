"""What a model file says of itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from antiphon.models.errors import ModelFileError
from antiphon.models.file.manifest import FORMAT_VERSION, Source
from antiphon.models.file.read import read_manifest
from antiphon.models.gaps import Gaps
from antiphon.models.metre import Metre
from tiny_model import tiny_manifest


def changed(**changes: Any) -> str:
    """Return the JSON of a manifest with keys replaced, or taken out where the value is ...."""
    data = json.loads(tiny_manifest().to_json()) | changes
    return json.dumps({key: value for key, value in data.items() if value is not ...})


def test_round_trip() -> None:
    source = Source("Tunes", "CC0", "Ada, Béla")
    manifest = tiny_manifest("jig", sources=(source,), held_out={"test": 1.5}, gaps=Gaps(0.2, 0.5, 1))
    assert read_manifest(manifest.to_json()) == manifest


def test_a_metre_not_learnt_has_code_0() -> None:
    manifest = tiny_manifest()
    assert [manifest.metre_code(Metre.parse(m)) for m in manifest.metres] == list(
        range(1, len(manifest.metres) + 1)
    )
    assert manifest.metre_code(Metre(11, 8)) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[1]", "not a JSON object"),
        ("{}", "no format_version"),
        (changed(format_version="1"), "no format_version"),
        (changed(format_version=FORMAT_VERSION + 1), "update Antiphon"),
        (changed(format_version=0), "has format 0, which is unknown, the first was 1: export"),
        (changed(format_version=-1), "has format -1, which is unknown"),
        (changed(fields=...), "'fields'"),
        (changed(fields=[{"name": "delta", "values": [3, 1]}]), "'fields'.*ascending"),
        (changed(ticks_per_beat="many"), "'ticks_per_beat'"),
        (changed(metres=["5/5"]), "'metres'"),
        (changed(parts=[{"nom": "x"}]), "'parts'"),
        (changed(state=[{"name": "h"}]), "'state'"),
        (changed(memory={"heads": 2}), "'memory'"),
        (changed(defaults=7), "'defaults'"),
        (changed(held_out={"test": "low"}), "'held_out'"),
        (changed(name=...), "'name' is missing"),
        (changed(title=..., colour="blue"), "'title' is missing"),
        (changed(monophonic=...), "'monophonic' is missing"),
        (changed(name=5), "'name' must be text, not 5"),
        (changed(name=""), "'name'.*empty"),
        (changed(name="Bad Name!"), "'name' must be .*lower-case letters, digits and hyphens.*'Bad Name!'"),
        (changed(name="../up"), "'name' must be "),
        (changed(name="folk\n"), "'name' must be "),
        (changed(name="a" * 65), "'name' must be up to 64 "),
        (changed(title="half of \ud83c"), "'title' must be text, not"),
        (changed(title=None), "'title' must be text, not None"),
        (changed(monophonic="no"), "'monophonic' must be true or false, not 'no'"),
        (changed(parameters="many"), "'parameters' must be a whole number, not 'many'"),
        (changed(parameters=True), "'parameters' must be a whole number, not True"),
        (changed(tasks=[1]), "'tasks' must be text, not 1"),
        (changed(conditions=[None]), "'conditions' must be text"),
        (changed(parts=[{"name": 5}]), "'parts: name' must be text, not 5"),
        (changed(parts=[]), "'parts'.*the field part goes up to 1"),
        (changed(memory={"heads": 2, "key_size": 4, "value_size": 5, "length": "long"}), "'memory: length'"),
        (changed(defaults={"temperature": "hot"}), "'defaults: temperature' must be a number, not 'hot'"),
        (changed(defaults={"metre": "x"}), "'defaults'.*metre 'x'"),
        (changed(gaps=[1, 2, 3]), "'gaps' is missing or wrong"),
        (changed(gaps={"least": 1}), "'gaps' is missing or wrong"),
        (changed(gaps={"least": 0, "typical": 1, "most": 2}), "'gaps: least' must be in range 0.01..100"),
        (changed(gaps={"least": 2, "typical": 1, "most": 2}), "'gaps' must be in order, not 2, 1, 2"),
        (changed(gaps={"least": 1, "typical": "x", "most": 2}), "'gaps: typical' must be a number, not 'x'"),
        (changed(sources=[{"name": "x", "licence": 1}]), "'sources: licence' must be text, not 1"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        read_manifest(text)


def test_a_file_of_before_there_were_gaps_is_read() -> None:
    assert read_manifest(changed(gaps=...)) == tiny_manifest()


def test_keys_of_a_later_minor_version_are_left_alone() -> None:
    assert read_manifest(changed(colour="blue", codec=1)).name == tiny_manifest().name
