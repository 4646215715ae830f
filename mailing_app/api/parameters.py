"""The parameters after the question mark: each route takes those that its documented form knows, and no other."""

from typing import Any

from flask import current_app, g, request

from mailing_app.api.openapi import operation


def check() -> None:
    """Judge what was given, before any view looks at it; Invalid names what is unknown or makes no sense."""
    view = current_app.view_functions[request.endpoint or ""]
    g.parameters = operation(view).query.from_query(request.args).values()


def given() -> dict[str, Any]:
    """The checked values, ready to be the named arguments of an operation."""
    values: dict[str, Any] = g.parameters
    return values
