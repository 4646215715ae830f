"""Finding a client by the phone, from any page."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from mailing_app import clients
from mailing_app.forms import SearchQuery

bp = Blueprint("search", __name__)


@bp.get("/search")
def find() -> str | Response:
    """Lead to the client with this phone; where there are several or none, say so."""
    form = SearchQuery.from_page(request.args)
    found = clients.found(form.phone.data) if form.phone.data else []
    if len(found) == 1:
        return redirect(url_for("clients.show", client_id=found[0].id))
    return render_template("search.html", form=form, found=found)
