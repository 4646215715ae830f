"""The reports: totals, figures per mailing, and the files."""

from flask import Blueprint, Response, render_template, request

from mailing_app import clock, downloads, mailings, reports
from mailing_app.bulkhead import bulky
from mailing_app.forms import MailingsQuery

bp = Blueprint("reports", __name__)


@bp.get("/reports")
def index() -> str:
    """Totals, and a table of the mailings."""
    form = MailingsQuery.from_page(request.args)
    page = mailings.listing(**form.values())
    return render_template(
        "reports.html", page=page, totals=reports.totals(), statistics=reports.statistics, now=clock.now()
    )


@bp.get("/reports/mailings.csv")
@bulky("GET")
def mailings_csv() -> Response:
    """One line a mailing."""
    return downloads.csv(reports.mailings_csv(), "mailings.csv")


@bp.get("/mailings/<id:mailing_id>/report.csv")
@bulky("GET")
def messages_csv(mailing_id: int) -> Response:
    """One line a message of the mailing."""
    mailings.get(mailing_id)  # before the answer begins: later nobody could say 404
    return downloads.csv(reports.messages_csv(mailing_id), f"mailing-{mailing_id}.csv")
