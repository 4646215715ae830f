"""When to try again: a decision is a value, time and chance are arguments."""

import random
from datetime import datetime, timedelta

from mailing_app import local_time
from mailing_app.dispatch.judge import RULES, Fate
from mailing_app.dispatch.parts import Envelope, Outcome, Step, Verdict
from mailing_app.models import Status

MOST_TRIES = 20
MOST_TRIES_BY_CODE = 5
"""For a refusal by a code that nobody explained: it may pass, but hardly later."""

FIRST, LONGEST, SHORTEST = 2.0, 300.0, 1.0
AFTER_UNCERTAIN = 30.0
"""Seconds that a gateway gets to finish what it may have begun, before it is asked again."""

LAST_CHANCE = timedelta(seconds=5)
"""How long before the end a retry is made that would otherwise have come after it."""


def draw(longest: float) -> float:
    """A moment somewhere in the span: full jitter, so that messages which failed together do not return together."""
    return random.uniform(0.0, longest)  # noqa: S311 - there is nothing to guess in it


def next_step(verdict: Verdict, envelope: Envelope, now: datetime, chance: float) -> Step:
    """What becomes of a message after this verdict. `chance` is what `draw(1.0)` gave."""
    rule = RULES[verdict.outcome]
    tries = envelope.tries + rule.counts
    unknown = envelope.unknown or rule.unknown
    if rule.fate is Fate.SENT or (verdict.outcome is Outcome.DUPLICATE and envelope.unknown):
        return Step(Status.SENT, "", None, tries, unknown)
    if rule.fate is Fate.FAILED:
        return Step(Status.FAILED, verdict.outcome.value, None, tries, unknown)
    if rule.unknown and not envelope.repeats:
        return Step(Status.UNCERTAIN, verdict.outcome.value, None, tries, unknown)
    if tries >= (MOST_TRIES_BY_CODE if verdict.outcome is Outcome.REFUSED_CODE else MOST_TRIES):
        return Step(Status.UNCERTAIN if unknown else Status.FAILED, "too_many_attempts", None, tries, unknown)
    return Step(Status.PENDING, verdict.outcome.value, _due_at(verdict, envelope, tries, now, chance), tries, unknown)


def _due_at(verdict: Verdict, envelope: Envelope, tries: int, now: datetime, chance: float) -> datetime:
    if verdict.outcome is Outcome.NOT_BEGUN:
        return _inside_window(envelope, now)
    earliest = now + timedelta(seconds=_floor(verdict))
    due_at = max(earliest, now + timedelta(seconds=chance * backoff(max(tries, envelope.attempts))))
    last_chance = envelope.ends_at - LAST_CHANCE
    if due_at >= envelope.ends_at and earliest <= last_chance:
        due_at = last_chance
    return _inside_window(envelope, due_at)


def backoff(tries: int) -> float:
    """The longest wait in seconds after so many tries: doubled each time, up to five minutes."""
    return min(LONGEST, FIRST * 2.0 ** min(max(tries - 1, 0), 30))


def _floor(verdict: Verdict) -> float:
    if verdict.outcome is Outcome.CUT_OFF:
        return AFTER_UNCERTAIN
    return max(SHORTEST, verdict.retry_after or 0.0)


def _inside_window(envelope: Envelope, moment: datetime) -> datetime:
    return local_time.next_opening(envelope.window, envelope.zone, moment) if envelope.window else moment
