"""Bodies that the API takes, each a fresh one; what is not said is sensible."""

from typing import Any

from tests.factories import a_phone


def a_client_body(**given: Any) -> dict[str, Any]:
    """A client to add."""
    return {"phone": a_phone()} | given


def a_mailing_body(**given: Any) -> dict[str, Any]:
    """A mailing to plan, for everyone, far in the future."""
    return {"text": "Hello!", "starts_at": "2050-01-31T09:00:00+03:00", "ends_at": "2050-01-31T18:00:00+03:00"} | given
