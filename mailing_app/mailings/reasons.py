"""Why a mailing has no message for a client: told from what both are now, since nobody keeps what they were."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailing_app.models import Client, Mailing, Status


class Why(StrEnum):
    """The rule that left the client out, or what is known instead."""

    ERASED = "erased"
    STOPPED = "stopped"
    """The mailing was cancelled before its audience was complete."""
    NOT_GATHERED = "not_gathered"
    ADDED_LATER = "added_later"
    OPTED_OUT = "opted_out"
    DIFFERS = "differs"
    REACHED_BEFORE = "reached_before"
    IN_DOUBT = "in_doubt"
    NOT_AMONG_THEM = "not_among_them"
    """The last three are of a mailing to those whom an earlier one did not reach."""
    MATCHES = "matches"
    """As the client is now, no rule leaves it out."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A list of the filter that lacks the client's own value."""

    column: str
    own: str
    wanted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why; `to_come` while the mailing has not begun, `changed_since` when the client was changed after its audience
    was fixed and so may have been another one then.
    """

    why: Why
    differences: tuple[Difference, ...] = ()
    to_come: bool = False
    changed_since: bool = False


def why_left_out(client: Client, mailing: Mailing, now: datetime, first: Status | None = None) -> Reason:
    """Why the mailing, which is not deleted, has no message for the client.

    `first` is where the client's message of the mailing stands whose unreached recipients this one is for.
    """
    to_come = mailing.starts_at > now and not mailing.cancelled_at
    fixed_at = mailing.enrolled_at or now
    changed_since = not to_come and client.updated_at > (mailing.enrolled_at or mailing.starts_at)
    differences = _differences(client, mailing)
    if client.erased_at:
        return Reason(Why.ERASED)
    if not to_come and not _looked_at(client, mailing):
        return Reason(_not_looked_at(mailing))
    if client.opted_out_at and (to_come or client.opted_out_at <= fixed_at):
        return Reason(Why.OPTED_OUT, to_come=to_come)
    if differences:
        return Reason(Why.DIFFERS, differences, to_come, changed_since)
    why = _by_the_first(mailing, first) if mailing.remainder_of else Why.MATCHES
    return Reason(why, (), to_come, changed_since)


def _looked_at(client: Client, mailing: Mailing) -> bool:
    if mailing.enrolled_at or client.id > mailing.enrolled_to:
        return client.id <= mailing.enrolled_to
    return not any(span.after < client.id <= span.upto for span in mailing.spans)


def _not_looked_at(mailing: Mailing) -> Why:
    """The audience is gathered in the order in which clients were added."""
    if mailing.enrolled_at:
        return Why.ADDED_LATER
    return Why.STOPPED if mailing.cancelled_at else Why.NOT_GATHERED


def _differences(client: Client, mailing: Mailing) -> tuple[Difference, ...]:
    lists = {"operator_code": "operator_codes", "tag": "tags", "timezone": "timezones"}
    asked = [(column, getattr(client, column), mailing.filter[name]) for column, name in lists.items()]
    return tuple(
        Difference(column, own, tuple(wanted)) for column, own, wanted in asked if wanted and own not in wanted
    )


def _by_the_first(mailing: Mailing, first: Status | None) -> Why:
    if first is None:
        return Why.NOT_AMONG_THEM
    if first is Status.UNCERTAIN and not mailing.with_uncertain:
        return Why.IN_DOUBT
    return Why.REACHED_BEFORE if first is Status.SENT else Why.MATCHES
