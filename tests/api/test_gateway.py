"""Stopping all sending and letting it go on, through the API."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from mailing_app import clock, holds
from mailing_app.db import transaction
from mailing_app.models import GatewayState, Hold
from tests.factories import a_mailing

STOP, GO_ON, STATUS = "/api/v1/gateway/stop", "/api/v1/gateway/go-on", "/api/v1/status"


def test_stopping_with_a_reason_and_going_on(api: FlaskClient) -> None:
    stopped = api.post(STOP, json={"reason": "legal looks at it"})
    gateway = stopped.json["gateway"]
    assert (stopped.status_code, gateway["hold"], gateway["detail"]) == (200, "operator", "legal looks at it")
    assert gateway["held_at"]
    assert as_told(stopped.json) == as_told(api.get(STATUS).json)
    going = api.post(GO_ON)
    gateway = going.json["gateway"]
    assert (going.status_code, gateway["hold"], gateway["held_at"], gateway["detail"]) == (200, None, None, "")
    assert as_told(going.json) == as_told(api.get(STATUS).json)


def test_stopping_what_is_stopped_and_lifting_nothing_changes_nothing(api: FlaskClient) -> None:
    assert api.post(GO_ON).json["gateway"]["hold"] is None
    first = api.post(STOP).json
    assert as_told(api.post(STOP, json={"reason": "another"}).json) == as_told(first)
    assert first["gateway"]["detail"] == ""
    assert as_told(api.post(GO_ON).json) == as_told(api.post(GO_ON).json)


def as_told(status: dict[str, Any]) -> dict[str, Any]:
    """What the status says of the service: not what others have meanwhile written onto the same disks."""
    database = {name: value for name, value in status["database"].items() if name != "size_bytes"}
    return status | {"database": database, "disks": [disk["place"] for disk in status["disks"]]}


@pytest.mark.parametrize("hold", list(Hold))
def test_any_hold_is_lifted_and_an_operator_takes_its_place(api: FlaskClient, hold: Hold) -> None:
    holds.stop()  # makes the row
    now = clock.now()
    with transaction() as session:
        session.query(GatewayState).update({"hold": hold, "held_at": now, "probe_at": now, "detail": "HTTP 401"})
    stopped = api.post(STOP, json={"reason": "enough"}).json["gateway"]
    assert (stopped["hold"], stopped["detail"]) == ("operator", "HTTP 401" if hold is Hold.OPERATOR else "enough")
    assert api.post(GO_ON).json["gateway"]["hold"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reason": 5}, "reason"),
        ({"reason": None}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"reason": "a\x00b"}, "reason"),
        ({"reason": "two\nlines"}, "reason"),
        ({"why": "x"}, "why"),
        ([], ""),
    ],
)
def test_each_wrong_value_is_named_and_nothing_is_stopped(api: FlaskClient, body: Any, field: str) -> None:
    answer = api.post(STOP, json=body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert api.get(STATUS).json["gateway"]["hold"] is None


def test_a_stop_leaves_the_mailings_as_they_are(api: FlaskClient) -> None:
    mailing = a_mailing()
    api.post(STOP)
    assert api.get(f"/api/v1/mailings/{mailing.id}").json["phase"] == "running"


def test_the_resources_name_both(api: FlaskClient) -> None:
    resources = api.get("/api/v1/").json
    assert (resources["stop"], resources["go_on"]) == (STOP, GO_ON)
