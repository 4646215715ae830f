"""The JSON doors, one module a noun."""

from typing import Any

from flask import Flask


def register(app: Flask, csrf: Any) -> None:
    """Open the doors under /api/v1, and the documentation at /docs."""


def answer(error: Exception) -> Any:
    """The problem document for an exception."""
    raise error
