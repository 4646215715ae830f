"""Why a mailing left a client out: the rules as a table."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailing_app.mailings.reasons import Difference, Reason, Why, why_left_out
from mailing_app.models import Client, Mailing, Status
from tests.factories import a_filter

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
EARLIER, FIXED, SINCE, LATER = NOW - 3 * HOUR, NOW - 2 * HOUR, NOW - HOUR, NOW + HOUR

COMING = {"starts_at": LATER, "enrolled_to": 0, "enrolled_at": None}
GATHERING = {"enrolled_to": 5, "enrolled_at": None}
TAG = Difference("tag", "vip", ("new", "old"))
OF_TAGS = {"filter": a_filter(tags=["new", "old"])}
REST = {"remainder_of": 1, "with_uncertain": False}


def client(**given: Any) -> Client:
    plain = {"id": 7, "operator_code": "900", "tag": "vip", "timezone": "Europe/Moscow", "updated_at": EARLIER}
    return Client(**(plain | given))


def mailing(**given: Any) -> Mailing:
    plain = {"starts_at": FIXED, "enrolled_at": FIXED, "enrolled_to": 9, "filter": a_filter()}
    return Mailing(**(plain | given))


@pytest.mark.parametrize(
    ("her", "its", "first", "expected"),
    [
        ({}, {}, None, Reason(Why.MATCHES)),
        ({"updated_at": SINCE}, {}, None, Reason(Why.MATCHES, changed_since=True)),
        ({}, COMING, None, Reason(Why.MATCHES, to_come=True)),
        ({"updated_at": SINCE}, COMING, None, Reason(Why.MATCHES, to_come=True)),
        ({}, COMING | OF_TAGS, None, Reason(Why.DIFFERS, (TAG,), to_come=True)),
        ({"opted_out_at": SINCE}, COMING, None, Reason(Why.OPTED_OUT, to_come=True)),
        ({"erased_at": SINCE}, OF_TAGS, None, Reason(Why.ERASED)),
        ({}, GATHERING, None, Reason(Why.NOT_GATHERED)),
        ({"id": 5}, GATHERING, None, Reason(Why.MATCHES)),
        ({"id": 5}, GATHERING | OF_TAGS, None, Reason(Why.DIFFERS, (TAG,))),
        ({}, GATHERING | {"cancelled_at": SINCE}, None, Reason(Why.STOPPED)),
        ({}, COMING | {"cancelled_at": SINCE}, None, Reason(Why.STOPPED)),
        ({"id": 10}, OF_TAGS, None, Reason(Why.ADDED_LATER)),
        ({"opted_out_at": EARLIER}, OF_TAGS, None, Reason(Why.OPTED_OUT)),
        ({"opted_out_at": SINCE}, OF_TAGS, None, Reason(Why.DIFFERS, (TAG,))),
        ({}, OF_TAGS, None, Reason(Why.DIFFERS, (TAG,))),
        ({"updated_at": SINCE}, OF_TAGS, None, Reason(Why.DIFFERS, (TAG,), changed_since=True)),
        ({}, REST, None, Reason(Why.NOT_AMONG_THEM)),
        ({}, REST, Status.SENT, Reason(Why.REACHED_BEFORE)),
        ({}, REST, Status.UNCERTAIN, Reason(Why.IN_DOUBT)),
        ({}, REST | {"with_uncertain": True}, Status.UNCERTAIN, Reason(Why.MATCHES)),
        ({}, REST, Status.FAILED, Reason(Why.MATCHES)),
        ({}, REST | OF_TAGS, Status.SENT, Reason(Why.DIFFERS, (TAG,))),
    ],
)
def test_the_reason(her: dict[str, Any], its: dict[str, Any], first: Status | None, expected: Reason) -> None:
    assert why_left_out(client(**her), mailing(**its), NOW, first) == expected


def test_every_list_that_lacks_the_clients_value_is_named() -> None:
    chosen = a_filter(operator_codes=["900"], tags=["new"], timezones=["Asia/Omsk", "Asia/Tomsk"])
    told = why_left_out(client(tag=""), mailing(filter=chosen), NOW).differences
    assert told == (
        Difference("tag", "", ("new",)),
        Difference("timezone", "Europe/Moscow", ("Asia/Omsk", "Asia/Tomsk")),
    )
