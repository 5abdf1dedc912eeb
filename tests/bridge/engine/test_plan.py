"""What contexts are told apart by, against what is read of them."""

import pickle

import pytest
from antiphon.bridge.engine.plan import read, subject_of
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.models.errors import RequestError
from antiphon.models.note import Note

SWUNG = tuple(
    Note(67 + pitch, beat + place, 0.4, 60 + 9 * pitch)
    for beat, pitch in enumerate((0, 4, 7, 11, 7, 4, 2, 0))
    for place in (0.0, 2 / 3)
)
OTHERS = {
    "start": 18.5, "bars": 2, "beats": 7, "metre": "3/4", "tempo": 90, "temperature": 0.5, "top_p": 0.5,
    "takes": 2, "scale": "E minor", "low": 60, "high": 90, "parts": "0", "phrase": 3, "stretch": 2,
    "leading": 0, "ending": "closed",
}  # fmt: skip


@pytest.mark.parametrize("model", ["folk", "chorale", "drums", "irish-abc"])
def test_contexts_that_are_told_apart_by_nothing_are_read_alike(model):
    """Else a request would be answered otherwise where something else was read before it."""
    manifest = ModelShelf().manifest(model)

    def about(**options):
        request = resolve({}, options, SWUNG, manifest, 1)
        return subject_of(manifest, request), pickle.dumps(read(manifest, request))

    plain = {"metre": "4/4"}
    subject, reading = about(**plain)
    shared = 0
    for key, value in OTHERS.items():
        try:
            other, read_so = about(**{**plain, key: value})
        except RequestError:  # a scale for drums, say
            continue
        assert other != subject or read_so == reading, key
        shared += other == subject
    assert shared >= 8
