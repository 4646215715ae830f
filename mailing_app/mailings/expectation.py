"""What is expected of a mailing at the moment when its audience is complete, kept to be compared with what happens."""

import logging
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from mailing_app import merge
from mailing_app.db import db, stored, transaction
from mailing_app.forecast import Missed, forecast
from mailing_app.mailings.headcount import MOST_GROUPS
from mailing_app.mailings.on_the_air import OnTheAir, in_messages, on_the_air
from mailing_app.mailings.rate import Origin, allowed_rate, expected
from mailing_app.models import Breakdown, Mailing, Trait

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Expectation:
    """A forecast as it was made: `reached` of the `recipients` by `ends_at`, the last of them at `finishes_at`."""

    made_at: datetime
    ends_at: datetime
    """The end that the mailing had then."""
    recipients: int
    rate: float | None
    """Messages a second; none was known where there is none, and then nobody knew `reached` either."""
    rate_from: Origin | None
    reached: int | None
    finishes_at: datetime | None
    missed: tuple[Missed, ...]


def keep(mailing_id: int, now: datetime) -> None:
    """Keep the forecast of a mailing whose audience is complete since `now`.

    From a few rows of figures, in a transaction of its own. A fault is logged and stops nobody: sending does not wait
    for what is only told.
    """
    try:
        made = _made(db.session.get_one(Mailing, mailing_id, populate_existing=True), now)
        with transaction() as session:
            its_audience = (Mailing.id == mailing_id, Mailing.enrolled_at == now)
            session.execute(update(Mailing).where(*its_audience).values(forecast=_plain(made)))
    except Exception:
        db.session.rollback()
        log.exception("the forecast is not kept", extra={"mailing_id": mailing_id})


def forecast_of(mailing: Mailing) -> Expectation | None:
    """The forecast that was kept of the mailing; None where there is none."""
    if mailing.forecast is None:
        return None
    told = dict(mailing.forecast)
    moments = {name: _moment(told[name]) for name in ("made_at", "ends_at", "finishes_at")}
    rate_from = Origin(told["rate_from"]) if told["rate_from"] else None
    missed = tuple(Missed(**each) for each in told["missed"])
    return Expectation(**told | moments | {"rate_from": rate_from, "missed": missed})


def _made(mailing: Mailing, now: datetime) -> Expectation:
    """Whoever was sent to while the rest was still being gathered counts as reached."""
    by_zone = _left(Trait.TIMEZONE, mailing.id)
    left, sent = sum(by_zone.values()), mailing.tally.sent
    limit, by_parts = allowed_rate()
    if limit and by_parts:
        limit = in_messages(limit, by_parts, _takes(mailing, left), left)
    rate = expected(limit, now)
    outlook = forecast(by_zone, now, mailing.ends_at, mailing.window, rate.a_second if rate else None)
    return Expectation(
        made_at=now,
        ends_at=mailing.ends_at,
        recipients=mailing.tally.recipients,
        rate=rate.a_second if rate else None,
        rate_from=rate.origin if rate else None,
        reached=None if outlook.reached is None else sent + outlook.reached,
        finishes_at=outlook.done_at,
        missed=outlook.missed,
    )


def _takes(mailing: Mailing, left: int) -> OnTheAir:
    """What its texts take on the air; where there are very many tags, reckoned from some of them."""
    if "tag" not in merge.merge_fields(mailing.text):
        return on_the_air(mailing.text, {"": left}, left)
    by_tag = _left(Trait.TAG, mailing.id, MOST_GROUPS)
    return on_the_air(mailing.text, by_tag, left, whole=len(by_tag) < MOST_GROUPS)


def _left(trait: Trait, mailing_id: int, most: int | None = None) -> dict[str, int]:
    """How many wait to be sent to, by a trait of theirs."""
    rows = select(Breakdown.value, Breakdown.pending).where(
        Breakdown.mailing_id == mailing_id, Breakdown.trait == trait, Breakdown.pending > 0
    )
    return {value: int(number) for value, number in db.session.execute(rows.limit(most))}


def _plain(made: Expectation) -> dict[str, Any]:
    return {name: stored(value) if isinstance(value, datetime) else value for name, value in asdict(made).items()}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
