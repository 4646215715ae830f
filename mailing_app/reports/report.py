"""The report of one mailing: everything that there is to tell of it, at any moment of its life."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailing_app import mailings, traffic
from mailing_app.db import look_once
from mailing_app.mailings import Expectation
from mailing_app.models import Mailing, Trait
from mailing_app.reports import breakdown
from mailing_app.reports.audience import Audience, audience
from mailing_app.reports.breakdown import Outcome, Parts
from mailing_app.reports.course import OVER, Course, course
from mailing_app.reports.proof import Proof, proof
from mailing_app.traffic import Ended, Latencies


@dataclass(frozen=True)
class Happened:
    """What came of a mailing so far, told as its forecast is."""

    reached: int
    rate: float | None
    """Messages a second in its best minute."""
    finished_at: datetime | None
    """When the last first byte left, once every message has found its end."""


@dataclass(frozen=True)
class Report:
    """A mailing at one moment: all of it fits together, also while it runs."""

    mailing: Mailing
    made_at: datetime
    is_final: bool
    """Whether its figures move no more."""
    outcomes: Sequence[Outcome]
    audience: Audience
    parts: Mapping[Trait, Parts]
    course: Course | None
    latencies: Latencies | None
    """None before its first attempt ended."""
    proof: Proof
    forecast: Expectation | None
    happened: Happened


def report(mailing_id: int, now: datetime) -> Report:
    """The report of a mailing; NotFound when there is none or it was deleted. It costs the same for any number of
    messages: it is read from figures that move with them."""
    look_once()
    mailing = mailings.get(mailing_id)
    ended, rows = traffic.of_mailing(mailing.id), breakdown.read(mailing)
    return Report(
        mailing=mailing,
        made_at=now,
        is_final=mailing.phase(now) in OVER and not _open(mailing),
        outcomes=breakdown.outcomes(mailing, rows),
        audience=audience(mailing, rows, now),
        parts=breakdown.parts(mailing, rows),
        course=course(mailing, ended, now),
        latencies=traffic.latencies(ended[0].minute_at, ended[-1].minute_at, mailing.id) if ended else None,
        proof=proof(mailing),
        forecast=mailings.forecast_of(mailing),
        happened=_happened(mailing, ended),
    )


def _open(mailing: Mailing) -> int:
    """How many messages have found no end as yet."""
    return mailing.tally.pending + mailing.tally.sending


def _happened(mailing: Mailing, ended: Sequence[Ended]) -> Happened:
    best = max((each.number for each in ended if each.outcome == traffic.ACCEPTED), default=0)
    finished_at = mailing.tally.last_byte_at if mailing.enrolled_at and not _open(mailing) else None
    return Happened(mailing.tally.sent, best / 60 if best else None, finished_at)
