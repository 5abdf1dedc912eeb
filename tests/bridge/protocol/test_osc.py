"""Literal datagrams, good and hostile."""

import math
import struct

import pytest
from antiphon.bridge.protocol.osc import (
    MAX_ARGUMENTS,
    MAX_DEPTH,
    Malformed,
    Message,
    NoteMessage,
    build,
    encode,
    pad,
    read,
)
from antiphon.models.note import Note
from pythonosc.osc_message import OscMessage

# As liblo's oscsend sends `/antiphon/generate siss x 2 metre 6/8`.
GENERATE = b"/antiphon/generate\0\0,siss\0\0\0x\0\0\0\0\0\0\2metre\0\0\x006/8\0"
BUNDLE = b"#bundle\0" + bytes(7) + b"\1"


def element(data):
    return struct.pack(">i", len(data)) + data


def test_a_message_of_a_real_client():
    assert list(read(GENERATE)) == [Message("/antiphon/generate", ("x", 2, "metre", "6/8"))]


def test_every_accepted_type():
    data = (
        b"/a\0\0,ifsdhTF\0\0\0\0" + struct.pack(">if", -7, 0.5) + b"hi\0\0" + struct.pack(">dq", 0.25, 2**40)
    )
    assert list(read(data)) == [Message("/a", (-7, 0.5, "hi", 0.25, 2**40, 1, 0))]
    assert not any(isinstance(value, bool) for value in next(read(data)).args)


def test_a_bundle_and_a_bundle_inside():
    inner = BUNDLE + element(b"/b\0\0,\0\0\0")
    data = BUNDLE + element(b"/a\0\0,\0\0\0") + element(inner) + element(b"/c\0\0,T\0\0")
    assert list(read(data)) == [Message("/a"), Message("/b"), Message("/c", (1,))]


def test_an_empty_bundle_holds_nothing():
    assert list(read(BUNDLE)) == []


HOSTILE = {
    "python-osc loops for ever on this": (b"#bundle\0" + bytes(8) + struct.pack(">i", -4), "size|bytes"),
    "nothing": (b"", "not ended"),
    "text": (b"hello\n", "not ended"),
    "no slash": (b"abc\0,\0\0\0", "starts with /"),
    "unpadded": (b"/a\0x,\0\0\0", "not padded"),
    "no tags": (b"/abc\0\0\0\0", "type tag string is missing"),
    "tags without comma": (b"/a\0\0i\0\0\0\0\0\0\1", "must start with ','"),
    "tags not ended": (b"/a\0\0,iii", "not ended"),
    "argument cut": (b"/a\0\0,i\0\0\0\0", "ends inside"),
    "argument missing": (b"/a\0\0,i\0\0", "ends inside"),
    "string not ended": (b"/a\0\0,s\0\0abcd", "not ended"),
    "string not UTF-8": (b"/a\0\0,s\0\0\xff\xfe\0\0", "not UTF-8"),
    "bytes left over": (b"/a\0\0,i\0\0\0\0\0\1\0\0\0\0", "4 bytes left over"),
    "char": (b"/a\0\0,c\0\0\0\0\0A", "'c' is not accepted"),
    "symbol": (b"/a\0\0,S\0\0abc\0", "'S' is not accepted"),
    "impulse": (b"/a\0\0,I\0\0", "'I' is not accepted"),
    "array": (b"/a\0\0,[i]\0\0\0\0\0\0\0\1", r"'\[' is not accepted"),
    "blob of negative size": (b"/a\0\0,b\0\0\xff\xff\xff\xff", "'b' is not accepted"),
    "address of control characters": (b"/\x01\0\0,\0\0\0", "printable ASCII"),
    "bundle cut in its time tag": (b"#bundle\0\0\0\0\0", "time tag"),
    "bundle of a zero element": (BUNDLE + bytes(4), "an element of 0 bytes; give its size as 4"),
    "bundle of a negative one": (BUNDLE + struct.pack(">i", -4) + b"/a\0\0", "an element of -4 bytes; give"),
    "bundle of an odd element": (BUNDLE + struct.pack(">i", 3) + b"/a\0", "an element of 3 bytes; give"),
    "bundle longer than it is": (
        BUNDLE + struct.pack(">i", 2**31 - 4) + b"/a\0\0",
        "4 of its 2147483644 bytes",
    ),
    "bundle cut in its element": (
        BUNDLE + struct.pack(">i", 8) + b"/a\0\0",
        "4 of its 8 bytes are there; send",
    ),
    "bundle cut before its element": (BUNDLE + struct.pack(">i", 8), "0 of its 8 bytes are there; send"),
    "bundle with crumbs": (BUNDLE + b"\0\0", "left over"),
    "too long": (bytes(65508), "limit is 65507"),
}


@pytest.mark.parametrize(("data", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_datagrams_get_a_reason(data, reason):
    (found,) = read(data)
    assert isinstance(found, Malformed)
    import re

    assert re.search(reason, found.reason)


def test_a_malformed_message_keeps_its_address():
    (found,) = read(b"/antiphon/ping\0\0,b\0\0\0\0\0\0")
    assert found.address == "/antiphon/ping"


def test_a_bad_element_spares_the_others():
    data = BUNDLE + element(b"/a\0\0,c\0\0\0\0\0A") + element(b"/b\0\0,\0\0\0")
    bad, good = read(data)
    assert (bad.address, good) == ("/a", Message("/b"))


def test_bundles_nest_so_deep_and_no_deeper():
    data = b"/a\0\0,\0\0\0"
    for _ in range(MAX_DEPTH):
        data = BUNDLE + element(data)
    assert list(read(data)) == [Message("/a")]
    (found,) = read(BUNDLE + element(data))
    assert "deeper" in found.reason


def test_an_address_of_many_stars_is_only_an_address():
    data = b"/" + b"*" * 22 + b"\0,\0\0\0"
    assert list(read(data)) == [Message("/" + "*" * 22)]


def test_replies_hold_i_f_and_s_alone():
    data = build(Message("/x", (1, 2.5, "three", 2**40, -(2**31))))
    assert data == b"/x\0\0,ifsfi\0\0" + struct.pack(">if", 1, 2.5) + b"three\0\0\0" + struct.pack(
        ">fi", 2.0**40, -(2**31)
    )


def test_a_text_that_is_no_unicode_is_spelt_out():
    """As a file's name may be, which stands in the sentence of a failure."""
    for message in (Message("/x", ("caf\udce9\0.onnx",)), NoteMessage("/x", ("caf\udce9\0.onnx",), ())):
        assert list(read(encode(message))) == [Message("/x", (r"caf\udce9.onnx",))]


def test_a_number_beyond_a_float_becomes_infinite():
    for number in (1e300, 10**400):
        assert list(read(build(Message("/x", (number, -number))))) == [Message("/x", (math.inf, -math.inf))]


@pytest.mark.parametrize("count", [0, 1, 2, 48])
def test_the_fast_path_makes_the_same_bytes(count):
    notes = tuple(Note(60 + i, i / 3, 0.1 * (i + 1), 1 + i, i % 4) for i in range(count))
    for head in (("id", 0, 1, 2, count), (17, 0, 0.5)):
        message = NoteMessage("/antiphon/notes", head, notes)
        assert encode(message) == build(Message(message.address, message.args))
    assert len(OscMessage(encode(message)).params) == 3 + 5 * count


def test_48_notes_fit_every_client():
    # macOS takes datagrams of 9216 bytes by default, python-osc's servers 8192; Max lists 256 elements.
    notes = (Note(60, 1.0, 1.0),) * 48
    message = NoteMessage("/antiphon/notes", ("i" * 255, 0, 0, 1, 48), notes)
    assert len(encode(message)) < 8192
    assert len(message.args) <= 256


@pytest.mark.parametrize("tag", ["T", "F"])
def test_arguments_without_bytes_are_counted_before_they_are_read(tag, monkeypatch):
    """Sixty thousand of them in a datagram took a fifth of a second."""
    (message,) = read(pad("/a") + pad("," + tag * MAX_ARGUMENTS))
    assert message == Message("/a", (int(tag == "T"),) * MAX_ARGUMENTS)
    monkeypatch.setattr("antiphon.bridge.protocol.osc.OscMessage", None)
    (refused,) = read(pad("/a") + pad("," + tag * (MAX_ARGUMENTS + 1)))
    assert refused == Malformed("/a", f"{MAX_ARGUMENTS + 1} arguments, the limit is {MAX_ARGUMENTS}")


def test_as_many_numbers_as_may_be_are_read():
    (message,) = read(pad("/a") + pad("," + "i" * MAX_ARGUMENTS) + bytes(4 * MAX_ARGUMENTS))
    assert message == Message("/a", (0,) * MAX_ARGUMENTS)
