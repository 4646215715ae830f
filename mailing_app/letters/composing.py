"""A day's report as an e-mail: plain text, HTML, and the mailings of the day as CSV (RFC 5322, RFC 2046)."""

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime as rfc_date
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import format_datetime, gettext

from mailing_app import language, spreadsheet, traffic, words
from mailing_app.letters.attention import called, needs_a_look
from mailing_app.letters.figures import Report
from mailing_app.models import Status

SHOWN = 100
"""How many mailings the letter itself lists; the file has all of them."""

COLUMNS = (
    "id", "name", "phase", "starts_at", "ends_at", *(f"{kind}_of_day" for kind in traffic.KINDS), "recipients", *Status,
)  # fmt: skip

_SEVEN_BITS = SMTP.clone(cte_type="7bit")
"""Lines of ASCII, as every server takes them: what else there is goes encoded."""


def compose(report: Report, sender: str, recipients: tuple[str, ...]) -> EmailMessage:
    """The letter, in DEFAULT_LANGUAGE. Its Message-ID is the day's: who gets it twice can see that it is one."""
    told = _told(report)
    letter = EmailMessage(policy=_SEVEN_BITS)
    letter["From"], letter["To"] = sender, ", ".join(recipients)
    letter["Subject"] = told["title"]
    letter["Date"] = rfc_date(report.written_at)
    letter["Message-ID"] = message_id(report.day.ends_at, sender)
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine shall answer
    letter.set_content(_rendered("letters/report.txt", told))
    letter.add_alternative(_rendered("letters/report.html", told), subtype="html")
    name = f"mailings-{_local(report):%Y-%m-%d}.csv"
    letter.add_attachment(_csv(report), "text", "csv", filename=name, params={"charset": "utf-8"})
    letter["Content-Language"] = language.chosen()  # whatever sets a content forgets it
    return letter


def message_id(ends_at: datetime, sender: str) -> str:
    """The same for every try at a day's letter, whoever sends it."""
    return f"<daily-report.{ends_at:%Y%m%dT%H%M%SZ}@{sender.rpartition('@')[2]}>"


def _told(report: Report) -> dict[str, Any]:
    day = {name: format_datetime(at, "d MMM y, HH:mm") for name, at in
           (("begin", report.day.begins_at), ("end", report.day.ends_at))}  # fmt: skip
    title = gettext("Mailings until %(end)s", end=day["end"])
    return {
        "title": title, "report": report, "day": day, "zone": language.zone(), "language": language.chosen(),
        "lines": report.lines[:SHOWN], "more": max(len(report.lines) - SHOWN, 0), "called": called,
        "notices": needs_a_look(report), "kinds": words.OUTCOME_KINDS,
    }  # fmt: skip


def _rendered(template: str, told: dict[str, Any]) -> str:
    """Past Flask's own function: what it adds is about a request, and there is none."""
    return current_app.jinja_env.get_template(template).render(told)


def _csv(report: Report) -> bytes:
    return b"".join(spreadsheet.stream(COLUMNS, (
        [line.mailing.id, line.mailing.name, line.phase.value, line.mailing.starts_at, line.mailing.ends_at,
         *line.of_day.values(), *line.stands.values()]
        for line in report.lines
    )))  # fmt: skip


def _local(report: Report) -> datetime:
    return report.day.ends_at.astimezone(ZoneInfo(language.zone()))
