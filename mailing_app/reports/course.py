"""The course of a mailing: how it went on over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from mailing_app import traffic
from mailing_app.models import Mailing, Phase
from mailing_app.traffic import Ended

OVER = (Phase.FINISHED, Phase.CANCELLED)

STEP_LENGTHS, MOST_STEPS = (1, 5, 15, 60), 60
"""Into steps of how many minutes the course of a mailing is divided, and how many there are at most."""


@dataclass(frozen=True)
class Course:
    """How much had been accepted and how many attempts had failed by each of the moments."""

    moments: Sequence[datetime]
    series: Mapping[str, Sequence[int]]


def course(mailing: Mailing, ended: Sequence[Ended], now: datetime) -> Course | None:
    """How a mailing went on until now, in even steps, by its attempts; None before the first of them ended."""
    if not ended:
        return None
    begin, last = ended[0].minute_at, ended[-1].minute_at
    until = last if mailing.phase(now) in OVER else max(last, traffic.minute_of(now))
    minutes = (until - begin) // traffic.MINUTE + 1
    length = next((each for each in STEP_LENGTHS if minutes <= each * MOST_STEPS), -(-minutes // MOST_STEPS))
    if begin < now - traffic.BY_THE_MINUTE_FOR:
        begin, length = traffic.hour_of(begin), max(length, STEP_LENGTHS[-1])
    steps = traffic.in_steps(ended, begin, until + traffic.MINUTE, length * traffic.MINUTE)
    kinds = traffic.by_kind(steps)
    accepted = list(accumulate(kinds.pop(traffic.ACCEPTED)))
    failing = list(accumulate(map(sum, zip(*kinds.values(), strict=True))))
    # The line begins on the ground, at the beginning of the first step.
    moments = [begin, *(min(step.began_at + length * traffic.MINUTE, now) for step in steps)]
    return Course(moments, {"accepted": [0, *accepted], "failed": [0, *failing]})
