"""The pages of imports: bring a file, see what is wrong with it and where, have the good rows stored."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug import Response as Redirect

from mailing_app import clock, downloads, imports
from mailing_app.bulkhead import bulky
from mailing_app.forms import ClientForm, ColumnsForm, FaultyQuery, ImportForm
from mailing_app.forms.base import inputs
from mailing_app.models import ClientImport, ImportState
from mailing_app.paging import cursor_id
from mailing_app.web import display

bp = Blueprint("imports", __name__, url_prefix="/clients")

FIRST_ROWS = 10
FAULTY_AT_ONCE, FAULTY_A_PAGE = 5, 50


@bp.get("/imports")
def index() -> str:
    """The imports, the newest first."""
    page = imports.listing(after=cursor_id(request.args.get("after", "")))
    return render_template("imports/index.html", page=page)


@bp.route("/import", methods=["GET", "POST"])
@bulky("POST")
def take_in() -> Response | Redirect:
    """Bring a CSV file."""
    form = ImportForm()
    if brought := form.submitted_to(imports.receive):
        return redirect(url_for("imports.show", import_id=brought.id))
    return display.form_page("imports/form.html", form)


@bp.get("/imports/<id:import_id>")
def show(import_id: int) -> Response:
    """An import: how far it is, its columns, its first rows, and what is wrong with which."""
    brought = imports.get(import_id)
    return _page(brought, ColumnsForm(data={"columns": brought.mapping}))


@bp.get("/imports/<id:import_id>/live")
def live(import_id: int) -> Response:
    """The live part of an import's page alone."""
    return display.live("imports/live.html", **_figures(imports.get(import_id)))


@bp.get("/imports/<id:import_id>/faulty")
def faulty(import_id: int) -> str:
    """The faulty rows, some at a time."""
    brought = imports.get(import_id)
    found = imports.faulty(brought, FAULTY_A_PAGE, after=FaultyQuery.from_page(request.args).after.data)
    return render_template("imports/faulty.html", brought=brought, found=found, **_columns(brought))


@bp.get("/imports/<id:import_id>/faulty.csv")
@bulky("GET")
def faulty_csv(import_id: int) -> Response:
    """The faulty rows as a file to mend, each with what is wrong with it."""
    brought = imports.get(import_id)
    return downloads.csv(imports.faulty_csv(brought, _titles(brought)), f"import-{import_id}-faulty.csv")


@bp.post("/imports/<id:import_id>/columns")
def remap(import_id: int) -> Response | Redirect:
    """Say which column is what, and check anew."""
    form = ColumnsForm()
    imports.get(import_id)
    form.submitted_to(imports.remap, import_id)
    if form.errors:
        return _page(imports.get(import_id), form)
    return redirect(url_for("imports.show", import_id=import_id))


@bp.post("/imports/<id:import_id>/store")
def store(import_id: int) -> Redirect:
    """Have the good rows stored."""
    display.done(imports.begin, import_id)
    return redirect(url_for("imports.show", import_id=import_id))


@bp.route("/imports/<id:import_id>/drop", methods=["GET", "POST"])
def drop(import_id: int) -> str | Redirect:
    """Drop an import or the rows that are left of it, after asking."""
    brought = imports.get(import_id)
    if not display.is_sent():
        return render_template("imports/drop.html", brought=brought)
    imports.drop(import_id)
    flash(gettext("The rows of the file are deleted."), "success")
    return redirect(url_for("imports.index"))


def _page(brought: ClientImport, form: ColumnsForm) -> Response:
    return display.form_page("imports/show.html", form, **_figures(brought))


def _figures(brought: ClientImport) -> dict[str, Any]:
    decided = brought.state not in (ImportState.CHECKING, ImportState.CHECKED)
    rows = [] if decided else imports.first_rows(brought, FIRST_ROWS)
    found = imports.faulty(brought, FAULTY_AT_ONCE) if brought.bad else None
    return display.sending(clock.now()) | {"brought": brought, "rows": rows, "found": found} | _columns(brought)


def _columns(brought: ClientImport) -> dict[str, Any]:
    """The fields of a client in the operator's words, and the titles of the file."""
    fields = {name: field.label.text for name, field in inputs(ClientForm.blank())}
    return {"fields": fields, "titles": _titles(brought)}


def _titles(brought: ClientImport) -> list[str]:
    """The titles as they are shown: a column without one is called by what it fills, or by its place."""
    fields = {name: str(field.label.text) for name, field in inputs(ClientForm.blank())}
    return [
        title or fields.get(name) or gettext("Column %(number)s", number=place)
        for place, (title, name) in enumerate(zip(brought.titles, brought.mapping, strict=True), start=1)
    ]
