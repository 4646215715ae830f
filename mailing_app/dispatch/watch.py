"""What the answers together say about the gateway: when to rest, when to hold, when to let go."""

from dataclasses import dataclass

from mailing_app.dispatch.breaker import Breaker
from mailing_app.dispatch.judge import RULES, Sign
from mailing_app.dispatch.parts import Delivery
from mailing_app.models import Hold

WRONG_ADDRESS_AFTER = 3
SUSPECT_AFTER = 20
DEFAULT_WAIT = 5.0
"""Seconds to leave a gateway alone that says "too fast" and not for how long."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do at the gate."""

    hold: Hold | None = None
    detail: str = ""
    wait: float | None = None
    lift: bool = False


class Watch:
    """Watches the deliveries of one process."""

    def __init__(self) -> None:
        self.breaker = Breaker()
        self._wrong_addresses = 0
        self._refusals = 0

    def heed(self, delivery: Delivery, now: float) -> Advice:
        """Take one delivery into account; `now` is monotonic."""
        verdict = delivery.verdict
        sign = RULES[verdict.outcome].sign
        self._wrong_addresses = self._wrong_addresses + 1 if sign is Sign.ADDRESS else 0
        self._count_refusals(sign)
        if sign in (Sign.WELL, Sign.FAILING, Sign.REFUSING):
            self.breaker.note(sign is not Sign.FAILING, now)
        if sign is Sign.TOKEN:
            return Advice(hold=Hold.TOKEN_REFUSED, detail=_told(delivery))
        if sign is Sign.ADDRESS and self._wrong_addresses >= WRONG_ADDRESS_AFTER:
            return Advice(hold=Hold.WRONG_ADDRESS, detail=_told(delivery))
        if sign is Sign.REFUSING and self._refusals >= SUSPECT_AFTER:
            return Advice(hold=Hold.SUSPECT, detail=_told(delivery))
        if sign is Sign.THROTTLED:
            return Advice(wait=verdict.retry_after or DEFAULT_WAIT)
        return Advice(lift=sign is Sign.WELL)

    def _count_refusals(self, sign: Sign) -> None:
        """Refusal upon refusal without any acceptance smells of a fault in what we send, not of bad phones."""
        if sign is Sign.REFUSING:
            self._refusals += 1
        elif sign is Sign.WELL:
            self._refusals = 0


def _told(delivery: Delivery) -> str:
    status = f"HTTP {delivery.answer.status} " if delivery.answer.status else ""
    return f"{status}{delivery.verdict.error}"[:300]
