"""Swagger UI at /docs, from our own host and under our own policy.

Flasgger's is of 2020, fetches fonts from elsewhere and needs inline scripts; this one is of today.
"""

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Flask, render_template

bp = Blueprint(
    "docs",
    __name__,
    url_prefix="/docs",
    static_folder=str(Path(flask_swagger_ui.__file__).parent / "dist"),
    static_url_path="/assets",
)


def register(app: Flask) -> None:
    """Open the documentation to everyone: the document holds no secrets, and trying out needs a token."""
    app.register_blueprint(bp)


@bp.get("/", strict_slashes=False)
def show() -> str:
    """The documentation, to read and to try out."""
    return render_template("docs.html")
