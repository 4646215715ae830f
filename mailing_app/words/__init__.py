"""What people call things, in their language."""

from enum import StrEnum

from flask_babel import format_decimal
from flask_babel import lazy_gettext as _l

from mailing_app.language import Language
from mailing_app.models import Action, Status
from mailing_app.words.members import MEMBERS
from mailing_app.words.sentences import (
    BREAKERS,
    DETAILS,
    EXCLUSIONS,
    OUTCOME_KINDS,
    RATES,
    REASONS,
    TURNS,
)

__all__ = [
    "OUTCOME_KINDS",
    "Reason",
    "action",
    "breaker",
    "detail",
    "exclusion",
    "language",
    "of",
    "place",
    "rate_from",
    "reason",
    "turn",
]

Reason = StrEnum("Reason", {name.upper(): name for name in REASONS})  # type: ignore[misc]
"""The reasons that there are words for, to choose one of them."""

MEMBERS[Reason] = {member: REASONS[member.value] for member in Reason}


def of(member: StrEnum) -> str:
    """The member in words; its value where there are none."""
    return str(MEMBERS.get(type(member), {}).get(member, member.value))


def place(status: Status) -> str:
    """Where the breakdowns count a message, in words: there who is on the way is among those who wait."""
    return str(_l("Pending or sending")) if status is Status.PENDING else of(status)


def breaker(text: str) -> str:
    """The state of a circuit breaker in words; a dash where there is none."""
    return str(BREAKERS.get(text, "–"))


def turn(text: str) -> str:
    """A turn of the gateway's weather in words."""
    return str(TURNS.get(text, text))


def reason(text: str) -> str:
    """A reason or an outcome in words; the text itself where there are none."""
    return str(REASONS.get(text, text))


def detail(name: str) -> str:
    """What a detail of the audit trail is called; its own name where there are no words for it."""
    return str(DETAILS.get(name, name))


def action(text: str) -> str:
    """An action of the audit trail in words; the text itself where a later version wrote it."""
    return of(Action(text)) if text in set(Action) else text


def language(text: str) -> str:
    """The name of a language in that language; a dash where none was chosen."""
    return of(Language(text)) if text else "–"


def exclusion(text: str) -> str:
    """Why somebody is not reached, in words; the text itself where there are none."""
    return str(EXCLUSIONS.get(text, text))


def rate_from(text: str, rate: float) -> str:
    """A rate in messages a second and where it comes from."""
    return str(RATES[text]) % {"rate": format_decimal(rate, "#,##0.##")}
