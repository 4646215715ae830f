"""The reports: totals, one mailing, figures over time, whom most messages missed, and the files."""

from collections.abc import Callable, Iterator
from functools import partial

from flask import Blueprint, Response, render_template, request

from mailing_app import clock, downloads, mailings, reports, words
from mailing_app.bulkhead import bulky
from mailing_app.figures import PLACES
from mailing_app.forms import (
    FileQuery,
    MailingsFileQuery,
    MailingsQuery,
    MessagesFileQuery,
    MissesQuery,
    OverTimeQuery,
    PeriodFileQuery,
)
from mailing_app.web import display

bp = Blueprint("reports", __name__)


@bp.get("/reports")
def index() -> str:
    """Totals, and a table of the mailings."""
    form = MailingsQuery.from_page(request.args)
    page = mailings.listing(**form.values())
    return render_template(
        "reports/index.html",
        page=page,
        totals=reports.totals(),
        statistics=reports.statistics,
        now=clock.now(),
        files=PeriodFileQuery.blank(),
    )


@bp.get("/reports/over-time")
def over_time() -> str:
    """The figures by day, week or month, and this week against the last one."""
    form = OverTimeQuery.from_page(request.args)
    told = reports.over_time(clock.now(), **form.values())
    return render_template(
        "reports/over_time.html",
        form=form,
        told=told,
        series={place.value: [each.counts[place] for each in told.periods] for place in PLACES},
        words={place.value: words.place(place) for place in PLACES},
    )


@bp.get("/reports/not-reached")
def not_reached() -> str:
    """The clients most often not reached."""
    form = MissesQuery.from_page(request.args)
    return render_template("reports/not_reached.html", missed=reports.most_missed(**form.values()))


@bp.get("/mailings/<id:mailing_id>/report")
def mailing(mailing_id: int) -> str:
    """The report of a mailing, made for the screen and for paper."""
    report = reports.report(mailing_id, clock.now())
    return render_template(
        "reports/mailing.html",
        report=report,
        mailing=report.mailing,
        statistics=reports.statistics(report.mailing.tally),
        origin=mailings.origin(report.mailing.remainder_of),
        remainders=mailings.remainders(mailing_id),
        now=report.made_at,
    )


@bp.get("/reports/mailings.csv")
@bulky("GET")
def mailings_csv() -> Response:
    """One line a mailing."""
    return _file(MailingsFileQuery.from_page(request.args), reports.mailings_csv, "mailings.csv")


@bp.get("/reports/messages.csv")
@bulky("GET")
def period_csv() -> Response:
    """One line a message of every mailing that starts in a period."""
    return _file(PeriodFileQuery.from_page(request.args), reports.period_csv, "messages.csv")


@bp.get("/mailings/<id:mailing_id>/report.csv")
@bulky("GET")
def messages_csv(mailing_id: int) -> Response:
    """One line a message of the mailing."""
    mailings.check_there(mailings.get(mailing_id))  # before the answer begins: later nobody could say 404
    form = MessagesFileQuery.from_page(request.args)
    return _file(form, partial(reports.messages_csv, mailing_id), f"mailing-{mailing_id}.csv")


def _file(form: FileQuery, write: Callable[..., Iterator[bytes]], name: str) -> Response:
    """The file, or its form with what is wrong."""
    if form.errors:
        return display.form_page("file.html", form)
    return downloads.csv(write(**form.values()), name, form.encoding.data.charset)
