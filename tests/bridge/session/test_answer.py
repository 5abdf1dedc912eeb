"""One request's replies, where the engine is quicker or slower than its client."""

from __future__ import annotations

import pytest
from antiphon.bridge.clock import FakeClock
from antiphon.bridge.protocol.osc import Outgoing
from antiphon.bridge.request import Take
from antiphon.bridge.session.answer import PROGRESS_SECONDS, Answer, Order
from antiphon.bridge.session.resend import Answered
from antiphon.models.note import Note
from fake_bridge import FakeJob


@pytest.mark.parametrize("late", [False, True])
def test_what_is_given_up_is_cancelled_whenever_its_job_is_known(late: bool) -> None:
    sent: list[Outgoing] = []
    order = Order(id="x", signature=(), single=False, reply_port=0)
    answer = Answer(
        order, Answered(0), FakeClock(), lambda message, port: sent.append(message), lambda _: None
    )
    job = FakeJob(None, answer)
    if not late:
        answer.began(job)
    assert answer.stop("timeout", "given up")
    if late:
        answer.began(job)
    assert job.cancelled
    assert [message.args for message in sent] == [("x", "timeout", "given up")]


def test_nothing_is_sent_after_the_end_whatever_the_engine_still_says() -> None:
    sent: list[Outgoing] = []
    ended: list[Answer] = []
    clock = FakeClock()
    order = Order(id="x", signature=(), single=True, reply_port=0)
    answer = Answer(order, Answered(0), clock, lambda message, port: sent.append(message), ended.append)
    assert answer.stop("cancelled", "as asked")
    clock.advance(2 * PROGRESS_SECONDS)
    note = Note(60, 0.0, 1.0)
    answer.on_note(0, 0, note)
    answer.on_progress(0.5)
    answer.on_take(Take(0, (note,), 1.0, 7, 1.5))
    answer.on_done()
    answer.on_fail("cancelled", "cancelled by its client")
    assert [message.args for message in sent] == [("x", "cancelled", "as asked")]
    assert ended == [answer]


def test_it_ends_once_however_often_it_is_settled() -> None:
    ended: list[Answer] = []
    order = Order(id="x", signature=(), single=False, reply_port=0)
    answer = Answer(order, Answered(0), FakeClock(), lambda message, port: None, ended.append)
    assert not answer.settle()
    answer.on_take(Take(0, (), 1.0, 7, 0.0))
    assert answer.settle() and answer.settle()
    answer.on_done()
    assert ended == [answer]
