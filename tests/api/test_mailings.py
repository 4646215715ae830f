"""Mailings through the API."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mailing_app import clock
from mailing_app.db import transaction
from mailing_app.models import Mailing
from tests.api.bodies import a_mailing_body
from tests.factories import a_client, a_filter, a_mailing
from tests.mailings.test_uncertain import in_doubt

URL = "/api/v1/mailings"
KEYS = [
    "id", "name", "text", "starts_at", "ends_at", "filter", "window", "when_uncertain", "phase", "pause_reason",
    "remainder_of", "test", "forgotten_at", "archived_at", "statistics", "version", "created_at",
    "updated_at",
]  # fmt: skip
WINDOW = {"from": "09:00", "to": "21:00"}


def begin_sending(mailing: Mailing) -> None:
    """As if the first message of the mailing had been attempted."""
    with transaction() as session:
        session.get_one(Mailing, mailing.id).attempted_at = clock.now()


def test_adding_answers_with_the_mailing_and_its_address(api: FlaskClient) -> None:
    body = a_mailing_body(filter={"tags": ["vip"]}, window=WINDOW)
    added = api.post(URL, json=body)
    assert (added.status_code, added.headers["Location"], added.headers["ETag"]) == (201, f"{URL}/1", '"1"')
    assert list(added.json) == KEYS
    assert added.json["starts_at"] == "2050-01-31T06:00:00Z"
    assert added.json["filter"] == {"operator_codes": [], "tags": ["vip"], "timezones": []}
    assert (added.json["window"], added.json["phase"], added.json["version"]) == (WINDOW, "scheduled", 1)
    assert added.json["when_uncertain"] == "hold"
    assert set(added.json["statistics"].values()) == {0}
    assert api.get(added.headers["Location"]).json == added.json


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": " \n"}, "text"),
        ({"text": None}, "text"),
        ({"text": "x" * 1601}, "text"),
        ({"text": "a\x00"}, "text"),
        ({"name": 1}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"starts_at": 5}, "starts_at"),
        ({"starts_at": "2050-02-30T00:00:00Z"}, "starts_at"),
        ({"starts_at": "9999-12-31T23:59:59-23:59"}, "starts_at"),
        ({"ends_at": "2050-01-31T09:00:00+03:00"}, "ends_at"),
        ({"ends_at": "2050-01-31T08:00:00+03:00"}, "ends_at"),
        ({"filter": []}, "filter"),
        ({"filter": None}, "filter"),
        ({"filter": {"tags": "vip"}}, "filter.tags"),
        ({"filter": {"tags": [1]}}, "filter.tags"),
        ({"filter": {"tags": [["vip"]]}}, "filter.tags"),
        ({"filter": {"tags": ["x"] * 2 + [f"{n}" for n in range(501)]}}, "filter.tags"),
        ({"filter": {"operator_codes": ["90"]}}, "filter.operator_codes"),
        ({"filter": {"timezones": ["Mars"]}}, "filter.timezones"),
        ({"filter": {"colours": []}}, "filter.colours"),
        ({"window": "09:00"}, "window"),
        ({"window": {"from": "09:00"}}, "window.to"),
        ({"window": {"from": "09:00", "to": "09:00"}}, "window.to"),
        ({"window": {"from": "24:00", "to": "09:00"}}, "window.from"),
        ({"window": {"from": 9, "to": "09:00"}}, "window.from"),
        ({"when_uncertain": "perhaps"}, "when_uncertain"),
        ({"when_uncertain": None}, "when_uncertain"),
        ({"when_uncertain": True}, "when_uncertain"),
        ({"when_uncertain": ["hold"]}, "when_uncertain"),
        ({"phase": "running"}, "phase"),
        ({"statistics": {}}, "statistics"),
        ({"version": 1}, "version"),
        ({"colour": "red"}, "colour"),
    ],
)
@pytest.mark.parametrize("address", [URL, f"{URL}/preview"])
def test_each_wrong_value_is_named_and_nothing_is_stored(
    api: FlaskClient, address: str, given: dict[str, Any], field: str
) -> None:
    answer = api.post(address, json=a_mailing_body(**given))
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
    assert api.get(URL).json["items"] == []


def test_the_list_begins_with_the_newest_and_filters_by_phase(api: FlaskClient) -> None:
    now = clock.now()
    running, scheduled = a_mailing(), a_mailing(starts_at=now + timedelta(minutes=30))
    finished = a_mailing(ends_at=now - timedelta(seconds=1))
    listed = api.get(URL).json
    assert [mailing["id"] for mailing in listed["items"]] == [finished.id, scheduled.id, running.id]
    assert listed["next"] is None
    for phase, mailing in (("running", running), ("scheduled", scheduled), ("finished", finished)):
        only = api.get(URL, query_string={"phase": phase}).json["items"]
        assert [(shown["id"], shown["phase"]) for shown in only] == [(mailing.id, phase)]
    assert list(api.get(f"{URL}?phase=over").json["errors"]) == ["phase"]


def test_pages_of_mailings(api: FlaskClient) -> None:
    ids = [a_mailing().id for _ in range(3)]
    first = api.get(URL, query_string={"limit": 2}).json
    a_mailing()
    second = api.get(URL, query_string={"limit": 2, "after": first["next"]}).json
    assert [mailing["id"] for page in (first, second) for mailing in page["items"]] == ids[::-1]


def test_what_get_gives_put_takes(api: FlaskClient) -> None:
    shown = api.get(f"{URL}/{a_mailing(window=None).id}").json
    begin_sending(Mailing(id=shown["id"]))
    replaced = api.put(f"{URL}/{shown['id']}", json=shown)
    assert replaced.status_code == 200
    assert replaced.json == shown | {"version": 2, "updated_at": replaced.json["updated_at"]}


def test_replacing_puts_back_the_defaults(api: FlaskClient) -> None:
    mailing = a_mailing(filter=a_filter(tags=["vip"]))
    replaced = api.put(f"{URL}/{mailing.id}", json=a_mailing_body())
    assert (replaced.json["name"], replaced.json["filter"]) == ("", a_filter())


def test_changing_keeps_what_is_left_out(api: FlaskClient) -> None:
    mailing = api.post(URL, json=a_mailing_body(filter={"tags": ["vip"]}, window=WINDOW)).json
    changed = api.patch(f"{URL}/{mailing['id']}", json={"filter": {"operator_codes": ["900"]}}).json
    assert changed["filter"] == {"operator_codes": ["900"], "tags": ["vip"], "timezones": []}
    assert (changed["window"], changed["text"], changed["version"]) == (WINDOW, "Hello!", 2)
    assert api.patch(f"{URL}/{mailing['id']}", json={"window": None}).json["window"] is None
    assert api.patch(f"{URL}/{mailing['id']}", json={"ends_at": "2049-01-01T00:00:00Z"}).status_code == 422


def test_what_follows_uncertainty_is_kept_by_a_change_and_put_back_by_a_replacement(api: FlaskClient) -> None:
    added = api.post(URL, json=a_mailing_body(when_uncertain="send_again")).json
    address = f"{URL}/{added['id']}"
    assert added["when_uncertain"] == "send_again"
    assert api.patch(address, json={"name": "New"}).json["when_uncertain"] == "send_again"
    assert api.put(address, json=a_mailing_body()).json["when_uncertain"] == "hold"
    begin_sending(Mailing(id=added["id"]))
    assert api.patch(address, json={"when_uncertain": "send_again"}).json["when_uncertain"] == "send_again"


def test_uncertain_messages_are_sent_again_while_the_mailing_is_open(api: FlaskClient) -> None:
    mailing = in_doubt(2)
    address = f"{URL}/{mailing.id}"
    again = api.post(f"{address}/send-uncertain")
    assert (again.status_code, again.headers["ETag"]) == (200, '"1"')
    assert again.json["statistics"].items() >= {"pending": 2, "uncertain": 0, "recipients": 2}.items()
    assert api.post(f"{address}/send-uncertain").json["statistics"] == again.json["statistics"]
    api.post(f"{address}/cancel")
    refused = api.post(f"{address}/send-uncertain")
    assert (refused.status_code, refused.json["detail"]) == (409, "The mailing is cancelled.")


def test_once_sending_has_begun_only_name_and_end_change(api: FlaskClient) -> None:
    mailing = a_mailing()
    begin_sending(mailing)
    refused = api.patch(f"{URL}/{mailing.id}", json={"text": "Other"})
    assert (refused.status_code, list(refused.json["errors"])) == (409, ["text"])
    assert api.patch(f"{URL}/{mailing.id}", json={"window": WINDOW}).json["errors"].keys() == {"window"}
    changed = api.patch(f"{URL}/{mailing.id}", json={"name": "New", "ends_at": "2050-01-01T00:00:00Z"})
    assert (changed.status_code, changed.json["name"]) == (200, "New")


def test_controls_and_their_ends(api: FlaskClient) -> None:
    address = f"{URL}/{a_mailing().id}"
    paused = api.post(f"{address}/pause", json={"reason": "Lunch"})
    assert (paused.status_code, paused.json["phase"], paused.json["pause_reason"]) == (200, "paused", "Lunch")
    assert paused.headers["ETag"] == '"2"'
    assert api.post(f"{address}/pause").json["pause_reason"] == "Lunch"
    assert api.post(f"{address}/resume").json["phase"] == "running"
    assert api.post(f"{address}/pause").json["phase"] == "paused"
    assert api.post(f"{address}/cancel").json["phase"] == "cancelled"
    assert api.post(f"{address}/cancel").status_code == 200
    for control in ("pause", "resume"):
        refused = api.post(f"{address}/{control}")
        assert (refused.status_code, refused.json["detail"]) == (409, "The mailing is cancelled.")


def test_controls_judge_what_they_are_given(api: FlaskClient) -> None:
    address = f"{URL}/{a_mailing().id}/pause"
    assert list(api.post(address, json={"reason": 5}).json["errors"]) == ["reason"]
    assert list(api.post(address, json={"why": "x"}).json["errors"]) == ["why"]
    assert api.post(address, data="reason=x", content_type="application/x-www-form-urlencoded").status_code == 415


def test_a_finished_mailing_takes_no_controls(api: FlaskClient) -> None:
    finished = a_mailing(ends_at=clock.now() - timedelta(seconds=1))
    for control in ("pause", "resume", "cancel", "send-uncertain"):
        assert api.post(f"{URL}/{finished.id}/{control}").status_code == 409


def test_a_deleted_mailing_is_gone(api: FlaskClient) -> None:
    mailing = a_mailing()
    deleted = api.delete(f"{URL}/{mailing.id}")
    assert (deleted.status_code, deleted.data) == (204, b"")
    for rest in ("", "/statistics", "/messages", "/report.csv"):
        assert api.get(f"{URL}/{mailing.id}{rest}").status_code == 404
    for control in ("pause", "send-uncertain"):
        assert api.post(f"{URL}/{mailing.id}/{control}").status_code == 404
    assert api.get(URL).json["items"] == []
    assert api.post(URL, json=a_mailing_body()).json["id"] == mailing.id + 1


def test_preview_counts_and_stores_nothing(api: FlaskClient) -> None:
    a_client(timezone="Asia/Omsk")
    a_client()
    now = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    window = {"from": now.strftime("%H:%M"), "to": (now + timedelta(hours=1)).strftime("%H:%M")}
    # An hour by the clock of Omsk is another hour in Moscow, and the mailing lasts only one.
    omsk = {"starts_at": (now - timedelta(hours=6)).isoformat(), "ends_at": (now - timedelta(hours=5)).isoformat()}
    answer = api.post(f"{URL}/preview", json=a_mailing_body(text="Привет", window=window, **omsk))
    assert answer.status_code == 200
    assert answer.json == {
        "audience": 2,
        "reachable": 1,
        "exclusions": {"window_never_opens": 1},
        "parts": {
            "encoding": "UCS-2",
            "characters": 6,
            "units": 6,
            "parts": 1,
            "left": 64,
            "forcing": list("Привет"),
        },
        "on_the_air": {"by_parts": {"1": 1}, "total": 1},
        "strange_fields": [],
        "hours": [int(hour == now.hour) for hour in range(24)],
        "forecast": {
            "rate": None,
            "rate_from": None,
            "reached": None,
            "finishes_at": None,
            "missed": [{"offset": "UTC+3", "number": 1, "reason": "window_never_opens"}],
        },
    }
    assert api.get(URL).json["items"] == []


def test_a_rate_of_parts_is_told_in_messages(app: Flask, api: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    rated = app.config["SETTINGS"].model_copy(update={"gateway_rate": 3.0, "gateway_rate_unit": "parts"})
    monkeypatch.setitem(app.config, "SETTINGS", rated)
    a_client()
    forecast = api.post(f"{URL}/preview", json=a_mailing_body(text="я" * 200)).json["forecast"]
    done = {"reached": 1, "finishes_at": "2050-01-31T06:00:01Z", "missed": []}
    assert forecast == {"rate": 1.0, "rate_from": "limit"} | done
