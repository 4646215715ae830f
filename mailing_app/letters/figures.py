"""What a letter tells: the figures of its day by mailing, and where each mailing stands."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select

from mailing_app import reports, traffic
from mailing_app.db import db
from mailing_app.letters.span import Day
from mailing_app.models import Mailing, Phase


@dataclass(frozen=True)
class Line:
    """A mailing: what its attempts of the day came to, by kind, and its figures at the moment of writing."""

    mailing: Mailing
    phase: Phase
    of_day: Mapping[str, int]
    stands: Mapping[str, int]


@dataclass(frozen=True)
class Report:
    """The report of a day, as it is at `written_at`: a line for each mailing that ran or had attempts on it."""

    day: Day
    written_at: datetime
    lines: Sequence[Line]

    @property
    def of_day(self) -> Counter[str]:
        """What all attempts of the day came to."""
        return sum((Counter(line.of_day) for line in self.lines), start=Counter())

    @property
    def stands(self) -> Counter[str]:
        """Where these mailings stand together."""
        return sum((Counter(line.stands) for line in self.lines), start=Counter())


def report(day: Day, now: datetime) -> Report:
    """The report of that day. Deleted mailings are in it where they had attempts, so that the sums are whole."""
    attempts = traffic.by_mailing(day.begins_at, day.ends_at)
    ran = (Mailing.starts_at < day.ends_at, Mailing.ends_at > day.begins_at, Mailing.deleted_at.is_(None))
    of_day = select(Mailing).where(or_(Mailing.id.in_(attempts), and_(*ran))).order_by(Mailing.id)
    found = db.session.scalars(of_day.execution_options(populate_existing=True)).all()
    return Report(day, now, [_line(mailing, attempts.get(mailing.id, Counter()), now) for mailing in found])


def _line(mailing: Mailing, outcomes: Mapping[str, int], now: datetime) -> Line:
    kinds = {kind: sum(outcomes.get(each, 0) for each in members) for kind, members in traffic.KINDS.items()}
    return Line(mailing, mailing.phase(now), kinds, reports.statistics(mailing.tally))
