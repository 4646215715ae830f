"""The pages of clients."""

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug import Response as Redirect

from mailing_app import clients, clock, downloads, local_time, mailings
from mailing_app.bulkhead import bulky
from mailing_app.forms import (
    ClientForm,
    ClientsQuery,
    EraseShownForm,
    Form,
    Listing,
    OptOutsForm,
    RetagForm,
    SearchQuery,
    TimelinesQuery,
)
from mailing_app.models import Action
from mailing_app.web import display, edits

bp = Blueprint("clients", __name__, url_prefix="/clients")


@bp.get("")
def index() -> str:
    """The table of clients, filtered and in pages."""
    form = ClientsQuery.from_page(request.args)
    page = clients.listing(**form.values())
    return render_template("clients/index.html", form=form, page=page, tags=clients.tags())


@bp.route("/new", methods=["GET", "POST"])
def add() -> Response | Redirect:
    """Add a client; a search that found nobody brings the phone along."""
    sought = SearchQuery.from_page(request.args).phone.data if not display.is_sent() else None
    form = ClientForm(data={"phone": sought})
    if client := form.submitted_to(clients.add):
        flash(gettext("The client is added."), "success")
        return redirect(url_for(".show", client_id=client.id))
    return display.form_page("clients/form.html", form, client=None, **_offers())


@bp.get("/<id:client_id>")
def show(client_id: int) -> str:
    """A client, and step by step what became of each message."""
    client, now = clients.get(client_id), clock.now()
    page = mailings.messages_to(client_id, **TimelinesQuery.from_page(request.args).values())
    steps = mailings.timelines(page.items, now)
    return render_template("clients/show.html", client=client, page=page, steps=steps, now=now)


@bp.get("/<id:client_id>/left-out")
def left_out(client_id: int) -> str:
    """The mailings that did not write to the client, and why."""
    client, now = clients.get(client_id), clock.now()
    after = Listing.from_page(request.args).after.data
    page = mailings.left_out(client, now, after=after)
    return render_template("clients/left_out.html", client=client, page=page, now=now)


@bp.route("/<id:client_id>/edit", methods=["GET", "POST"])
def edit(client_id: int) -> Response | Redirect:
    """Change a client."""
    client = clients.get(client_id)
    form = ClientForm(obj=client)
    changed = form.submitted_to(clients.change, client_id, display.seen_version())
    stored = ClientForm(None, obj=clients.get(client_id))
    if changed or edits.came_to_the_same(form, stored):
        flash(gettext("The client is changed."), "success")
        return redirect(url_for(".show", client_id=client_id))
    told = edits.context(form, stored, Action.CLIENT_CHANGED, client_id=client_id)
    return display.form_page("clients/form.html", form, client=client, **told, **_offers())


@bp.route("/<id:client_id>/delete", methods=["GET", "POST"])
def delete(client_id: int) -> str | Redirect:
    """Erase a client, after asking."""
    client = clients.get(client_id)
    if not display.is_sent():
        return render_template("clients/delete.html", client=client)
    clients.erase(client_id)
    flash(gettext("The client is erased."), "success")
    return redirect(url_for("clients.index"))


@bp.post("/<id:client_id>/opt-out")
def opt_out(client_id: int) -> Redirect:
    """Write to the client no more."""
    clients.opt_out(client_id)
    flash(gettext("The client is opted out. Nothing more is sent to this phone."), "success")
    return redirect(url_for(".show", client_id=client_id))


@bp.route("/<id:client_id>/opt-in", methods=["GET", "POST"])
def opt_in(client_id: int) -> str | Redirect:
    """Write to the client again, after asking."""
    client = clients.get(client_id)
    if not display.is_sent():
        return render_template("clients/opt_in.html", client=client)
    clients.opt_in(client_id)
    flash(gettext("The client is opted in again."), "success")
    return redirect(url_for(".show", client_id=client_id))


@bp.get("/opt-outs")
def opt_outs() -> str:
    """The clients who want no messages."""
    page = clients.opted_out(**Listing.from_page(request.args).values())
    by = clients.opted_out_by([client.id for client in page.items])
    return render_template("clients/opt_outs.html", page=page, by=by)


@bp.route("/opt-outs/new", methods=["GET", "POST"])
def add_opt_outs() -> Response | Redirect:
    """Opt many phones out at once: all of them, or none and the faults by their lines."""
    form = OptOutsForm()
    number = form.submitted_to(clients.opt_out_phones)
    if number is None:
        return display.form_page("clients/add_opt_outs.html", form)
    flash(_opted_out(number), "success")
    return redirect(url_for(".opt_outs"))


@bp.route("/retag", methods=["GET", "POST"])
def retag() -> Response | Redirect:
    """Give all clients of the list another tag, after asking with their number."""
    wanted, form = _wanted(), RetagForm()
    number = form.submitted_to(clients.retag, wanted)
    if number is None:
        return _ask("clients/retag.html", form, wanted, tags=clients.tags())
    flash(_retagged(number), "success")
    return redirect(url_for(".index"))


@bp.route("/delete", methods=["GET", "POST"])
def delete_shown() -> Response | Redirect:
    """Erase all clients of the list, after asking with their number."""
    wanted, form = _wanted(), EraseShownForm()
    number = form.submitted_to(clients.erase_shown, wanted)
    if number is None:
        return _ask("clients/delete_shown.html", form, wanted)
    flash(_erased(number), "success")
    if clients.count(**wanted):
        flash(gettext("That took long enough for one page: the others are still here, go on with them."), "warning")
        return redirect(url_for(".delete_shown", **display.query()))
    return redirect(url_for(".index"))


@bp.get("/export.csv")
@bulky("GET")
def export() -> Response:
    """The clients of the list as CSV."""
    return downloads.csv(clients.export_csv(**_wanted()), "clients.csv")


def _wanted() -> dict[str, str | None]:
    """What the list was asked for: the same parameters as on its own page."""
    form = ClientsQuery.from_page(request.args)
    if form.errors:
        abort(400)
    return {name: value for name, value in form.values().items() if name not in ("limit", "after")}


def _ask(template: str, form: Form, wanted: dict[str, str | None], **context: Any) -> Response:
    """Ask with the number of now: when it was another one, it is asked again."""
    return display.form_page(template, form, count=clients.count(**wanted), wanted=wanted, **context)


def _opted_out(number: int) -> str:
    return ngettext("%(num)s phone was opted out.", "%(num)s phones were opted out.", number)


def _retagged(number: int) -> str:
    return ngettext("The tag of %(num)s client is changed.", "The tag of %(num)s clients is changed.", number)


def _erased(number: int) -> str:
    return ngettext("%(num)s client is erased.", "%(num)s clients are erased.", number)


def _offers() -> dict[str, list[str]]:
    return {"tags": clients.tags(), "zones": sorted(local_time.zone_names())}
