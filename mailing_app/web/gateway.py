"""The gateway: how it is and was, and the controls that stop all sending and let it go on."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug import Response as Redirect

from mailing_app import clock, holds, traffic, turns, words
from mailing_app.forms import StopForm
from mailing_app.models import GatewayEvent, Hold, Turn
from mailing_app.web import display
from mailing_app.web.session import local_path

bp = Blueprint("gateway", __name__, url_prefix="/gateway")

ANSWERS_SHOWN = 20
EVENTS_OF = timedelta(days=1)


class Span(NamedTuple):
    """How far back the picture looks, and how much time a bar of it stands for."""

    length: timedelta
    step: timedelta


SPANS = {"hour": Span(timedelta(hours=1), traffic.MINUTE), "day": Span(timedelta(days=1), traffic.HOUR)}


@bp.get("")
def show() -> str:
    """How the gateway is and was."""
    return render_template("gateway/show.html", **_figures())


@bp.get("/live")
def live() -> Response:
    """The live part of that page alone."""
    return display.live("gateway/live.html", **_figures())


@bp.route("/stop", methods=["GET", "POST"])
def stop() -> Response | Redirect:
    """Stop all sending after asking, with a reason for colleagues."""
    form = StopForm()
    if form.validate_on_submit():
        flash(_stopped(holds.stop(**form.values())), "success")
        return redirect(url_for("dashboard.show"))
    return display.form_page("gateway_stop.html", form)


@bp.post("/go-on")
def go_on() -> Redirect:
    """Lift whatever holds the sending, and come back to the page where that was asked for."""
    holds.go_on()
    flash(gettext("Sending goes on. If its reason still stands, it is held again."), "success")
    return redirect(local_path(request.form.get("next", "")))


def _figures() -> dict[str, Any]:
    now = clock.now()
    name = request.args.get("span", "")
    name = name if name in SPANS else "hour"
    steps = traffic.steps(_first_step(now, SPANS[name]), now, SPANS[name].step)
    return (
        display.sending(now)
        | display.weather(now)
        | {
            "span": name,
            "steps": steps,
            "outcomes": traffic.by_kind(steps),
            "kinds": words.OUTCOME_KINDS,
            "events": [(event, _told(event)) for event in turns.since(now - EVENTS_OF)],
            "answers": traffic.answers(ANSWERS_SHOWN),
        }
    )


def _first_step(now: datetime, span: Span) -> datetime:
    present = traffic.minute_of(now)
    if span.step == traffic.HOUR:
        present = present.replace(minute=0)
    return present - span.length + span.step


def _told(event: GatewayEvent) -> str:
    """What more there is to say of a turn."""
    if event.kind == Turn.HOLD:
        hold, _, told = event.detail.partition(" ")
        return f"{words.of(Hold(hold))} {told}".strip()
    if event.kind == Turn.WAIT:
        return gettext("Until %(moment)s.", moment=display.with_seconds(datetime.fromisoformat(event.detail)))
    return event.detail


def _stopped(on_their_way: int) -> str:
    if not on_their_way:
        return gettext("All sending is stopped. Nothing was on its way.")
    requests = ngettext(
        "%(num)s request was on its way; if it has left, it still gets its answer.",
        "%(num)s requests were on their way; those that have left still get their answer.",
        on_their_way,
    )
    return f"{gettext('All sending is stopped.')} {requests}"
