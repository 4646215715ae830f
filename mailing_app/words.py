"""What people call the members of the enums, in their language."""

from enum import StrEnum
from typing import Any

from flask_babel import format_decimal, lazy_pgettext
from flask_babel import lazy_gettext as _l

from mailing_app.language import Language
from mailing_app.lines import Grain
from mailing_app.models import (
    Action,
    ActorKind,
    Hold,
    ImportState,
    MailState,
    Phase,
    ProcessKind,
    Role,
    Scope,
    Status,
    TokenState,
    WhenUncertain,
    Word,
)
from mailing_app.periods import Unit
from mailing_app.spreadsheet import Delimiter, Encoding

# A table for each enum: members of two enums with one value are equal, and Russian tells their genders apart.
_WORDS: dict[type[StrEnum], dict[Any, Any]] = {
    Status: {
        Status.PENDING: _l("Pending"),
        Status.SENDING: _l("Sending"),
        Status.SENT: _l("Sent"),
        Status.FAILED: _l("Failed"),
        Status.EXPIRED: _l("Expired"),
        Status.CANCELLED: lazy_pgettext("message", "Cancelled"),
        Status.UNCERTAIN: _l("Uncertain"),
    },
    Phase: {
        Phase.SCHEDULED: _l("Scheduled"),
        Phase.RUNNING: _l("Running"),
        Phase.PAUSED: _l("Paused"),
        Phase.FINISHED: _l("Finished"),
        Phase.CANCELLED: lazy_pgettext("mailing", "Cancelled"),
    },
    Role: {
        Role.VIEWER: _l("Viewer: may only look"),
        Role.OPERATOR: _l("Operator: clients and mailings"),
        Role.ADMIN: _l("Admin: everything"),
    },
    Scope: {
        Scope.READ: _l("Read only"),
        Scope.WRITE: _l("Read and write"),
    },
    TokenState: {
        TokenState.WORKS: _l("Works"),
        TokenState.EXPIRED: lazy_pgettext("token", "Expired"),
        TokenState.REVOKED: _l("Revoked"),
    },
    Language: {
        Language.EN: "English",
        Language.RU: "Русский",
    },
    ActorKind: {
        ActorKind.OPERATOR: _l("An operator in the pages"),
        ActorKind.TOKEN: _l("A program at the API"),
        ActorKind.CONSOLE: _l("The console"),
        ActorKind.SERVICE: _l("The service itself"),
    },
    Action: {
        Action.CLIENT_ADDED: _l("Added a client"),
        Action.CLIENT_CHANGED: _l("Changed a client"),
        Action.CLIENT_ERASED: _l("Erased a client"),
        Action.CLIENT_OPTED_OUT: _l("Put a client on the opt-out list"),
        Action.CLIENT_OPTED_IN: _l("Took a client off the opt-out list"),
        Action.CLIENTS_IMPORTED: _l("Imported clients"),
        Action.CLIENTS_RETAGGED: _l("Gave clients another tag"),
        Action.CLIENTS_ERASED: _l("Erased clients"),
        Action.CLIENTS_EXPORTED: _l("Exported clients"),
        Action.MAILING_ADDED: _l("Planned a mailing"),
        Action.MAILING_CHANGED: _l("Changed a mailing"),
        Action.MAILING_PAUSED: _l("Paused a mailing"),
        Action.MAILING_RESUMED: _l("Resumed a mailing"),
        Action.MAILING_CANCELLED: _l("Cancelled a mailing"),
        Action.MAILING_DELETED: _l("Deleted a mailing"),
        Action.MAILING_FORGOTTEN: _l("Erased the text and the phones of an old mailing"),
        Action.MAILING_ARCHIVED: _l("Put the messages of an old mailing into a file and removed them"),
        Action.ATTEMPTS_THINNED: _l("Removed all but the last attempts of an old mailing"),
        Action.HOUSEKEPT: _l("Kept house: what is old takes less room"),
        Action.UNCERTAIN_SENT_AGAIN: _l("Sent the uncertain messages again"),
        Action.GATEWAY_ASKED: _l("Asked the gateway what became of uncertain messages"),
        Action.GATEWAY_TOLD: _l("Was told by the gateway what became of uncertain messages"),
        Action.TEST_SENT: _l("Sent a test message"),
        Action.LETTER_SENT_AGAIN: _l("Had the daily letter sent again"),
        Action.SENDING_STOPPED: _l("Stopped all sending"),
        Action.SENDING_WENT_ON: _l("Let sending go on"),
        Action.OPERATOR_ADDED: _l("Added an operator"),
        Action.OPERATOR_CHANGED: _l("Changed an operator"),
        Action.OPERATOR_DEACTIVATED: _l("Deactivated an operator"),
        Action.OPERATOR_REACTIVATED: _l("Reactivated an operator"),
        Action.PASSWORD_CHANGED: _l("Set a new password"),
        Action.TOKEN_ADDED: _l("Added a token"),
        Action.TOKEN_REVOKED: _l("Revoked a token"),
        Action.SIGNED_IN: _l("Signed in"),
        Action.SIGN_INS_ENDED: _l("Ended sign-ins"),
    },
    Hold: {
        Hold.TOKEN_REFUSED: _l("The gateway refuses our token."),
        Hold.WRONG_ADDRESS: _l("There is no gateway at the address we were given."),
        Hold.SUSPECT: _l("The gateway refuses every message; something is wrong with them or with it."),
        Hold.OPERATOR: _l("An operator stopped all sending."),
    },
    ImportState: {
        ImportState.RECEIVING: lazy_pgettext("import", "Being received"),
        ImportState.CHECKING: lazy_pgettext("import", "Being checked"),
        ImportState.CHECKED: lazy_pgettext("import", "Checked"),
        ImportState.STORING: lazy_pgettext("import", "Being imported"),
        ImportState.DONE: lazy_pgettext("import", "Imported"),
        ImportState.DROPPED: lazy_pgettext("import", "Dropped"),
        ImportState.FAILED: lazy_pgettext("import", "Failed"),
    },
    ProcessKind: {
        ProcessKind.WEB: _l("Pages and API"),
        ProcessKind.DISPATCHER: lazy_pgettext("process", "Sending"),
        ProcessKind.BOTH: _l("Pages, API and sending"),
    },
    Word: {
        Word.ACCEPTED: _l("The gateway has it"),
        Word.NEVER_CAME: _l("It never came"),
        Word.NOTHING: _l("No clear answer"),
    },
    Unit: {
        Unit.DAY: lazy_pgettext("by", "Day"),
        Unit.WEEK: lazy_pgettext("by", "Week"),
        Unit.MONTH: lazy_pgettext("by", "Month"),
    },
    MailState: {
        MailState.WAITING: lazy_pgettext("letter", "Waiting"),
        MailState.HANDED_OVER: lazy_pgettext("letter", "Being handed over"),
        MailState.SENT: lazy_pgettext("letter", "Sent"),
        MailState.FAILED: lazy_pgettext("letter", "Not sent"),
    },
    WhenUncertain: {
        WhenUncertain.HOLD: _l("Keep it for an operator to decide"),
        WhenUncertain.SEND_AGAIN: _l("Send it again, even if it may arrive twice"),
    },
    Grain: {
        Grain.MESSAGES: lazy_pgettext("line", "Message"),
        Grain.ATTEMPTS: lazy_pgettext("line", "Attempt"),
    },
    Delimiter: {
        Delimiter.COMMA: _l("Comma"),
        Delimiter.SEMICOLON: _l("Semicolon"),
    },
    Encoding: {
        Encoding.UTF_8: "UTF-8",
        Encoding.CP1251: "Windows-1251",
    },
}


def of(member: StrEnum) -> str:
    """The member in words; its value where there are none."""
    return str(_WORDS.get(type(member), {}).get(member, member.value))


def place(status: Status) -> str:
    """Where the breakdowns count a message, in words: there who is on the way is among those who wait."""
    return str(_l("Pending or sending")) if status is Status.PENDING else of(status)


# Why a message is where it is, and what an attempt came to: texts in the tables, since their list grows with sending.
_REASONS = {
    "accepted": _l("Accepted by the gateway"),
    "refused_code": _l("The gateway answered with an error code"),
    "unreadable": _l("The gateway's answer made no sense"),
    "refused": _l("The gateway refused the message"),
    "token_refused": _l("The gateway refused our token"),
    "wrong_address": _l("No gateway at this address"),
    "duplicate": _l("The gateway had this message already"),
    "throttled": _l("The gateway asked us to slow down"),
    "busy": _l("The gateway was busy"),
    "gateway_error": _l("An error inside the gateway"),
    "not_sent": _l("The gateway could not be reached"),
    "cut_off": _l("The connection broke before an answer came"),
    "internal": _l("An error on our side"),
    "not_begun": _l("The attempt was not begun"),
    "unknown": _l("Nobody read the answer"),
    "too_many_attempts": _l("Too many attempts came to nothing"),
    "mailing_ended": _l("The mailing ended first"),
    "mailing_cancelled": _l("The mailing was cancelled"),
    "mailing_deleted": _l("The mailing was deleted"),
    "client_erased": _l("The client was erased"),
    "client_opted_out": _l("The client opted out"),
}

Reason = StrEnum("Reason", {name.upper(): name for name in _REASONS})  # type: ignore[misc]
"""The reasons that there are words for, to choose one of them."""

_WORDS[Reason] = {member: _REASONS[member.value] for member in Reason}

_DETAILS = {
    "token": _l("Token"),
    "name": _l("Name"),
    "role": _l("Role"),
    "language": _l("Language"),
    "timezone": _l("Time zone"),
    "scope": _l("Scope"),
    "expires_at": _l("Works until"),
    "reason": _l("Reason"),
    "messages": _l("Messages"),
    "text": _l("Text"),
    "starts_at": _l("Start"),
    "ends_at": _l("End"),
    "window_from": _l("From this hour"),
    "window_to": _l("Until this hour"),
    "filter": _l("To whom"),
    "operator_codes": _l("Operator codes"),
    "tags": _l("Tags"),
    "timezones": _l("Time zones"),
    "when_uncertain": _l("When nobody knows whether a message arrived"),
    "fields": _l("Changed"),
    "phone": _l("Phone"),
    "operator_code": _l("Operator code"),
    "tag": _l("Tag"),
    "created": lazy_pgettext("clients", "Added"),
    "updated": _l("Updated"),
    "unchanged": _l("Unchanged"),
    "rejected": _l("Rejected"),
    "failures": _l("Failed attempts before"),
    "accepted": _l("The gateway has it"),
    "never_came": _l("It never came"),
    "nothing": _l("No clear answer"),
    "only": _l("Only those"),
}

_EXCLUSIONS = {
    "opted_out": _l("opted out"),
    "window_never_opens": _l("window and term do not overlap"),
    "term_is_over": _l("the end has passed"),
    "not_enough_time": _l("not enough time"),
    "more_than_a_month": _l("it would take more than a month"),
}

_RATES = {
    "best_minute_of_day": _l("At %(rate)s messages a second, the best minute of the last 24 hours."),
    "best_minute_of_month": _l("At %(rate)s messages a second, the best minute of the last 30 days."),
    "limit": _l("At %(rate)s messages a second, the most that is allowed (GATEWAY_RATE)."),
}

OUTCOME_KINDS = {
    "accepted": _l("Accepted"),
    "refused": _l("Message refused"),
    "slowed": _l("Asked to slow down"),
    "failing": _l("No proper answer"),
    "barred": _l("Token, address or a fault of ours"),
}
"""The kinds of outcomes, for a legend."""

_TURNS = {
    "hold": _l("Sending was put on hold."),
    "hold_lifted": _l("The hold was lifted."),
    "wait": _l("The gateway asked to be left alone."),
    "breaker_open": _l("The circuit breaker opened: the gateway was failing."),
    "breaker_half_open": _l("The circuit breaker let one message try."),
    "breaker_closed": _l("The circuit breaker closed: the gateway was well again."),
    "stopped": _l("An operator stopped all sending."),
    "went_on": _l("An operator let the sending go on."),
}

_BREAKERS = {
    "closed": _l("closed: requests go through"),
    "open": _l("open: the gateway is left alone for a few seconds"),
    "half_open": _l("half open: one message tries"),
}


def breaker(text: str) -> str:
    """The state of a circuit breaker in words; a dash where there is none."""
    return str(_BREAKERS.get(text, "–"))


def turn(text: str) -> str:
    """A turn of the gateway's weather in words."""
    return str(_TURNS.get(text, text))


def reason(text: str) -> str:
    """A reason or an outcome in words; the text itself where there are none."""
    return str(_REASONS.get(text, text))


def detail(name: str) -> str:
    """What a detail of the audit trail is called; its own name where there are no words for it."""
    return str(_DETAILS.get(name, name))


def action(text: str) -> str:
    """An action of the audit trail in words; the text itself where a later version wrote it."""
    return of(Action(text)) if text in set(Action) else text


def language(text: str) -> str:
    """The name of a language in that language; a dash where none was chosen."""
    return of(Language(text)) if text else "–"


def exclusion(text: str) -> str:
    """Why somebody is not reached, in words; the text itself where there are none."""
    return str(_EXCLUSIONS.get(text, text))


def rate_from(text: str, rate: float) -> str:
    """A rate in messages a second and where it comes from."""
    return str(_RATES[text]) % {"rate": format_decimal(rate, "#,##0.##")}
