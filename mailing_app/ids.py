"""Ids in addresses: `<id:client_id>`."""

from flask import Flask
from werkzeug.routing import BaseConverter


class Id(BaseConverter):
    """A number that the databases can hold, in its one spelling: anything else is an address that does not exist.

    Werkzeug's own `int` lets through what overflows a BIGINT, and digits of every script.
    """

    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)


def init_app(app: Flask) -> None:
    """Teach the application's addresses to read ids."""
    app.url_map.converters["id"] = Id
