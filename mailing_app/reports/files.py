"""The reports as CSV, read from the database while they are sent."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, String, bindparam, case, func, not_, select
from sqlalchemy.orm import aliased

from mailing_app import clock, spreadsheet
from mailing_app.db import Moment, db, look_again, snapshot
from mailing_app.lines import Free, Grain, Lines, Shared, Usually, Writer
from mailing_app.mailings import in_phase
from mailing_app.models import Attempt, Client, Mailing, Message, Phase, Status
from mailing_app.reports.figures import statistics
from mailing_app.reports.proof import proof
from mailing_app.spreadsheet import Delimiter, Encoding

MAILING_COLUMNS = (
    "id", "name", "phase", "starts_at", "ends_at", "recipients", *Status,
    "last_first_byte_at", "first_bytes_after_end", "forgotten_at",
)  # fmt: skip

MESSAGE_COLUMNS = (
    "id", "client_id", "phone", "status", "reason", "attempts", "created_at", "due_at", "sent_at",
    "operator_code", "tag", "timezone",
)  # fmt: skip
"""The last three as they were when the audience was fixed."""

OF_ITS_MAILING = ("mailing_id", "mailing_name", "mailing_starts_at")
"""What stands before them where a file tells of several mailings."""

OF_AN_ATTEMPT = ("attempt", "started_at", "ended_at", "outcome", "http_status", "code", "error")
"""What stands behind them where every attempt has a line of its own."""


def mailings_csv(
    since: datetime | None = None, until: datetime | None = None, phase: Phase | None = None,
    delimiter: Delimiter = Delimiter.COMMA, encoding: Encoding = Encoding.UTF_8,
) -> Iterator[bytes]:  # fmt: skip
    """One line a mailing, of those that start within these moments, both included, and stand in this phase."""
    now = clock.now()
    which = [*_starting(since, until), *([in_phase(phase, now)] if phase else ())]
    return spreadsheet.stream(MAILING_COLUMNS, _mailing_rows(which, now), delimiter.sign, encoding)


def messages_csv(mailing_id: int, **asked: Any) -> Iterator[bytes]:
    """One line a message of the mailing, in the order of its clients. What may be `asked` is told at `_file`."""
    return _file(MESSAGE_COLUMNS, [Mailing.id == mailing_id], **asked)


def period_csv(since: datetime | None = None, until: datetime | None = None, **asked: Any) -> Iterator[bytes]:
    """The same of all mailings that start within these moments, both included, the oldest id first."""
    return _file((*OF_ITS_MAILING, *MESSAGE_COLUMNS), _starting(since, until), **asked)


def _file(
    titles: Sequence[str], which: Sequence[ColumnElement[bool]], grain: Grain = Grain.MESSAGES,
    delimiter: Delimiter = Delimiter.COMMA, encoding: Encoding = Encoding.UTF_8, **wanted: Any,
) -> Iterator[bytes]:  # fmt: skip
    """The messages of these mailings as they are at one moment, those that have every value `wanted`: `status`,
    `reason`, `tag`, `operator_code`.

    Of the `grain` of attempts there is a line for each attempt, and one for a message without any.
    """
    titles = (*titles, *OF_AN_ATTEMPT) if grain is Grain.ATTEMPTS else titles
    yield spreadsheet.heading(titles, delimiter.sign, encoding)
    columns = (Mailing.id, Mailing.name, Mailing.starts_at, Mailing.forgotten_at)
    mailings = select(*columns).where(Mailing.deleted_at.is_(None), *which).order_by(Mailing.id)
    with snapshot() as connection:
        writer = Writer(connection, _lines(titles, wanted), delimiter.sign)
        for mailing in connection.execute(mailings).all():
            for piece in writer.pieces(**_given(mailing, delimiter.sign)):
                yield encoding.encoded(piece)


def _given(mailing: Any, delimiter: str) -> dict[str, Any]:
    """What the lines of a mailing take from it; what each of them begins with is put together only once."""
    start = spreadsheet.cell(mailing.starts_at)
    return {
        "mailing_id": mailing.id,
        "of_its_mailing": delimiter.join((str(mailing.id), spreadsheet.quoted(mailing.name, delimiter), start)),
        "starts_at": mailing.starts_at,
        "start": start,
        "forgotten": bool(mailing.forgotten_at),
    }


def _lines(titles: Sequence[str], wanted: Mapping[str, Any]) -> Lines:
    """The lines of a mailing, which is a parameter."""
    tried = titles[-1] == OF_AN_ATTEMPT[-1]
    source = select().select_from(Message)
    source = source.outerjoin(Attempt, Attempt.message_id == Message.id) if tried else source
    cells, of_the_mailing = _cells(), Message.mailing_id == bindparam("mailing_id")
    before = [bindparam("of_its_mailing", type_=String())] if titles[0] == OF_ITS_MAILING[0] else []
    return Lines(
        cells=[*before, *(cells[title] for title in titles if title not in OF_ITS_MAILING)],
        source=source.where(of_the_mailing, *_conditions(wanted)),
        key=Message.client_id,
        keys=select(Message.client_id).where(of_the_mailing),
        within=[Attempt.epoch] if tried else [],
    )


def _cells() -> dict[str, Any]:
    """What stands under each title."""
    # Asked for only where the message has none: to look up a million clients takes longer than all the rest.
    present = select(Client.phone).where(Client.id == Message.client_id).scalar_subquery()
    start, is_forgotten = bindparam("start", type_=String()), bindparam("forgotten", type_=Boolean())
    before = aliased(Attempt)
    number = select(func.count()).where(before.message_id == Attempt.message_id, before.epoch <= Attempt.epoch)
    plain = ("id", "client_id", "status", "reason", "attempts", "sent_at")
    of_an_attempt = ("started_at", "ended_at", "outcome", "http_status", "code")
    own = {name: getattr(Message, name) for name in plain} | {name: getattr(Attempt, name) for name in of_an_attempt}
    return own | {
        # Whoever is enrolled in one chunk is so at one moment.
        "created_at": Shared(Message.created_at),
        # Who waits for no window was due when the mailing began.
        "due_at": Usually(Message.due_at, bindparam("starts_at", type_=Moment()), start),
        "phone": case((not_(is_forgotten), func.coalesce(Message.phone, present))),
        "operator_code": Message.enrolled_code,
        "tag": Free(Message.enrolled_tag),
        "timezone": Message.enrolled_zone,
        "attempt": func.nullif(number.scalar_subquery(), 0),
        "error": Free(Attempt.error),
    }


def _conditions(wanted: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    told = {"tag": Message.enrolled_tag, "operator_code": Message.enrolled_code}
    return [told.get(name, getattr(Message, name)) == value for name, value in wanted.items() if value]


def _starting(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    return [
        *([Mailing.starts_at >= since] if since else ()),
        *([Mailing.starts_at <= until] if until else ()),
    ]


def _mailing_rows(which: Sequence[ColumnElement[bool]], now: datetime) -> Iterator[list[Any]]:
    statement = select(Mailing).where(Mailing.deleted_at.is_(None), *which).order_by(Mailing.id)
    for mailing in db.session.scalars(statement.execution_options(yield_per=500)):
        shown = [mailing.id, mailing.name, mailing.phase(now).value, mailing.starts_at, mailing.ends_at]
        kept = proof(mailing)
        ends = [kept.last_first_byte_at, kept.after_end, mailing.forgotten_at]
        yield [*shown, *statistics(mailing.tally).values(), *ends]
    look_again()  # a slow reader must not hold the database's past
