"""Delivering: what a seat does with an envelope."""

import logging
from dataclasses import replace

from mailing_app import clock
from mailing_app.dispatch import gateway, recall
from mailing_app.dispatch.judge import RULES, Codes, judge
from mailing_app.dispatch.masking import Mask
from mailing_app.dispatch.parts import Answer, Delivery, Envelope, Outcome, Reached, Verdict

log = logging.getLogger(__name__)


def deliver(
    address: gateway.Address, mask: Mask, called_back: recall.Recall, codes: Codes, envelope: Envelope
) -> Delivery:
    """Post and judge. Pure but for the network; what it tells of the answer holds no secret. Never raises: a seat that
    did would be gone, and its message on the way for as long as the process lives.
    """
    began = clock.monotonic()
    answer = gateway.post(address, called_back, envelope)
    try:
        verdict = judge(answer, codes)
        called_back.note(RULES[verdict.outcome].sign)
        if verdict.error:
            verdict = replace(verdict, error=mask.hide(verdict.error, envelope.phone, envelope.text))
    except Exception as fault:
        log.error("fault of our own", exc_info=fault, extra={"message_id": envelope.message_id})
        verdict = _unjudged(answer)
    return Delivery(envelope, answer, verdict, began)


def _unjudged(answer: Answer) -> Verdict:
    """What is said of an answer that we stumble over: the gateway may have taken the message."""
    return Verdict(Outcome.INTERNAL if answer.reached is Reached.NOTHING_LEFT else Outcome.UNREADABLE)
