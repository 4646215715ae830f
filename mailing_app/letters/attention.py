"""What in a day's report wants somebody to look: sentences in the letter's language, without phones."""

from collections.abc import Iterator
from datetime import datetime

from flask import current_app
from flask_babel import format_datetime, gettext, ngettext
from sqlalchemy import or_, select

from mailing_app import mailings, status, words
from mailing_app.db import db
from mailing_app.letters.figures import Line, Report
from mailing_app.letters.span import Day
from mailing_app.masking import without_phones
from mailing_app.models import ClientImport, ImportState, MailState, Phase, ReportMail

MANY = 0.1
"""From which share of a mailing's messages on it is worth a look that they were not delivered."""


def needs_a_look(report: Report) -> list[str]:
    """What needs a look at the moment of writing, the gravest first."""
    found = [*_of_sending(report.written_at), *_of_former_letters(report.day)]
    for line in report.lines:
        found += _of_mailing(line, report.written_at)
    return [without_phones(sentence) for sentence in (*found, *_of_imports(report.day))]


def called(line: Line) -> str:
    """The mailing's name, or its number."""
    return line.mailing.name or gettext("Mailing %(id)s", id=line.mailing.id)


def _of_sending(now: datetime) -> Iterator[str]:
    standing = status.standing(now)
    gateway = standing.gateway
    if not standing.alive:
        yield gettext("No dispatcher is alive: nothing is sent.")
    if gateway and gateway.hold and gateway.held_at:
        yield gettext("Sending has been on hold since %(moment)s.", moment=_moment(gateway.held_at))
        yield f"{words.of(gateway.hold)} {gateway.detail}".strip()
    elif standing.breaker in ("open", "half_open"):
        yield gettext("The gateway is failing: it is left alone for a few seconds at a time.")
    elif standing.flaps:
        yield gettext("The gateway fails often: repeats wait longer.")


def _of_mailing(line: Line, now: datetime) -> Iterator[str]:
    name = called(line)
    if line.phase is Phase.PAUSED:
        paused = gettext("“%(name)s” is paused.", name=name)
        yield f"{paused} {line.mailing.pause_reason}".strip()
    if line.stands["uncertain"]:
        yield ngettext(
            "“%(name)s”: of %(num)s message nobody knows whether it arrived.",
            "“%(name)s”: of %(num)s messages nobody knows whether they arrived.",
            line.stands["uncertain"], name=name,
        )  # fmt: skip
    missed = line.stands["failed"] + line.stands["expired"]
    if missed and missed >= MANY * line.stands["recipients"]:
        yield gettext(
            "“%(name)s”: %(missed)s of %(recipients)s messages were refused or came too late.",
            name=name, missed=missed, recipients=line.stands["recipients"],
        )  # fmt: skip
    yield from _of_pace(line, now)


def _of_pace(line: Line, now: datetime) -> Iterator[str]:
    settings = current_app.config["SETTINGS"]
    by_parts = settings.gateway_rate_unit == "parts"
    progress = mailings.progress(line.mailing, settings.gateway_rate, by_parts, now)
    if progress and progress.missed:
        yield ngettext(
            "“%(name)s” will not be done by its end: at its present rate %(num)s message will be left.",
            "“%(name)s” will not be done by its end: at its present rate %(num)s messages will be left.",
            progress.missed, name=called(line),
        )  # fmt: skip


def _of_imports(day: Day) -> Iterator[str]:
    brought = or_(
        *(column.between(day.begins_at, day.ends_at) for column in (ClientImport.created_at, ClientImport.ended_at))
    )
    for each in db.session.scalars(select(ClientImport).where(brought).order_by(ClientImport.id)):
        if each.state is ImportState.FAILED:
            yield gettext("The file “%(name)s” could not be imported.", name=each.name)
        elif each.bad:
            yield ngettext(
                "The file “%(name)s” has %(num)s faulty row.", "The file “%(name)s” has %(num)s faulty rows.",
                each.bad, name=each.name,
            )  # fmt: skip


def _of_former_letters(day: Day) -> Iterator[str]:
    before = select(ReportMail).where(ReportMail.due_at < day.ends_at).order_by(ReportMail.due_at.desc()).limit(1)
    former = db.session.scalars(before).one_or_none()
    if former and former.state is not MailState.SENT:
        told = gettext("The letter of %(moment)s was not sent, or nobody knows it:", moment=_moment(former.due_at))
        yield f"{told} {former.error or words.of(former.state)}"


def _moment(at: datetime) -> str:
    return str(format_datetime(at, "d MMM y, HH:mm"))
