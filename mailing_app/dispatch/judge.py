"""The judge: what an answer means. A table and a pure, total function."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

from mailing_app.dispatch.parts import Answer, Outcome, Reached, Verdict

LONGEST_BODY = 64 * 1024
SHORTEST_WAIT, LONGEST_WAIT = 1.0, 3600.0
LONGEST_ERROR = 300


class Fate(Enum):
    """What the outcome means for the message."""

    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"


class Sign(Enum):
    """What the outcome says about the gateway."""

    WELL = "well"
    FAILING = "failing"
    REFUSING = "refusing"
    TOKEN = "token refused"
    ADDRESS = "wrong address"
    THROTTLED = "throttled"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table. `counts` is against the limit of tries; `unknown`: the gateway may have taken it."""

    fate: Fate
    sign: Sign
    counts: bool = True
    unknown: bool = False


RULES = {
    Outcome.ACCEPTED: Rule(Fate.SENT, Sign.WELL),
    Outcome.REFUSED_CODE: Rule(Fate.RETRY, Sign.WELL),
    Outcome.UNREADABLE: Rule(Fate.RETRY, Sign.FAILING, unknown=True),
    Outcome.REFUSED: Rule(Fate.FAILED, Sign.REFUSING),
    Outcome.TOKEN_REFUSED: Rule(Fate.RETRY, Sign.TOKEN, counts=False),
    Outcome.WRONG_ADDRESS: Rule(Fate.RETRY, Sign.ADDRESS, counts=False),
    Outcome.DUPLICATE: Rule(Fate.FAILED, Sign.WELL),
    Outcome.THROTTLED: Rule(Fate.RETRY, Sign.THROTTLED, counts=False),
    Outcome.BUSY: Rule(Fate.RETRY, Sign.FAILING),
    Outcome.GATEWAY_ERROR: Rule(Fate.RETRY, Sign.FAILING, unknown=True),
    Outcome.NOT_SENT: Rule(Fate.RETRY, Sign.FAILING, counts=False),
    Outcome.CUT_OFF: Rule(Fate.RETRY, Sign.FAILING, unknown=True),
    Outcome.INTERNAL: Rule(Fate.FAILED, Sign.NOTHING),
    Outcome.NOT_BEGUN: Rule(Fate.RETRY, Sign.NOTHING, counts=False),
    Outcome.UNKNOWN: Rule(Fate.RETRY, Sign.NOTHING, unknown=True),
}

BY_STATUS = {
    **dict.fromkeys((400, 413, 414, 415, 422, 431), Outcome.REFUSED),
    **dict.fromkeys((401, 403, 407), Outcome.TOKEN_REFUSED),
    **dict.fromkeys((*range(300, 400), 404, 405, 410, 501), Outcome.WRONG_ADDRESS),
    **dict.fromkeys((408, 425, 429), Outcome.THROTTLED),
    409: Outcome.DUPLICATE,
    503: Outcome.BUSY,
}
"""Statuses with a meaning of their own; any other outside 2xx is an error of the gateway, its effect unknown."""


Codes = Mapping[int, Outcome]
"""What a gateway means by each `code` of its own that is not 0, where somebody has told us."""


def judge(answer: Answer, codes: Codes) -> Verdict:
    """What the answer means. Total: whatever came, there is a verdict, and never an exception.

    Accepted is only a whole answer of 2xx whose body is a JSON object with the integer `code` 0.
    """
    if answer.own_fault:
        return _verdict(Outcome.INTERNAL, answer)
    if answer.reached is Reached.NOTHING_LEFT:
        return _verdict(_before_the_first_byte(answer), answer)
    if answer.reached is Reached.REQUEST_LEFT:
        return _verdict(Outcome.CUT_OFF, answer)
    if not 200 <= answer.status < 300:
        outcome = BY_STATUS.get(answer.status, Outcome.GATEWAY_ERROR)
        return _verdict(outcome, answer, retry_after=_retry_after(answer))
    if answer.reached is Reached.ANSWER_BEGAN:
        return _verdict(Outcome.CUT_OFF, answer)
    return _by_code(answer, codes)


def _before_the_first_byte(answer: Answer) -> Outcome:
    if not answer.begun:
        return Outcome.NOT_BEGUN
    return Outcome.WRONG_ADDRESS if answer.certificate else Outcome.NOT_SENT


def _by_code(answer: Answer, codes: Codes) -> Verdict:
    code = code_of(answer.body)
    if code is None:
        return _verdict(Outcome.UNREADABLE, answer)
    if code == 0:
        return _verdict(Outcome.ACCEPTED, answer, code=code)
    outcome = codes.get(code, Outcome.REFUSED_CODE)
    return _verdict(outcome, answer, code=code, retry_after=_retry_after(answer))


def code_of(body: bytes) -> int | None:
    """The integer `code` of a JSON object, None for any other body: `"0"`, `true` and `0.0` are no integers."""
    if len(body) > LONGEST_BODY:
        return None
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    code = said.get("code") if isinstance(said, dict) else None
    known = isinstance(code, int) and not isinstance(code, bool) and abs(code) < 2**63
    return code if known else None


def _verdict(outcome: Outcome, answer: Answer, code: int | None = None, retry_after: float | None = None) -> Verdict:
    return Verdict(outcome, code, retry_after, "" if outcome is Outcome.ACCEPTED else _words(answer))


def _words(answer: Answer) -> str:
    said = answer.error or answer.body[: 4 * LONGEST_ERROR].decode(errors="replace")
    return _readable(said)[:LONGEST_ERROR]


def _readable(text: str) -> str:
    """For people to read, without what no text column takes."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+", " ", text).strip()


def _retry_after(answer: Answer) -> float | None:
    said = answer.headers.get("retry-after", "").strip()
    if not said:
        return None
    seconds = _seconds(said, answer.ended_at)
    return None if seconds is None else min(max(seconds, SHORTEST_WAIT), LONGEST_WAIT)


def _seconds(said: str, now: datetime) -> float | None:
    """RFC 9110, 10.2.3: a number of seconds, or a date. Rubbish says nothing."""
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", said, re.ASCII):
        seconds = float(said)
        return seconds if math.isfinite(seconds) else LONGEST_WAIT
    try:
        moment = parsedate_to_datetime(said)
        return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
