"""How values look on a page: moments in the default zone, phones, words for enums; and how a form is shown."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import get_group_symbol
from flask import Flask, Response, current_app, flash, make_response, render_template, request
from flask_babel import (
    format_date,
    format_datetime,
    format_decimal,
    format_percent,
    format_time,
    format_timedelta,
    get_locale,
    gettext,
)
from wtforms import FormField

from mailing_app import charts, clock, figures, ids, language, phones, status, traffic, words
from mailing_app.errors import Refused, Stale, Throttled
from mailing_app.forms import Form
from mailing_app.local_time import utc_offset_label
from mailing_app.models import Phase, Status
from mailing_app.periods import Unit
from mailing_app.web import kept

PLAIN, WITH_SECONDS, WITH_MILLISECONDS = "d MMM y, HH:mm", "d MMM y, HH:mm:ss", "d MMM y, HH:mm:ss.SSS"


LATELY = timedelta(minutes=15)
"""Over how long the latencies of the gateway are told."""


def init_app(app: Flask) -> None:
    """Teach templates what is said here."""
    app.jinja_env.filters.update(moment=moment, seconds=with_seconds, milliseconds=with_milliseconds, there=there)
    app.jinja_env.filters.update(phone=phone, number=number, character=character)
    app.jinja_env.filters.update(word=words.of, reason=words.reason, breaker=words.breaker, turn=words.turn)
    app.jinja_env.filters.update(time_of_day=time_of_day, pace=pace, bytes=in_bytes, duration=duration)
    app.jinja_env.filters.update(
        word=words.of, place=words.place, reason=words.reason, breaker=words.breaker, turn=words.turn
    )
    app.jinja_env.filters.update(time_of_day=time_of_day, pace=pace)
    app.jinja_env.filters.update(day=day, day_in_short=day_in_short, percent=format_percent)
    app.jinja_env.filters.update(action=words.action, language_name=words.language)
    app.jinja_env.filters.update(exclusion=words.exclusion, rate_from=words.rate_from)
    app.jinja_env.globals.update(first_fault=first_fault, faulty_fields=faulty_fields)
    app.jinja_env.globals.update(query=query, version_to_send=version_to_send)
    app.jinja_env.globals.update(stacked=charts.stacked, drawn=charts.drawn, shares=charts.shares)
    app.jinja_env.globals.update(form_key=kept.form_key)
    app.jinja_env.globals.update(
        STATUSES=list(Status), PHASES=list(Phase), PLACES=figures.PLACES, MISSED=figures.MISSED
    )
    app.context_processor(surroundings)


def surroundings() -> dict[str, Any]:
    """What every page shows around its own matter."""
    zone = language.zone()
    return {
        "settings": current_app.config["SETTINGS"],
        "zone_name": zone,
        "zone": f"{zone} ({utc_offset_label(zone, clock.now())})",
        "language": str(get_locale()),
    }


def moment(value: datetime) -> str:
    """A moment in the default zone, to the minute."""
    return format_datetime(value, PLAIN)


def with_seconds(value: datetime) -> str:
    """A moment in the default zone, to the second."""
    return format_datetime(value, WITH_SECONDS)


def with_milliseconds(value: datetime) -> str:
    """A moment in the default zone, to the millisecond."""
    return format_datetime(value, WITH_MILLISECONDS)


def there(value: datetime, zone: str) -> str:
    """The wall clock of that zone at the moment, with its day: it may be another one."""
    return format_datetime(value.astimezone(ZoneInfo(zone)), "d MMM, HH:mm", rebase=False)


def midnight(now: datetime) -> datetime:
    """When the day of whoever asks began."""
    return now.astimezone(ZoneInfo(language.zone())).replace(hour=0, minute=0, second=0, microsecond=0)


def time_of_day(value: datetime) -> str:
    """The hour and minute of a moment in the operator's zone."""
    return str(format_time(value, "HH:mm"))


def day(value: date, unit: Unit = Unit.DAY) -> str:
    """A day of the calendar, or the month that begins with it."""
    return str(format_date(value, "LLLL y" if unit is Unit.MONTH else "d MMM y"))


def day_in_short(value: date, unit: Unit) -> str:
    """The same for a mark below a chart, where there is little room."""
    return str(format_date(value, "LLL y" if unit is Unit.MONTH else "d MMM"))


def number(value: float, pattern: str | None = None) -> str:
    """A number as the language writes it: a report has hundreds of whole ones, and Babel rounds each of them too."""
    if pattern is None and isinstance(value, int):
        return f"{value:,}".replace(",", get_group_symbol(get_locale()))
    return str(format_decimal(value, pattern))


def pace(value: float) -> str:
    """So many a second, as exactly as makes sense."""
    return str(format_decimal(round(value, 1 if value < 10 else 0)))


def in_bytes(value: int) -> str:
    """So many bytes, in the unit that people can read."""
    mebibytes = value / 2**20
    if mebibytes < 1024:
        return gettext("%(number)s MiB", number=format_decimal(round(mebibytes, 1 if mebibytes < 10 else 0)))
    return gettext("%(number)s GiB", number=format_decimal(round(mebibytes / 1024, 1)))


def duration(seconds: float) -> str:
    """So many seconds in words, in the largest unit that says enough."""
    return str(format_timedelta(timedelta(seconds=seconds)))


def phone(value: str | None) -> str:
    """A phone as people write it."""
    return phones.displayed(value) if value else gettext("erased")


def character(value: str) -> str:
    """A character as one can see it: its code where it looks like nothing."""
    return value if value.isprintable() and not value.isspace() else f"U+{ord(value):04X}"


def query(**changed: Any) -> dict[str, Any]:
    """The parameters of the present address with some changed; None takes one away.

    They go into `url_for` by their names: none that decides where it leads is let through, like `_scheme`.
    """
    decide = {"endpoint", *(request.view_args or ())}
    given = {name: value for name, value in request.args.items() if name not in decide and not name.startswith("_")}
    return {name: value for name, value in (given | changed).items() if value not in (None, "")}


def is_sent() -> bool:
    """Whether the page's form was sent. HEAD only looks, as GET does (RFC 9110, 9.3.2), and brings no token."""
    return request.method == "POST"


def first_fault(form: Form) -> str:
    """The id of the first field with an error, for the focus; empty when there is none."""
    return next((field.id for field in faulty_fields(form)), "")


def faulty_fields(form: Form) -> list[Any]:
    """The fields with an error, those inside parts of the form too, in the order of the page."""
    return [field for field in _fields(form) if field.errors]


def form_page(template: str, form: Form, **context: Any) -> Response:
    """The page of a form: 422 when its values are wrong, 409 when the state of things forbids them, 429 for now."""
    code = 409 if form.refusal else 422 if form.errors else 200
    headers = {}
    if isinstance(form.refusal, Throttled):
        code, headers = 429, {"Retry-After": str(form.refusal.retry_after)}
    return make_response(render_template(template, form=form, **context), code, headers)


def seen_version() -> int | None:
    """The version of the thing that the form was filled from, which was sent or kept."""
    return ids.number(kept.typed().get("version", ""))


def version_to_send(form: Form, thing: Any) -> int | None:
    """The version for the form to carry: the one it was filled from, until its sender was told of a newer one."""
    seen = seen_version()
    newest: int | None = thing.version if thing else None
    return newest if seen is None or isinstance(form.refusal, Stale) else seen


def done(operation: Callable[..., Any], *given: Any) -> bool:
    """Whether a control worked; what it refuses is told on the next page."""
    try:
        operation(*given)
    except Refused as refusal:
        flash(gettext(refusal.message, **refusal.values), "danger")
        return False
    return True


def weather(now: datetime) -> dict[str, Any]:
    """How fast the gateway takes messages and answers, for the pages that tell it in short."""
    lately, an_hour = now - LATELY, traffic.minute_of(now) - timedelta(minutes=59)
    return {
        "rate": traffic.rate(now),
        "latencies": traffic.latencies(lately, now),
        "last_hour": traffic.by_kind(traffic.steps(an_hour, now, timedelta(minutes=1)))[traffic.ACCEPTED],
    }


def sending(now: datetime) -> dict[str, Any]:
    """How the sending stands, for the pages that tell it."""
    return {"standing": status.standing(now), "now": now}


def live(template: str, **context: Any) -> Response:
    """The live part of a page alone: 304 while it says what the browser has already."""
    response = make_response(render_template(template, **context))
    response.add_etag()
    response.make_conditional(request)
    return response


def _fields(form: Any) -> Iterator[Any]:
    for field in form:
        if isinstance(field, FormField):
            yield from _fields(field.form)
        else:
            yield field
