"""The pages of clients."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug import Response as Redirect

from mailing_app import clients, local_time
from mailing_app.forms import ClientForm, ClientsQuery, ImportForm
from mailing_app.web import display

bp = Blueprint("clients", __name__, url_prefix="/clients")


@bp.get("")
def index() -> str:
    """The table of clients, filtered and in pages."""
    form = ClientsQuery.from_page(request.args)
    page = clients.listing(**form.values())
    return render_template("clients/index.html", form=form, page=page, tags=clients.tags())


@bp.route("/new", methods=["GET", "POST"])
def add() -> Response | Redirect:
    """Add a client."""
    form = ClientForm()
    if form.submitted_to(clients.add):
        flash(gettext("The client is added."), "success")
        return redirect(url_for("clients.index"))
    return display.form_page("clients/form.html", form, client=None, **_offers())


@bp.route("/<id:client_id>", methods=["GET", "POST"])
def edit(client_id: int) -> Response | Redirect:
    """Change a client."""
    client = clients.get(client_id)
    form = ClientForm(obj=client)
    if form.submitted_to(clients.change, client_id, display.seen_version()):
        flash(gettext("The client is changed."), "success")
        return redirect(url_for("clients.index"))
    return display.form_page("clients/form.html", form, client=client, **_offers())


@bp.route("/<id:client_id>/delete", methods=["GET", "POST"])
def delete(client_id: int) -> str | Redirect:
    """Erase a client, after asking."""
    client = clients.get(client_id)
    if request.method == "GET":
        return render_template("clients/delete.html", client=client)
    clients.erase(client_id)
    flash(gettext("The client is erased."), "success")
    return redirect(url_for("clients.index"))


@bp.route("/import", methods=["GET", "POST"])
def take_in() -> Response:
    """Import a CSV file, and tell what became of each line."""
    form = ImportForm()
    result = form.submitted_to(clients.import_csv)
    return display.form_page("clients/import.html", form, result=result)


@bp.get("/export.csv")
def export() -> Response:
    """Every client as CSV."""
    return display.csv(clients.export_csv(), "clients.csv")


def _offers() -> dict[str, list[str]]:
    return {"tags": clients.tags(), "zones": sorted(local_time.zone_names())}
