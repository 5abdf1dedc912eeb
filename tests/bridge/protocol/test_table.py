import pytest
from antiphon.bridge.protocol.arguments import MAX_ID, MAX_REASON, check, identity, shortened, usage
from antiphon.bridge.protocol.table import FAIL_DOCS, REPLIES, REPLY_TABLE, REQUEST_TABLE, REQUESTS, FailCode
from antiphon.bridge.session.session import _VERBS
from antiphon.models.errors import RequestError


def test_every_request_has_its_verb_and_no_verb_is_secret():
    assert _VERBS.keys() == REQUEST_TABLE.keys()


def test_tables_hold_each_address_once_and_say_what_it_is():
    for entries in (REQUESTS, REPLIES):
        assert len({entry.address for entry in entries}) == len(entries)
        assert all(entry.doc and entry.address.startswith("/antiphon/") for entry in entries)
    assert not REQUEST_TABLE.keys() & REPLY_TABLE.keys()


def test_every_reply_of_a_request_is_in_the_table():
    assert {reply for entry in REQUESTS for reply in entry.replies} <= REPLY_TABLE.keys()


def test_every_code_is_explained():
    assert FAIL_DOCS.keys() == set(FailCode)


def test_tails_come_last():
    for entry in (*REQUESTS, *REPLIES):
        assert not any(argument.is_tail for argument in entry.arguments[:-1])


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("x", "x"),
        (3, 3),
        (3.0, 3),
        (3.5, None),
        ("", None),
        ("x" * MAX_ID, "x" * MAX_ID),
        ("x" * (MAX_ID + 1), None),
        (-(2**31), -(2**31)),
        (2**31 - 1, 2**31 - 1),
        (2**31, None),
        (float("nan"), None),
        (2**40, None),
    ],
)
def test_what_is_an_id(value, found):
    assert identity(value) == found


def test_a_long_reason_keeps_its_beginning_and_its_end():
    longest = "a" * (MAX_REASON // 2) + "b" * (MAX_REASON - MAX_REASON // 2)
    assert shortened(longest) == longest
    found = shortened(longest[:-1] + "bc")
    assert len(found) == MAX_REASON
    assert found.startswith("aaa") and "a…b" in found and found.endswith("bbc")


CONTEXT = REQUEST_TABLE["/antiphon/context"]


def test_a_context_in_floats_as_pd_sends_it():
    name, seq, of, n, (note,) = check(CONTEXT, (1.0, 0.0, 1.0, 1.0, 60.0, 0.5, 1.0, 80.0, 0.0))
    assert (name, seq, of, n) == (1, 0, 1, 1)
    assert (note.pitch, note.start, note.duration, note.velocity, note.part) == (60, 0.5, 1.0, 80, 0)


@pytest.mark.parametrize("values", [(0, -1e6, 1e6, 1, 0), (127, 1e6, 1e-6, 127, 255)])
def test_the_lowest_and_the_highest_of_a_note_are_taken(values):
    *_, (note,) = check(CONTEXT, ("x", 0, 1, 1, *values))
    assert (note.pitch, note.start, note.duration, note.velocity, note.part) == values


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        ((), "id is missing; usage: /antiphon/context id seq of n notes…"),
        (("x", 0, 1, 2, 60, 0.0, 1.0, 80, 0), "10 values"),
        (("x", 0, 1, -1), "-5 values"),
        (("x", 0, 1, 1, 128, 0.0, 1.0, 80, 0), "pitch 128 must be in range 0..127"),
        (("x", 0, 1, 1, 60.5, 0.0, 1.0, 80, 0), "pitch must be a whole number"),
        (("x", 0, 1, 1, 60, float("nan"), 1.0, 80, 0), "start must be a finite"),
        (("x", 0, 1, 1, 60, 0.0, 0.0, 80, 0), "duration 0 must be above 0"),
        (("x", 0, 1, 1, 60, 0.0, 1.0, 0, 0), "velocity 0"),
        (("x", 0, 1, 1, 60, 0.0, 1.0, "f", 0), "velocity must be a finite number"),
        (("x", "0", 1, 0), "seq must be a finite number"),
    ],
)
def test_a_wrong_context_says_what_is_wrong(args, hint):
    with pytest.raises(RequestError, match=hint):
        check(CONTEXT, args)


def test_too_many_arguments_are_told_with_the_usage():
    entry = REQUEST_TABLE["/antiphon/get"]
    with pytest.raises(RequestError, match=r"at most 1 .* /antiphon/get key"):
        check(entry, ("bars", 2))
    assert usage(REQUEST_TABLE["/antiphon/hello"]) == "/antiphon/hello [reply_port] [client] [protocol]"
