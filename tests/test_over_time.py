"""The figures over time, and the clients most often not reached: page and JSON, and the totals that they add up to."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mailing_app import clients, mailings, reports
from mailing_app.db import db, transaction
from mailing_app.models import Breakdown, Mailing, Misses, Operator, Tally, Trait
from mailing_app.periods import Unit
from tests.factories import a_client, a_mailing
from tests.test_report import rows

WEDNESDAY = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
"""Noon in Moscow."""
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WIDE = {"since": "2026-01-01", "until": "2027-01-20"}


def counted(starts_at: datetime, tag: str = "", code: str = "900", **counts: int) -> Mailing:
    """A mailing that starts then, with these figures of clients who are alike."""
    mailing = a_mailing(starts_at=starts_at, ends_at=starts_at + HOUR)
    with transaction() as session:
        tally = session.get_one(Tally, mailing.id)
        for name, number in counts.items():
            setattr(tally, name, number)
        counts["pending"] = counts.get("pending", 0) + counts.pop("sending", 0)
        for trait, value in ((Trait.TAG, tag), (Trait.OPERATOR_CODE, code)):
            session.add(Breakdown(mailing_id=mailing.id, trait=trait, value=value, **counts))
    return mailing


def asked(reader: FlaskClient, **query: str) -> dict[str, Any]:
    db.session.rollback()
    answer = reader.get("/api/v1/statistics/over-time", query_string=query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json
    return told


def filled(told: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Mailings and recipients of the periods that have any, by their first day."""
    figures = {each["day"]: (each["mailings"], each["messages"]["recipients"]) for each in told["periods"]}
    return {day: numbers for day, numbers in figures.items() if any(numbers)}


@pytest.mark.parametrize(("by", "expected"), [
    ("day", {"2026-10-31": (1, 5), "2026-11-01": (1, 3), "2026-11-02": (2, 4)}),
    ("week", {"2026-10-26": (2, 8), "2026-11-02": (2, 4)}),
    ("month", {"2026-10-01": (1, 5), "2026-11-01": (3, 7)}),
])  # fmt: skip
def test_messages_count_where_their_mailing_starts(
    app: Flask, reader: FlaskClient, by: str, expected: dict[str, tuple[int, int]]
) -> None:
    midnight = datetime(2026, 10, 31, 21, 0, tzinfo=UTC)  # of the first of November in Moscow
    counted(midnight - timedelta(microseconds=1), sent=4, failed=1)
    counted(midnight, sent=3)
    counted(midnight + DAY, expired=2, uncertain=1)
    counted(midnight + 2 * DAY - timedelta(microseconds=1), pending=1)
    assert filled(asked(reader, by=by, since="2026-10-27", until="2026-11-05")) == expected


def test_sums_are_the_totals(app: Flask, reader: FlaskClient) -> None:
    counted(WEDNESDAY, pending=1, sending=2, sent=3)
    counted(WEDNESDAY - 100 * DAY, failed=4, expired=5, cancelled=6)
    deleted = counted(WEDNESDAY - 200 * DAY, uncertain=7)
    mailings.delete(deleted.id)
    totals = reader.get("/api/v1/statistics").json
    totals["messages"]["pending"] += totals["messages"].pop("sending")
    for by in Unit:
        told = asked(reader, by=by, **WIDE)
        assert told["total"]["messages"] == totals["messages"]
        assert told["total"]["mailings"] == totals["mailings"]["total"] == 2
        assert sum(each["messages"]["recipients"] for each in told["periods"]) == 28


def test_one_tag_or_one_code_is_told_alone(app: Flask, reader: FlaskClient) -> None:
    counted(WEDNESDAY, tag="vip", code="900", sent=3)
    counted(WEDNESDAY, tag="new", code="911", sent=2, failed=1, sending=4)
    for query, expected in (({"tag": "vip"}, (1, 3)), ({"operator_code": "911"}, (1, 7)), ({"tag": "none"}, (0, 0))):
        total = asked(reader, **WIDE, by="month", **query)["total"]
        assert (total["mailings"], total["messages"]["recipients"]) == expected
    assert asked(reader, **WIDE, by="month", tag="new")["total"]["messages"]["pending"] == 4


def test_days_are_those_of_the_zone(app: Flask, reader: FlaskClient) -> None:
    counted(datetime(2026, 11, 25, 16, 0, tzinfo=UTC), sent=1)  # the 26th in Vladivostok
    assert filled(asked(reader, **WIDE, by="week")).keys() == {"2026-11-23"}
    span = {"since": "2026-11-20", "until": "2026-11-30"}
    assert filled(asked(reader, **span)).keys() == {"2026-11-25"}
    assert filled(asked(reader, **span, timezone="Asia/Vladivostok")).keys() == {"2026-11-26"}


def test_this_week_is_held_against_the_same_span_of_the_last(app: Flask) -> None:
    counted(WEDNESDAY - HOUR, sent=30)
    counted(WEDNESDAY + HOUR, sent=1000)  # later this week
    counted(WEDNESDAY - 7 * DAY - HOUR, sent=20)
    counted(WEDNESDAY - 7 * DAY + HOUR, sent=500)  # later in that week
    counted(WEDNESDAY - 3 * DAY, sent=70)  # on its Sunday
    told = reports.over_time(WEDNESDAY, Unit.DAY)
    assert (told.week.mailings, told.week.counts["recipients"]) == (1, 30)
    assert (told.week_before.mailings, told.week_before.counts["recipients"]) == (1, 20)


def test_the_page_tells_the_week_in_words(app: Flask, operator: FlaskClient) -> None:
    page = " ".join(operator.get("/reports/over-time").text.split())
    assert "Messages of this week so far: 0. Of the last week by the same hour: 0." in page
    assert "That is as many." in page


def test_page_and_json_tell_the_same(app: Flask, reader: FlaskClient, operator: FlaskClient) -> None:
    counted(WEDNESDAY, tag="vip", sent=3, failed=2, sending=1)
    counted(WEDNESDAY - 40 * DAY, tag="vip", uncertain=5)
    for query in ("by=day", "by=week", "by=month", "by=month&tag=vip", "by=week&operator_code=900"):
        span = "since=2026-10-01&until=2026-11-30"
        told = reader.get(f"/api/v1/statistics/over-time?{query}&{span}").json
        shown = [row[1:] for row in rows(operator.get(f"/reports/over-time?{query}&{span}").text, "periods")]
        figures = [told["total"], *reversed(told["periods"])]
        assert shown == [[str(each["mailings"]), *map(str, each["messages"].values())] for each in figures]


def test_a_page_tells_the_days_of_its_reader(app: Flask, operator: FlaskClient) -> None:
    counted(datetime(2026, 11, 25, 16, 0, tzinfo=UTC), sent=1)
    with transaction() as session:
        for person in session.query(Operator):
            person.timezone = "Asia/Vladivostok"
    page = operator.get("/reports/over-time?since=2026-11-26&until=2026-11-26").text
    assert rows(page, "periods")[0][:3] == ["Altogether", "1", "1"]


@pytest.mark.parametrize(("query", "field"), [
    ("by=year", "by"), ("since=soon", "since"), ("until=2026-02-30", "until"), ("timezone=Mars", "timezone"),
    ("operator_code=90", "operator_code"), ("tag=vip&operator_code=900", "tag"),
    ("since=2026-02-01&until=2026-01-31", "since"), ("since=2000-01-01&until=2026-01-31", "since"), ("tag=", "tag"),
])  # fmt: skip
def test_nonsense_is_told_by_field(reader: FlaskClient, operator: FlaskClient, query: str, field: str) -> None:
    answer = reader.get(f"/api/v1/statistics/over-time?{query}")
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert operator.get(f"/reports/over-time?{query}").status_code == 200


def missed(**counts: int) -> int:
    """A client whom so many messages did not reach; the id."""
    client = a_client()
    with transaction() as session:
        whole = {"failed": 0, "expired": 0, "uncertain": 0} | counts
        session.add(Misses(client_id=client.id, number=sum(whole.values()), **whole))
    return client.id


def test_the_clients_most_often_not_reached_come_first(app: Flask, reader: FlaskClient, operator: FlaskClient) -> None:
    few, many, some = missed(failed=1), missed(failed=2, expired=3, uncertain=4), missed(uncertain=3)
    missed()  # sent again since, and reached
    told = reader.get("/api/v1/statistics/not-reached").json["items"]
    assert [each["client_id"] for each in told] == [many, some, few]
    assert told[0] | {"phone": "", "client_id": 0} == {
        "client_id": 0, "phone": "", "number": 9, "failed": 2, "expired": 3, "uncertain": 4,
    }  # fmt: skip
    page = operator.get("/reports/not-reached").text
    assert re.findall(r'href="/clients/(\d+)"', page) == [str(each) for each in (many, some, few)]
    assert len(reader.get("/api/v1/statistics/not-reached?limit=1").json["items"]) == 1


def test_an_erased_client_is_not_among_them(app: Flask, reader: FlaskClient, operator: FlaskClient) -> None:
    clients.erase(missed(failed=1))
    assert reader.get("/api/v1/statistics/not-reached").json == {"items": []}
    assert "has reached its client so far" in operator.get("/reports/not-reached").text
