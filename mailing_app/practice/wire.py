"""The HTTP/1.1 that the practice gateway speaks: requests read from bytes, answers turned into bytes."""

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

MOST_BODY = 64 * 1024
Headers = dict[str, str]


class RequestError(Exception):
    """A request that gets an error and nothing else: the status, the reason, and what goes beside them."""

    def __init__(self, status: int, reason: str, headers: Headers | None = None, **more: Any) -> None:
        super().__init__(reason)
        self.answer = as_json({"error": reason, **more}, status, headers)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it was read; moments are seconds since the epoch."""

    method: str
    path: str
    query: str
    headers: Headers
    keep_alive: bool
    first_byte_at: float
    received_at: float = 0.0
    body: bytes = b""

    def json(self) -> Any:
        """The body as JSON; refuses with 400 what is not."""
        try:
            return json.loads(self.body.decode())
        except (ValueError, RecursionError):
            raise RequestError(400, "The body is not JSON.") from None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer before it is bytes."""

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: Headers = field(default_factory=dict)

    def encode(self, keep_alive: bool = True, head_only: bool = False) -> bytes:
        """The whole answer in one piece, so that it leaves in one call."""
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        if self.content_type:
            lines.append(f"Content-Type: {self.content_type}")
        if self.status != HTTPStatus.NO_CONTENT:
            lines.append(f"Content-Length: {len(self.body)}")
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines.append(f"Connection: {'keep-alive' if keep_alive else 'close'}")
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        return head if head_only else head + self.body


def as_json(value: Any, status: int = 200, headers: Headers | None = None) -> Answer:
    """An answer that carries a JSON value."""
    return Answer(status, json.dumps(value).encode(), "application/json", headers or {})


def parse_head(head: bytes, first_byte_at: float) -> Request:
    """The request line and the fields of a request, the body still to come; refuses with 400 or 505."""
    line, *lines = head.decode("latin-1").split("\r\n")
    words = line.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/"):
        raise RequestError(400, "The request line is not HTTP.")
    method, target, version = words
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise RequestError(505, "Only HTTP/1.1 is spoken here.")
    headers = _parse_fields(lines)
    keep_alive = version == "HTTP/1.1" and "close" not in headers.get("connection", "").lower()
    path, query = _split_target(target)
    return Request(method, path, query, headers, keep_alive, first_byte_at)


def body_length(request: Request) -> int:
    """How many bytes of body follow the head; refuses with 400, 411 or 413."""
    length = request.headers.get("content-length")
    if "transfer-encoding" in request.headers or (length is None and request.method in ("POST", "PUT", "PATCH")):
        raise RequestError(411, "A Content-Length is needed.")
    if length is None:
        return 0
    if not (length.isascii() and length.isdigit()):
        raise RequestError(400, "The Content-Length is not a number.")
    # Judged by its digits first: a number thousands of digits long is more than int() will read.
    if len(length.lstrip("0")) > 9 or int(length) > MOST_BODY:
        raise RequestError(413, f"The body is longer than {MOST_BODY} bytes.")
    return int(length)


def _parse_fields(lines: list[str]) -> Headers:
    headers: Headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise RequestError(400, "A header field is malformed.")
        name, value = name.lower(), value.strip()
        if name == "content-length" and headers.get(name, value) != value:
            raise RequestError(400, "Two lengths are given.")
        headers[name] = value
    return headers


def _split_target(target: str) -> tuple[str, str]:
    try:
        parts = urlsplit(target)
    except ValueError:
        raise RequestError(400, "The address is malformed.") from None
    return parts.path, parts.query
