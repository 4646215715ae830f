"""What the answers together say about the gateway: when to rest, when to narrow, when to hold, when to let go."""

import logging
from dataclasses import dataclass
from typing import Any

from mailing_app.dispatch.breaker import Breaker
from mailing_app.dispatch.budget import Budget
from mailing_app.dispatch.congestion import Congestion
from mailing_app.dispatch.judge import RULES, Sign
from mailing_app.dispatch.parts import Delivery
from mailing_app.models import Hold

log = logging.getLogger(__name__)

WRONG_ADDRESS_AFTER = 3
SUSPECT_AFTER = 20
FEW = 5
"""Refusals in a row from which on nothing lies ready any more: with each of them a message fails for good."""
DEFAULT_WAIT = 5.0
"""Seconds to leave a gateway alone that says "too fast" and not for how long."""

DISPROVES = {
    Sign.WELL: (Hold.TOKEN_REFUSED, Hold.WRONG_ADDRESS, Hold.SUSPECT),
    Sign.REFUSING: (Hold.TOKEN_REFUSED, Hold.WRONG_ADDRESS),
}
"""Which holds an answer to a probe disproves: who judges a message has let us in and is a gateway."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do at the gate."""

    hold: Hold | None = None
    detail: str = ""
    wait: float | None = None
    lift: tuple[Hold, ...] = ()

    def without_lift(self) -> "Advice":
        """The same where nothing was proved about a hold: who lets go of one advises nothing else."""
        return NOTHING if self.lift else self


NOTHING = Advice()
_LET_GO = {sign: Advice(lift=holds) for sign, holds in DISPROVES.items()}


class Watch:
    """Watches the deliveries of one process, which has so many seats."""

    def __init__(self, seats: int) -> None:
        self.breaker, self.congestion, self.budget = Breaker(), Congestion(seats), Budget()
        self._wrong_addresses = 0
        self._refusals = 0

    def allows(self, in_flight: int, now: float, ready: int = 0) -> int:
        """How many more requests may go out, as far as this process can tell; `now` is monotonic. `ready` is how many
        may wait for a seat: only where all seats may be taken, else they would be."""
        allowed = self.congestion.allowed
        seats = allowed + ready if allowed == self.congestion.most and self._refusals < FEW else allowed
        return self.breaker.allows(max(seats - in_flight, 0), in_flight, now)

    def has_too_many(self, in_flight: int, now: float) -> bool:
        """Whether more are on their way, also to a seat, than may go after what has come back."""
        if self.breaker.state(now) != "closed" or self._refusals >= FEW:
            return True
        return in_flight > self.congestion.allowed < self.congestion.most

    def shown(self, now: float) -> dict[str, Any]:
        """What the process thinks of the gateway, as its row tells it."""
        return {
            "allowed": self.congestion.allowed,
            "breaker": self.breaker.state(now),
            "flapping": self.budget.flaps,
        }

    def heed(self, delivery: Delivery, now: float) -> Advice:
        """Take one delivery into account."""
        sign = RULES[delivery.verdict.outcome].sign
        self._wrong_addresses = self._wrong_addresses + 1 if sign is Sign.ADDRESS else 0
        self._count_refusals(sign)
        self._note_health(sign, now)
        self._note_congestion(delivery, sign, now)
        return self._advice(delivery, sign)

    def _advice(self, delivery: Delivery, sign: Sign) -> Advice:
        if sign is Sign.TOKEN:
            return Advice(hold=Hold.TOKEN_REFUSED, detail=_told(delivery))
        if sign is Sign.ADDRESS and self._wrong_addresses >= WRONG_ADDRESS_AFTER:
            return Advice(hold=Hold.WRONG_ADDRESS, detail=_told(delivery))
        if sign is Sign.REFUSING and self._refusals >= SUSPECT_AFTER:
            return Advice(hold=Hold.SUSPECT, detail=_told(delivery))
        if sign is Sign.THROTTLED:
            return Advice(wait=delivery.verdict.retry_after or DEFAULT_WAIT)
        return _LET_GO.get(sign, NOTHING)

    def _count_refusals(self, sign: Sign) -> None:
        """Refusal upon refusal without any acceptance smells of a fault in what we send, not of bad phones."""
        if sign is Sign.REFUSING:
            self._refusals += 1
        elif sign is Sign.WELL:
            self._refusals = 0

    def _note_health(self, sign: Sign, now: float) -> None:
        if sign not in (Sign.WELL, Sign.FAILING, Sign.REFUSING):
            return
        well, before = sign is not Sign.FAILING, (self.breaker.state(now), self.budget.flaps)
        self.breaker.note(well, now)
        self.budget.note(well)
        after = (self.breaker.state(now), self.budget.flaps)
        if after != before:
            log.warning("gateway health changed", extra={"breaker": after[0], "flapping": after[1]})

    def _note_congestion(self, delivery: Delivery, sign: Sign, now: float) -> None:
        if sign is Sign.WELL:
            self.congestion.thrive()
        elif sign is Sign.THROTTLED or delivery.answer.timed_out:
            self.congestion.choke(delivery.began, now)


def _told(delivery: Delivery) -> str:
    status = f"HTTP {delivery.answer.status} " if delivery.answer.status else ""
    return f"{status}{delivery.verdict.error}"[:300]
