"""What a request may look like before a thread is given to it: sizes, and a framing that nobody reads in two ways."""

from typing import Any

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.utilities import BadRequest, RequestEntityTooLarge

from mailing_app.web import session

LARGEST_HEAD = 32 * 2**10
"""Bytes of all headers together, as nginx takes them."""

LARGEST_BODY = 16 * 2**20
"""Bytes, where no file is taken: what is too large for its address below that, the application refuses."""

LARGEST_FILE = session.LARGEST_FILE + session.LARGEST_FORM
"""Bytes, where a file is taken: the largest file and what a form puts around it."""

LONGEST_CHUNK_HEAD = 8 * 2**10
"""Bytes of the line before a chunk, and of the trailer: waitress bounds neither, and scans them anew each time."""


class Parser(HTTPRequestParser):
    """Reads a request and stops at what is too large or ambiguous."""

    def __init__(self, adjustments: Any, takes_files: frozenset[str]) -> None:
        super().__init__(adjustments)
        self.error: Any = None
        self._takes_files = takes_files

    def received(self, data: bytes) -> int:
        """Take in what came of the request; how much of it belonged to it."""
        consumed: int = super().received(data)
        if self.headers_finished and not self.error and not self.empty:
            self.error = self._fault()
        if self.error:
            self.completed = True
            self.expect_continue = False  # else the client would be asked for a body that nobody wants
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head; half an IPv6 as the address, or a length of 5,000 digits, are a ValueError of Python."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError("Start line or length is invalid") from error

    def _fault(self) -> Any:
        if self._is_ambiguous():
            return BadRequest("the framing of the body is ambiguous")
        if not self._names_one_host():
            return BadRequest("one Host is needed")
        if max(self.content_length, self.body_bytes_received) > self._largest_body():
            return RequestEntityTooLarge("the body is too large")
        if self.chunked and max(len(self.body_rcv.control_line), len(self.body_rcv.trailer)) > LONGEST_CHUNK_HEAD:
            return BadRequest("the head of a chunk is too long")
        return None

    def _names_one_host(self) -> bool:
        """RFC 9112, 3.2. waitress puts a header that comes twice into one, with a comma between."""
        host = self.headers.get("HOST")
        return self.version == "1.0" if host is None else "," not in host

    def _is_ambiguous(self) -> bool:
        """RFC 9112, 6.1: both lengths at once, or chunks in a version that has none, are how requests are smuggled."""
        if self.version not in ("1.0", "1.1") or "TRANSFER_ENCODING" in self.headers:
            return True
        return self.chunked and not self.completed and "CONTENT_LENGTH" in self.headers

    def _largest_body(self) -> int:
        return LARGEST_FILE if self.path in self._takes_files else LARGEST_BODY
