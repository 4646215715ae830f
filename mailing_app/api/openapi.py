"""The document of the API (OpenAPI 3.1): gathered from the views themselves, so that it cannot say anything else."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from flask import Blueprint, Flask
from flask_babel import force_locale
from werkzeug.routing import Rule

from mailing_app import bulkhead
from mailing_app.api import components
from mailing_app.api.examples import example
from mailing_app.api.schema import ref
from mailing_app.api.shapes import schemas
from mailing_app.forms import Query

PREFIX = "/api/v1"
MEDIA_TYPE_OF_JSON = "application/json"

Content = str | dict[str, Any] | None
"""The name of a schema for JSON, or media types with what they carry."""

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Operation:
    """What the document says of a view beside its docstring and its address."""

    status: int
    answer: Content
    body: Content = None
    body_required: bool = True
    query: type[Query] = Query
    refused: str = ""
    """When the state of things forbids it, if it ever does."""
    once: bool = False
    """Whether it honours an Idempotency-Key."""
    fresh: bool = False
    """Whether it answers 304 to a caller who has the present version."""


_operations: dict[Any, Operation] = {}


def answers(status: int, answer: Content = None, **told: Any) -> Callable[[View], View]:
    """Document a view: its docstring gives summary and description, the rest is said here."""

    def documented(view: View) -> View:
        _operations[view] = Operation(status, answer, **told)
        return view

    return documented


def operation(view: Any) -> Operation:
    """What was said of a view; KeyError for one that nobody documented."""
    return _operations[view]


def register(app: Flask) -> None:
    """Serve the document at /apispec.json. Made when it is first asked for: most processes never are."""

    @cache
    def specification() -> dict[str, Any]:
        return _specification(app)

    bp = Blueprint("flasgger", __name__)
    bp.add_url_rule("/apispec.json", "apispec", specification)
    app.register_blueprint(bp)


def _specification(app: Flask) -> dict[str, Any]:
    from flasgger import Swagger  # here, since it brings JSON Schema, YAML and Markdown: a tenth of a start

    with force_locale("en"):
        template = document(app)
    config = {"openapi": template["openapi"], "specs": [{"endpoint": "apispec", "rule_filter": lambda _rule: False}]}
    swagger = Swagger(config=config, template=template, merge=True)  # `merge` keeps it from writing into its defaults
    swagger.app = app  # its `init_app` would add routes, which an application that answers already takes no more
    specification: dict[str, Any] = swagger.get_apispecs("apispec")
    return specification


def document(app: Flask) -> dict[str, Any]:
    """The whole document, in the language of the current locale."""
    known = schemas()
    return {
        "openapi": "3.1.0",
        "info": components.INFO,
        "servers": [{"url": PREFIX}],
        "security": [{"bearer": []}],
        "tags": components.TAGS,
        "paths": _paths(app, known),
        "components": components.components() | {"schemas": known},
    }


def path(rule: Rule) -> str:
    """The address of a rule as the document spells it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix(PREFIX)) or "/"


def _paths(app: Flask, known: dict[str, Any]) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(PREFIX):
            method = next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"}))
            view = app.view_functions[rule.endpoint]
            paths.setdefault(path(rule), {})[method.lower()] = _described(view, rule, method, known)
    return paths


def _described(view: Any, rule: Rule, method: str, known: dict[str, Any]) -> dict[str, Any]:
    told, (summary, _, rest) = operation(view), (inspect.getdoc(view) or "").partition("\n")
    described = {
        "operationId": view.__name__,
        "tags": [rule.endpoint.split(".")[1]],
        "summary": summary.rstrip("."),
        "description": f"{rest.strip() or summary}\n\nScope: `{_scope(method)}`.",
        "parameters": _parameters(told, rule, method),
        "responses": _responses(view, rule, method, known),
        "security": [{"bearer": []}],
    }
    body = {"required": told.body_required, "content": _content(told.body, known)}
    return described | ({"requestBody": body} if told.body else {})


def _parameters(told: Operation, rule: Rule, method: str) -> list[dict[str, Any]]:
    shared = ["AcceptLanguage"]
    shared += ["IfMatch"] if _matches(method) else []
    shared += ["IfNoneMatch"] if told.fresh else []
    shared += ["IdempotencyKey"] if told.once else []
    return [
        *(components.path_parameter(name) for name in sorted(rule.arguments)),
        *components.query_parameters(told.query),
        *({"$ref": f"#/components/parameters/{name}"} for name in shared),
    ]


def _responses(view: Any, rule: Rule, method: str, known: dict[str, Any]) -> dict[str, Any]:
    told = operation(view)
    good = {"description": components.GOOD[told.status], "headers": _headers(told)}
    if told.answer:
        good["content"] = _content(told.answer, known)
    if links := _links(told):
        good["links"] = links
    shared = {str(status): {"$ref": f"#/components/responses/{status}"} for status in _nos(view, rule, method)}
    refused = {"409": components.problem(409, told.refused)} if told.refused else {}
    return dict(sorted(({str(told.status): good} | shared | refused).items()))


def _links(told: Operation) -> dict[str, Any]:
    """What can be asked next of a new thing, by its number."""
    parameter = f"{str(told.answer).lower()}_id"
    return {
        view.__name__: {"operationId": view.__name__, "parameters": {parameter: "$response.body#/id"}}
        for view in _operations
        if told.status == 201 and parameter in inspect.signature(view).parameters
    }


def _nos(view: Any, rule: Rule, method: str) -> list[int]:
    """The statuses, beside the good one, that an operation may answer with."""
    told = operation(view)
    return [
        *((304,) if told.fresh else ()),
        *((400,) if isinstance(told.body, str) else ()),
        *((413, 415) if told.body else ()),
        401,
        *((403,) if method != "GET" else ()),
        *((404,) if rule.arguments else ()),
        *((409,) if told.once else ()),
        *((412,) if _matches(method) else ()),
        *((429,) if bulkhead.is_bulky(view, method) else ()),
        422, 500, 503,
    ]  # fmt: skip


def _headers(told: Operation) -> dict[str, Any]:
    names = ["ETag"] if told.answer in ("Client", "Mailing") else []
    names += ["Location"] if told.status == 201 else []
    names += ["ContentDisposition"] if isinstance(told.answer, dict) else []
    return {components.HEADER_NAMES[name]: {"$ref": f"#/components/headers/{name}"} for name in names}


def _content(content: Content, known: dict[str, Any]) -> dict[str, Any]:
    if isinstance(content, str):
        return {MEDIA_TYPE_OF_JSON: {"schema": ref(content), "example": example(ref(content), known)}}
    return content or {}


def _scope(method: str) -> str:
    """The scope that a token needs. It is told in words: Spectral allows no roles but those of OAuth2."""
    return "read" if method == "GET" else "write"


def _matches(method: str) -> bool:
    return method in ("PUT", "PATCH", "DELETE")
