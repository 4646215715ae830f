"""The judge's table, row by row, and that nothing whatever makes it raise or wrongly say "accepted"."""

import json
from datetime import timedelta
from email.utils import format_datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import Meaning
from mailing_app.dispatch.judge import RULES, Codes, Fate, code_of, judge
from mailing_app.dispatch.parts import Answer, Outcome, Reached
from tests.dispatch.samples import NOON, an_answer

STATUSES = [
    *((status, Outcome.REFUSED) for status in (400, 413, 414, 415, 422, 431)),
    *((status, Outcome.TOKEN_REFUSED) for status in (401, 403, 407)),
    *((status, Outcome.WRONG_ADDRESS) for status in (300, 301, 302, 307, 308, 399, 404, 405, 410, 501)),
    *((status, Outcome.THROTTLED) for status in (408, 425, 429)),
    *((status, Outcome.GATEWAY_ERROR) for status in (500, 502, 504, 599, 100, 199, 402, 418, 0, 999)),
    (409, Outcome.DUPLICATE),
    (503, Outcome.BUSY),
    (200, Outcome.ACCEPTED),
    (202, Outcome.ACCEPTED),
]

NOT_A_CODE = [
    b"", b"OK", b"<html></html>", b"[]", b"[0]", b"null", b"0", b"{}", b'{"code": "0"}', b'{"code": true}',
    b'{"code": false}', b'{"code": 0.0}', b'{"code": null}', b'{"code": [0]}', b'{"code": 0', b"\xff\xfe\x00",
    b'{"code": NaN}', b"[" * 100_000, b'{"code": 0, "x": "' + b"x" * 70_000 + b'"}', b'{"code": 1' + b"0" * 30 + b"}",
]  # fmt: skip


@pytest.mark.parametrize(("status", "outcome"), STATUSES)
def test_status(status: int, outcome: Outcome) -> None:
    assert judge(an_answer(status), {}).outcome is outcome


@pytest.mark.parametrize("body", NOT_A_CODE)
def test_a_good_status_without_an_integer_code_is_unreadable(body: bytes) -> None:
    assert judge(an_answer(body=body), {}).outcome is Outcome.UNREADABLE


@pytest.mark.parametrize("code", [7, -1, 2**40])
def test_any_other_code_is_a_refusal_that_is_kept(code: int) -> None:
    verdict = judge(an_answer(body=json.dumps({"code": code, "message": "no"}).encode()), {})
    assert (verdict.outcome, verdict.code) == (Outcome.REFUSED_CODE, code)
    assert "no" in verdict.error


@pytest.mark.parametrize("meaning", get_args(Meaning))
def test_a_code_that_somebody_explained_means_what_the_table_says(meaning: str) -> None:
    """The names in the settings are outcomes, and none of them takes a refusal for an acceptance."""
    answer = an_answer(body=b'{"code": 7}', headers={"retry-after": "9"})
    verdict = judge(answer, {7: Outcome(meaning)})
    assert (verdict.outcome.value, verdict.code, verdict.retry_after) == (meaning, 7, 9.0)
    assert RULES[verdict.outcome].fate is not Fate.SENT
    assert judge(answer, {8: Outcome(meaning)}).outcome is Outcome.REFUSED_CODE


@pytest.mark.parametrize(
    ("reached", "given_more", "outcome"),
    [
        (Reached.NOTHING_LEFT, {}, Outcome.NOT_SENT),
        (Reached.NOTHING_LEFT, {"certificate": True}, Outcome.WRONG_ADDRESS),
        (Reached.NOTHING_LEFT, {"begun": False}, Outcome.NOT_BEGUN),
        (Reached.REQUEST_LEFT, {}, Outcome.CUT_OFF),
        (Reached.ANSWER_BEGAN, {}, Outcome.CUT_OFF),
        (Reached.ANSWER_BEGAN, {"status": 401}, Outcome.TOKEN_REFUSED),
        (Reached.ANSWER_BEGAN, {"status": 503}, Outcome.BUSY),
        (Reached.REQUEST_LEFT, {"own_fault": True}, Outcome.INTERNAL),
    ],
)
def test_how_far_it_came(reached: Reached, given_more: dict[str, object], outcome: Outcome) -> None:
    assert judge(an_answer(**({"reached": reached} | given_more)), {}).outcome is outcome


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("5", 5.0), (" 7 ", 7.0), ("0", 1.0), ("99999999999", 3600.0), ("9" * 400, 3600.0), ("1.5", 1.5),
        (format_datetime(NOON + timedelta(seconds=90)), 90.0), (format_datetime(NOON - timedelta(days=1)), 1.0),
        ("Mon, 01 Jun 2026 12:00:30 GMT", 30.0), ("", None), ("soon", None), ("-5", None), ("1e9", None), ("٣", None),
        ("Mon, 99 Jun 2026 12:00:30 GMT", None), ("\x00", None), ("Mon, 01 Jun 99999999 12:00:30 GMT", None),
    ],
)  # fmt: skip
def test_retry_after(said: str, seconds: float | None) -> None:
    assert judge(an_answer(429, headers={"retry-after": said}), {}).retry_after == seconds


def test_every_outcome_has_a_rule() -> None:
    assert set(RULES) == set(Outcome)


ANSWERS = st.builds(
    Answer,
    reached=st.sampled_from(Reached),
    began_at=st.just(NOON),
    ended_at=st.just(NOON),
    status=st.integers(-1, 1000),
    headers=st.dictionaries(st.sampled_from(["retry-after", "x"]), st.text()),
    body=st.one_of(st.binary(), st.sampled_from(NOT_A_CODE), st.just(b'{"code": 0}')),
    error=st.text(),
    certificate=st.booleans(),
    timed_out=st.booleans(),
    begun=st.booleans(),
    own_fault=st.booleans(),
)


CODES = st.dictionaries(st.integers(), st.sampled_from(Outcome))


@given(ANSWERS, CODES)
def test_total_and_never_accepted_without_the_integer_code_0(answer: Answer, codes: Codes) -> None:
    verdict = judge(answer, {code: means for code, means in codes.items() if means is not Outcome.ACCEPTED})
    assert len(verdict.error) <= 300
    assert "\x00" not in verdict.error
    verdict.error.encode()
    if verdict.outcome is Outcome.ACCEPTED:
        assert answer.reached is Reached.ANSWER_ENDED
        assert 200 <= answer.status < 300
        assert json.loads(answer.body)["code"] == 0
        assert code_of(answer.body) == 0
    if verdict.retry_after is not None:
        assert 1 <= verdict.retry_after <= 3600
