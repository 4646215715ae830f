"""The enums of the tables, and the two kinds of column that several of them have."""

from enum import StrEnum

from sqlalchemy import BigInteger, Enum, Integer

# SQLite counts rows by itself only in a column that is exactly INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")


class Status(StrEnum):
    """The seven states of a message. `sent` is absorbing; the last five are ends."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


class Phase(StrEnum):
    """Where a mailing stands: derived from its dates, its controls and the clock, never stored."""

    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class Trait(StrEnum):
    """What the messages of a mailing are told apart by."""

    OPERATOR_CODE = "operator_code"
    TIMEZONE = "timezone"
    TAG = "tag"
    REASON = "reason"


class Role(StrEnum):
    """What an operator may do in the pages; each may also do what those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


class Scope(StrEnum):
    """What a token may do at the API."""

    READ = "read"
    WRITE = "write"


class TokenState(StrEnum):
    """Whether a token opens the API: derived from its dates and the clock, never stored."""

    WORKS = "works"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Hold(StrEnum):
    """Why the gateway gets nothing but a probe, until it is lifted."""

    TOKEN_REFUSED = "token_refused"
    WRONG_ADDRESS = "wrong_address"
    SUSPECT = "suspect"
    OPERATOR = "operator"


class Turn(StrEnum):
    """How the gateway's weather can turn."""

    HOLD = "hold"
    HOLD_LIFTED = "hold_lifted"
    WAIT = "wait"
    BREAKER_OPEN = "breaker_open"
    BREAKER_HALF_OPEN = "breaker_half_open"
    BREAKER_CLOSED = "breaker_closed"
    STOPPED = "stopped"
    WENT_ON = "went_on"


class ActorKind(StrEnum):
    """Who can change anything."""

    OPERATOR = "operator"
    TOKEN = "token"
    CONSOLE = "console"
    SERVICE = "service"


class Action(StrEnum):
    """What the audit trail tells of."""

    CLIENT_ADDED = "client_added"
    CLIENT_CHANGED = "client_changed"
    CLIENT_ERASED = "client_erased"
    CLIENT_OPTED_OUT = "client_opted_out"
    CLIENT_OPTED_IN = "client_opted_in"
    CLIENTS_IMPORTED = "clients_imported"
    CLIENTS_RETAGGED = "clients_retagged"
    CLIENTS_ERASED = "clients_erased"
    CLIENTS_EXPORTED = "clients_exported"
    MAILING_ADDED = "mailing_added"
    MAILING_CHANGED = "mailing_changed"
    MAILING_PAUSED = "mailing_paused"
    MAILING_RESUMED = "mailing_resumed"
    MAILING_CANCELLED = "mailing_cancelled"
    MAILING_DELETED = "mailing_deleted"
    MAILING_FORGOTTEN = "mailing_forgotten"
    MAILING_ARCHIVED = "mailing_archived"
    ATTEMPTS_THINNED = "attempts_thinned"
    HOUSEKEPT = "housekept"
    UNCERTAIN_SENT_AGAIN = "uncertain_sent_again"
    GATEWAY_ASKED = "gateway_asked"
    GATEWAY_TOLD = "gateway_told"
    TEST_SENT = "test_sent"
    LETTER_SENT_AGAIN = "letter_sent_again"
    SENDING_STOPPED = "sending_stopped"
    SENDING_WENT_ON = "sending_went_on"
    OPERATOR_ADDED = "operator_added"
    OPERATOR_CHANGED = "operator_changed"
    OPERATOR_DEACTIVATED = "operator_deactivated"
    OPERATOR_REACTIVATED = "operator_reactivated"
    PASSWORD_CHANGED = "password_changed"
    TOKEN_ADDED = "token_added"
    TOKEN_REVOKED = "token_revoked"
    SIGNED_IN = "signed_in"
    SIGN_INS_ENDED = "sign_ins_ended"


class ImportState(StrEnum):
    """Where the import of a file stands: it is received, then checked line by line, then its good lines are stored."""

    RECEIVING = "receiving"
    CHECKING = "checking"
    CHECKED = "checked"
    STORING = "storing"
    DONE = "done"
    DROPPED = "dropped"
    FAILED = "failed"


class ProcessKind(StrEnum):
    """What a process of the service does."""

    WEB = "web"
    DISPATCHER = "dispatcher"
    BOTH = "both"


class MailState(StrEnum):
    """Where a report by e-mail stands. Once it is handed over nobody sends it again without being asked to."""

    WAITING = "waiting"
    HANDED_OVER = "handed_over"
    """The server was given the letter, and its answer is not known yet, or never will be."""
    SENT = "sent"
    FAILED = "failed"


class Word(StrEnum):
    """What the gateway says of a message whose fate nobody else knows."""

    ACCEPTED = "accepted"
    NEVER_CAME = "never_came"
    NOTHING = "nothing"
    """It did not answer, or nothing that makes sense."""


class WhenUncertain(StrEnum):
    """What a mailing wants for a message that may have been delivered, where the gateway would deliver it twice."""

    HOLD = "hold"
    SEND_AGAIN = "send_again"


def one_of(enum: type[StrEnum], name: str, constraint: bool = True) -> Enum:
    """A text column that takes the values of the enum only, on either database; its table may have that `constraint`
    itself."""
    return Enum(
        enum,
        name=name,
        native_enum=False,
        create_constraint=constraint,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )
