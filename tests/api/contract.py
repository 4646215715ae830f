"""Holds an answer against the document: its status, its headers, its type and its body."""

from typing import Any

from flask import Flask
from jsonschema import Draft202012Validator
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from mailing_app.api import openapi

GENERAL = {404, 405, 413}
"""What any address may answer, documented or not."""

TELLING = {"ETag", "Location", "Content-Disposition", "Retry-After", "WWW-Authenticate", "Allow", "Link"}
"""Headers that a program acts on: none comes that the document does not name."""


def check(app: Flask, answer: Any) -> None:
    """AssertionError when the document does not allow the answer."""
    document: Any = app.view_functions["flasgger.apispec"]()  # what /apispec.json serves
    told = _operation(app, document, answer.request)
    response = _followed(document, told["responses"].get(str(answer.status_code))) if told else None
    if response is None:
        assert answer.status_code in GENERAL or answer.status_code < 400, f"{answer.status} is not documented"
        assert told is None or answer.status_code >= 400 or answer.request.method == "OPTIONS"
        return
    _check_headers(document, response.get("headers", {}), answer)
    _check_body(document, response.get("content", {}), answer)


def _check_headers(document: dict[str, Any], told: dict[str, Any], answer: Any) -> None:
    for name in told:
        assert name in answer.headers, f"{name} is missing"
        schema = document["components"]["headers"][told[name]["$ref"].rpartition("/")[2]]["schema"]
        value = answer.headers[name]
        Draft202012Validator(schema).validate(int(value) if schema["type"] == "integer" else value)
    untold = TELLING & set(answer.headers.keys()) - told.keys()
    assert not untold, f"{untold} of {answer.status} are not documented"


def _operation(app: Flask, document: dict[str, Any], request: Any) -> dict[str, Any] | None:
    try:
        rule, _ = app.url_map.bind("").match(request.path, request.method, return_rule=True)
    except (HTTPException, RequestRedirect):
        return None
    path = openapi.path(rule)
    method = "get" if request.method == "HEAD" else request.method.lower()
    told: dict[str, Any] | None = document["paths"].get(path, {}).get(method)
    return told


def _check_body(document: dict[str, Any], content: dict[str, Any], answer: Any) -> None:
    if not content:
        assert answer.data == b""
        return
    assert answer.mimetype in content
    if answer.is_json and answer.request.method != "HEAD":
        schema = content[answer.mimetype]["schema"] | {"components": document["components"]}
        Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(answer.json)


def _followed(document: dict[str, Any], response: dict[str, Any] | None) -> dict[str, Any] | None:
    if response and "$ref" in response:
        found: dict[str, Any] = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        return found
    return response
