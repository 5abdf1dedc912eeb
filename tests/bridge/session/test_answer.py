"""One request's replies, where the engine is quicker or slower than its client."""

from __future__ import annotations

import pytest
from antiphon.bridge.clock import FakeClock
from antiphon.bridge.protocol.osc import Outgoing
from antiphon.bridge.session.answer import Answer, Order
from antiphon.bridge.session.resend import Answered
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
