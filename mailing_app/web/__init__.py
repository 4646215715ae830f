"""The HTML doors, one module a noun."""

from typing import Any

from flask import Flask


def register(app: Flask) -> None:
    """Open the pages."""


def answer(error: Exception) -> Any:
    """The error page for an exception."""
    raise error
