"""Ids as texts: in addresses, `<id:client_id>`, and in what a form sends."""

import re

from flask import Flask
from werkzeug.routing import BaseConverter


class Id(BaseConverter):
    """A number that the databases can hold, in its one spelling: anything else is an address that does not exist.

    Werkzeug's own `int` lets through what overflows a BIGINT, and digits of every script.
    """

    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)


def number(text: str) -> int | None:
    """The number that the text is, in its one spelling; None for what no table can hold."""
    return int(text) if re.fullmatch(Id.regex, text) else None


def init_app(app: Flask) -> None:
    """Teach the application's addresses to read ids."""
    app.url_map.converters["id"] = Id
