"""What many operations of the document share: parameters, headers, errors, and the words about the whole."""

from typing import Any

from mailing_app.api import problems
from mailing_app.api.examples import example
from mailing_app.api.schema import ID, ref
from mailing_app.forms import Query

INFO = {
    "title": "Mailing service",
    "version": "1.0.0",
    "description": (
        "Plan mailings and read what became of every message. JSON in, JSON out; moments are ISO 8601, in UTC on "
        "output. Whatever goes wrong is told as `application/problem+json`, each field at fault by its name. "
        "Every list comes in pages: `next` of one is `after` of the next."
    ),
    "contact": {"name": "Whoever runs this service"},
}

TAGS = [
    {"name": "bulk", "description": "Many clients at once, as a list or as a file."},
    {"name": "clients", "description": "Who can be written to."},
    {"name": "controls", "description": "Pause, resume, cancel; uncertain messages."},
    {"name": "gateway", "description": "Stop all sending, and let it go on."},
    {"name": "mailings", "description": "What to send, to whom, and when."},
    {"name": "messages", "description": "One mailing to one client, with every attempt to send it."},
    {"name": "resources", "description": "Where to begin."},
    {"name": "statistics", "description": "Figures over all mailings."},
    {"name": "status", "description": "How the sending stands right now."},
]

GOOD = {200: "As asked for.", 201: "Added.", 202: "It will be done.", 204: "Gone."}

HEADER_NAMES = {"ETag": "ETag", "Location": "Location", "ContentDisposition": "Content-Disposition"}

_ERRORS = {
    400: "The body is not JSON.",
    401: "No bearer token, or none that works.",
    403: "A token that may only read wants to write.",
    404: "There is nothing under this number.",
    409: "A request with this `Idempotency-Key` is being carried out.",
    412: "`If-Match` names another version than the present one.",
    413: "The body is too large.",
    415: "The body is of another type than the operation takes.",
    422: "Some values are wrong; `errors` names each field.",
    429: "Too many files are on their way already, for this token or for all; see `Retry-After`.",
    500: "A fault on our side, with the id of the request.",
    503: "The database is not to be had at the moment.",
}
_HEADERS_OF = {
    304: "ETag", 401: "WWW-Authenticate", 409: "Retry-After", 429: "Retry-After", 503: "Retry-After",
}  # fmt: skip

_TAG = {"type": "string", "pattern": '^"[1-9][0-9]*"$', "examples": ['"3"']}

_HEADERS = {
    "ETag": ("The version, for `If-Match` and `If-None-Match`.", _TAG),
    "Location": (
        "The address of the new thing.",
        {"type": "string", "format": "uri-reference", "examples": ["/api/v1/clients/17"]},
    ),
    "ContentDisposition": (
        "The name of the file.",
        {"type": "string", "pattern": "^attachment; filename=", "examples": ['attachment; filename="mailing-17.csv"']},
    ),
    "WWW-Authenticate": (
        "The scheme, and what is wrong with the token (RFC 6750).",
        {"type": "string", "pattern": "^Bearer ", "examples": ['Bearer realm="mailing", error="invalid_token"']},
    ),
    "Retry-After": ("After how many seconds to ask again.", {"type": "integer", "minimum": 0, "examples": [5]}),
}

_PARAMETERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "AcceptLanguage": (
        "Accept-Language",
        "The language of the sentences: en or ru.",
        {"type": "string", "examples": ["en"]},
    ),
    "IfMatch": (
        "If-Match",
        "Change it only if this is its version, or one of these; `*` is any. Judged before the body.",
        {"type": "string", "examples": ['"3"']},
    ),
    "IfNoneMatch": (
        "If-None-Match",
        "Answer only if this is not its version.",
        {"type": "string", "examples": ['"3"']},
    ),
    "IdempotencyKey": (
        "Idempotency-Key",
        "Any text of your own. Within 24 hours the same key and body get the first answer again; "
        "with another body it is refused (422).",
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$", "examples": ["spring-sale-1"]},
    ),
}


def components() -> dict[str, Any]:
    """The components of the document, but for its schemas."""
    return {
        "securitySchemes": {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token of `flask tokens add`, or of the page of the operators. A token with the scope "
                "`read` may GET; everything else wants one with the scope `write`.",
            }
        },
        "parameters": {key: _header_parameter(*told) for key, told in _PARAMETERS.items()},
        "headers": {key: {"description": words, "schema": schema} for key, (words, schema) in _HEADERS.items()},
        "responses": _shared_responses(),
    }


def problem(status: int, words: str) -> dict[str, Any]:
    """A no, as a response of the document."""
    errors = {"errors": {"filter.tags": ["Must be a list of texts."]}} if status == 422 else {}
    content = {"schema": ref("Problem"), "example": problems.document(status, words) | errors}
    return {"description": words, "content": {problems.MEDIA_TYPE: content}}


def path_parameter(name: str) -> dict[str, Any]:
    """A number in the address."""
    words = f"The number of the {name.removesuffix('_id')}."
    return {"name": name, "in": "path", "required": True, "description": words, "schema": ID, "example": 17}


def query_parameters(query: type[Query]) -> list[dict[str, Any]]:
    """The parameters of a list, as its form takes them."""
    return [_query_parameter(name, schema) for name, schema in query.schema()["properties"].items()]


def _query_parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    words = schema.pop("description", f"Only with this `{name}`.")
    return {"name": name, "in": "query", "description": words, "schema": schema, "example": example(schema, {})}


def _shared_responses() -> dict[str, Any]:
    responses = {str(status): problem(status, words) for status, words in _ERRORS.items()}
    responses["304"] = {"description": "You have the present version."}
    for status, name in _HEADERS_OF.items():
        responses[str(status)]["headers"] = {name: {"$ref": f"#/components/headers/{name}"}}
    return responses


def _header_parameter(name: str, words: str, schema: dict[str, Any]) -> dict[str, Any]:
    shown = {"schema": schema, "example": example(schema, {})}
    return {"name": name, "in": "header", "required": False, "description": words} | shown
