"""The ways in which the service says no. Doors translate them; nothing below a door knows HTTP."""

from math import ceil
from typing import Any


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "marked for translation, not yet translated"
    """Mark a sentence for translation; the door that shows it translates it."""
    return message


class Refusal(Exception):
    """A no that is the caller's to mend: one English sentence with named places for its values."""

    def __init__(self, message: str, **values: Any):
        super().__init__(message)
        self.message, self.values = message, values

    def __str__(self) -> str:
        return self.message % self.values if self.values else self.message


class NotFound(Refusal):
    """There is no such thing (any more)."""

    def __init__(self, message: str = N_("There is nothing here under this number."), **values: Any):
        super().__init__(message, **values)


class Refused(Refusal):
    """The state of things forbids it. `field` names the input at fault, where one is."""

    def __init__(self, message: str, field: str | None = None, **values: Any):
        super().__init__(message, **values)
        self.field = field


class NotNow(Refused):
    """The same is worth another try after `retry_after` seconds (RFC 9110, 10.2.3)."""

    retry_after = 1


class Throttled(NotNow):
    """It was tried too often of late."""

    def __init__(self, seconds: int):
        self.retry_after, minutes = seconds, ceil(seconds / 60)
        if seconds <= 90:
            super().__init__(N_("Too many attempts have failed. Try again in %(seconds)s s."), seconds=seconds)
        else:
            super().__init__(N_("Too many attempts have failed. Try again in %(minutes)s min."), minutes=minutes)


class AtWork(NotNow):
    """The same is being done at this moment."""


class Stale(Refusal):
    """Somebody else changed it since the caller looked."""

    def __init__(self) -> None:
        super().__init__(N_("Somebody changed this meanwhile. Look at it again before you change it."))


class Invalid(Exception):
    """The shape of the input is wrong: `errors` gives the sentences of each field, `filter.tags` style."""

    def __init__(self, errors: dict[str, list[str]]):
        super().__init__(f"invalid: {', '.join(sorted(errors))}")
        self.errors = errors
