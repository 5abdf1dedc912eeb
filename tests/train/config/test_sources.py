"""What a configuration says of the music that a model was trained on."""

from __future__ import annotations

import pytest
from antiphon.models.errors import ConfigError
from antiphon.models.file.limits import MAX_ENTRIES, MAX_TEXT
from antiphon.models.file.manifest import Source
from antiphon.train.config.sources import source_of, sources_of


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"name": "mine"}, "must be a table of name, licence"),
        ("mine", "must be a table"),
        ({"name": "mine", "licence": "CC0", "url": "x"}, "must be a table of"),
        ({"name": "mine", "licence": 3}, "licence must be text, not 3"),
        ({"name": "mine", "licence": "x" * (MAX_TEXT + 1)}, f"licence has {MAX_TEXT + 1} characters"),
    ],
)
def test_a_source_says_what_is_wrong_with_it(entry: object, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        source_of(entry)


def test_there_are_no_more_than_a_model_file_holds() -> None:
    one = {"name": "mine", "licence": "CC0", "attribution": "me"}
    assert sources_of([one] * MAX_ENTRIES) == (Source("mine", "CC0", "me"),) * MAX_ENTRIES
    with pytest.raises(ConfigError, match=f"sources: {MAX_ENTRIES + 1}, at most {MAX_ENTRIES}; join some"):
        sources_of([one] * (MAX_ENTRIES + 1))
