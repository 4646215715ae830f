"""What travels through the wing. Workers see these and nothing of the database or of Flask."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum

from mailing_app.local_time import Window
from mailing_app.models import Status


@dataclass(frozen=True, slots=True)
class Envelope:
    """One claimed message, ready to be posted."""

    message_id: int
    mailing_id: int
    client_id: int
    epoch: int
    phone: str
    text: str
    attempts: int
    tries: int
    unknown: bool
    frozen: bool
    repeats: bool
    """Whether it is sent again after an attempt whose outcome nobody knows."""
    opens_at: datetime
    """The mailing's start. It was past when the message was claimed; a clock may be set back since."""
    ends_at: datetime
    closes_at: datetime
    """The first byte leaves before this moment or not at all: the mailing's end, or the window's if earlier."""
    dispatcher_id: int
    """Who claimed it."""
    stale_at: float
    """On the monotonic clock: an exchange that has not begun by then leaves its claim to others."""
    window: Window | None = None
    zone: str = ""
    withdrawn: str = ""
    """Why it is not to be posted after all: the reason that its message ends with."""

    def may_leave(self, moment: datetime) -> bool:
        """Whether it may still be posted at this moment, as far as its claim knew."""
        return not self.withdrawn and moment < self.closes_at


class Reached(Enum):
    """How far an exchange came."""

    NOTHING_LEFT = "no byte of the request left"
    REQUEST_LEFT = "at least the first byte of the request left"
    ANSWER_BEGAN = "the head of an answer was read"
    ANSWER_ENDED = "the whole answer was read"


@dataclass(frozen=True, slots=True)
class Answer:
    """All that is known of an exchange."""

    reached: Reached
    began_at: datetime
    """When the first byte left, or when the exchange began if none did."""
    ended_at: datetime
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    error: str = ""
    certificate: bool = False
    """Whether the other side could not prove to be the gateway."""
    timed_out: bool = False
    """Whether it was given up because it took too long."""
    begun: bool = True
    """False when the exchange was not even tried: too late, or given back at shutdown."""
    own_fault: bool = False


class Outcome(StrEnum):
    """What an attempt came to: the left column of the judge's table."""

    ACCEPTED = "accepted"
    REFUSED_CODE = "refused_code"
    UNREADABLE = "unreadable"
    REFUSED = "refused"
    TOKEN_REFUSED = "token_refused"
    WRONG_ADDRESS = "wrong_address"
    DUPLICATE = "duplicate"
    THROTTLED = "throttled"
    BUSY = "busy"
    GATEWAY_ERROR = "gateway_error"
    NOT_SENT = "not_sent"
    CUT_OFF = "cut_off"
    INTERNAL = "internal"
    NOT_BEGUN = "not_begun"
    UNKNOWN = "unknown"
    """Nobody read the answer: the process that posted it died."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judge's word on an answer."""

    outcome: Outcome
    code: int | None = None
    retry_after: float | None = None
    """Seconds for which the gateway asked to be left alone."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of the message."""

    status: Status
    reason: str = ""
    due_at: datetime | None = None
    tries: int = 0
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """An envelope that came back from a worker."""

    envelope: Envelope
    answer: Answer
    verdict: Verdict
    began: float = 0.0
    """On the monotonic clock: when the exchange began."""
