import contextlib
import random

import pytest
from antiphon.bridge.session.contexts import MAX_CONTEXTS, MAX_SESSION_NOTES, Contexts
from antiphon.models.errors import RequestError
from antiphon.models.note import Note

PLACES = ((60, 0), (62, 4), (64, 8), (65, 8))
A, B, C, D = (tuple(Note(p, s, 1.0) for s in range(s0, s0 + 4)) for p, s0 in PLACES)


def test_messages_in_any_order():
    contexts = Contexts()
    assert contexts.add("x", 2, 3, C) is None
    assert contexts.add("x", 0, 3, A) is None
    assert contexts.add("x", 1, 3, B) == A + B + C
    assert contexts.get("x") == A + B + C


def test_what_is_missing_is_told():
    contexts = Contexts()
    contexts.add("x", 1, 3, B)
    with pytest.raises(RequestError, match="seq 0, 2 did not arrive") as error:
        contexts.get("x")
    assert error.value.code == "no_context"
    with pytest.raises(RequestError, match="/antiphon/context y 0 1"):
        contexts.get("y")


def test_a_message_sent_twice_changes_nothing():
    contexts = Contexts()
    contexts.add("x", 0, 2, A)
    contexts.add("x", 0, 2, A)
    assert contexts.add("x", 1, 2, B) == A + B
    assert contexts.add("x", 1, 2, B) == A + B


def test_a_new_first_message_begins_anew():
    contexts = Contexts()
    contexts.add("x", 0, 2, A)
    contexts.add("x", 1, 2, B)
    assert contexts.add("x", 0, 2, C) is None
    with pytest.raises(RequestError, match="seq 1"):
        contexts.get("x")
    assert contexts.add("x", 1, 2, B) == B + C


def test_a_new_context_s_messages_arrive_in_any_order_too():
    contexts = Contexts()
    for seq, notes in enumerate((A, B, C)):
        contexts.add("x", seq, 3, notes)
    contexts.add("x", 2, 3, A)
    contexts.add("x", 1, 3, B)  # the same as before
    assert contexts.add("x", 0, 3, C) == A + B + C
    assert contexts.add("x", 0, 3, B) is None  # all three of the second context are old now
    assert contexts.add("x", 2, 3, B) is None
    assert len(contexts.add("x", 1, 3, B)) == 12


def test_what_came_before_a_request_belongs_to_the_context_asked_for():
    contexts = Contexts()
    contexts.add("x", 0, 2, A)
    contexts.add("x", 1, 2, B)
    contexts.add("x", 1, 2, C)
    assert contexts.get("x") == A + C
    contexts.add("x", 0, 2, B)
    with pytest.raises(RequestError, match="seq 1"):
        contexts.get("x")


def test_a_context_that_was_never_whole_leaves_nothing_to_the_next():
    contexts = Contexts()
    contexts.add("x", 0, 3, A)
    contexts.add("x", 1, 3, B)
    contexts.add("x", 0, 3, C)
    with pytest.raises(RequestError, match="seq 1, 2"):
        contexts.get("x")


def test_a_new_last_message_replaces_the_old_one():
    contexts = Contexts()
    contexts.add("x", 0, 2, A)
    contexts.add("x", 1, 2, B)
    contexts.add("x", 0, 2, A)
    assert contexts.add("x", 1, 2, C) == A + C


def test_a_lost_message_of_a_new_context_that_begins_alike_is_missed():
    contexts = Contexts()
    for seq, notes in enumerate((A, B, C)):
        contexts.add("x", seq, 3, notes)
    assert contexts.get("x") == A + B + C
    contexts.add("x", 0, 3, A)
    assert contexts.add("x", 2, 3, D) is None
    assert contexts.whole("x") is None
    with pytest.raises(RequestError, match="seq 1 did"):
        contexts.get("x")
    assert contexts.add("x", 1, 3, B) == A + B + D
    assert contexts.get("x") == A + B + D


def test_messages_sent_again_are_no_new_context():
    contexts = Contexts()
    for seq, notes in enumerate((A, B, C)):
        contexts.add("x", seq, 3, notes)
    contexts.add("x", 0, 3, A)
    contexts.add("x", 2, 3, C)
    assert contexts.get("x") == A + B + C


def test_a_lost_message_of_a_third_context_that_begins_alike_is_missed():
    contexts = Contexts()
    for last in (C, D):
        for seq, notes in enumerate((A, B, last)):
            contexts.add("x", seq, 3, notes)
    contexts.add("x", 0, 3, A)
    assert contexts.add("x", 2, 3, C) is None
    assert contexts.add("x", 1, 3, B) == A + B + C


def test_another_number_of_messages_begins_anew():
    contexts = Contexts()
    contexts.add("x", 0, 2, A)
    contexts.add("x", 1, 2, B)
    assert contexts.add("x", 0, 1, A) == A


@pytest.mark.parametrize(
    ("seq", "of", "code"),
    [
        (0, 0, "bad_args"),
        (0, -1, "bad_args"),
        (2, 2, "bad_args"),
        (-1, 2, "bad_args"),
        (0, 5000, "too_large"),
    ],
)
def test_impossible_places(seq, of, code):
    with pytest.raises(RequestError) as error:
        Contexts().add("x", seq, of, A)
    assert error.value.code == code


def test_a_context_beyond_the_limit_is_refused_and_forgotten():
    contexts = Contexts()
    many = tuple(Note(60, i, 1.0) for i in range(1000))
    for seq in range(4):
        contexts.add("x", seq, 5, many)
    with pytest.raises(RequestError, match="4096") as error:
        contexts.add("x", 4, 5, many)
    assert error.value.code == "too_large"
    assert contexts.weight == 0


def test_the_oldest_go_when_there_are_many():
    contexts = Contexts()
    for name in range(MAX_CONTEXTS):
        contexts.add(name, 0, 1, A)
    contexts.get(0)
    contexts.add("new", 0, 1, A)
    assert 0 in contexts and "new" in contexts and 1 not in contexts


def test_what_one_client_keeps_is_bounded():
    contexts = Contexts()
    for name in range(200):
        contexts.add(name, 0, 1, tuple(Note(60, i, 1.0) for i in range(4000)))
        assert contexts.weight <= MAX_SESSION_NOTES


def test_the_weight_is_that_of_what_is_kept_whatever_came_and_went():
    contexts, chance = Contexts(), random.Random(1)
    for _ in range(3000):
        of = chance.randrange(1, 4)
        notes = tuple(Note(60, float(at), 1.0) for at in range(chance.choice((0, 5, 300, 1500))))
        with contextlib.suppress(RequestError):  # too many notes: the context is dropped
            contexts.add(chance.randrange(MAX_CONTEXTS + 5), chance.randrange(of), of, notes)
        assert contexts.weight == sum(assembly.weight for assembly in contexts._by_id.values())


def test_a_message_is_weighed_without_all_that_came_before() -> None:
    """With a thousand of them a datagram of forty bytes cost as much as fifty pings."""
    counted = []

    class Chunk(tuple[Note, ...]):
        def __len__(self) -> int:
            counted.append(1)
            return super().__len__()

    contexts = Contexts()
    for name in range(6):
        for seq in range(500):
            contexts.add(name, seq, 501, Chunk(A))
    counted.clear()
    for notes in (B, A, ()):
        contexts.add(0, 7, 501, Chunk(notes))
    assert contexts.weight == 6 * 500 * (len(A) + 1) - len(A)
    assert len(counted) < 20
