"""The rate: a token bucket in the database, which all dispatchers draw from together."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf

from sqlalchemy.orm import Session

from mailing_app import merge, texts
from mailing_app.db import shared_now
from mailing_app.holds import ONLY
from mailing_app.models import GatewayState

BURST = 0.25
"""Seconds' worth of tokens that the bucket holds: as long as an idle pump sleeps, so that nothing is lost to its naps,
and little enough that no second sees much more than the rate."""


@dataclass
class Bucket:
    """What may still be claimed in this transaction. `most` is what fits; a full one lets any message go."""

    tokens: float = inf
    most: float = inf
    by_parts: bool = False

    @property
    def whole(self) -> int:
        """For how many mailings there may be a token each; for one at least, whose next message waits for its own."""
        return max(int(min(self.tokens, sys.maxsize)), 1)

    def affords(self, text: str) -> int:
        """For how many messages with this text the tokens are enough whoever gets them: each at its dearest."""
        if self.tokens == inf:
            return sys.maxsize
        # What costs more than fits would never go: a full bucket lets one through, into debt.
        return int(self.tokens // self._cost(merge.dearest(text))) or int(self.tokens >= self.most)

    def draw(self, claimed: Iterable[str]) -> None:
        """Take the tokens for messages with these texts, each as its client reads it."""
        self.tokens -= sum(self._cost(text) for text in claimed)

    def _cost(self, text: str) -> int:
        return max(texts.parts(text).parts, 1) if self.by_parts else 1


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second over all dispatchers: messages, or the parts that their texts take on the air."""

    a_second: float
    by_parts: bool = False


@contextmanager
def drawing(session: Session, rate: Rate | None) -> Iterator[Bucket]:
    """The bucket, filled up to now, and nobody else's until the transaction ends; without a rate, bottomless."""
    if rate is None:
        yield Bucket()
        return
    state = session.get_one(GatewayState, ONLY, with_for_update=True, populate_existing=True)
    now, most = shared_now(session), max(rate.a_second * BURST, 1.0)
    # A clock that was set back adds nothing, and is believed from now on: neither a flood nor a drought.
    elapsed = max((now - state.tokens_at).total_seconds(), 0.0) if state.tokens_at else BURST
    bucket = Bucket(min(most, state.tokens + elapsed * rate.a_second), most, rate.by_parts)
    yield bucket
    state.tokens, state.tokens_at = bucket.tokens, now
