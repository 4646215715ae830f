"""The pages of mailings, used through their own forms."""

from datetime import time, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mailing_app import clock, mailings
from mailing_app.db import transaction
from mailing_app.dispatch.parts import Outcome
from mailing_app.local_time import Window
from mailing_app.models import Mailing, Phase, WhenUncertain
from mailing_app.web import display
from tests.dispatch.test_storage import figures
from tests.factories import a_client, a_filter, a_mailing, some_clients
from tests.mailings.test_uncertain import in_doubt
from tests.test_reports import end_at, tried
from tests.web.pages import faults, fields, press, submit

PLAN = {
    "text": "Hello!",
    "starts_at": "2030-01-31T09:00",
    "ends_at": "2030-01-31T18:00",
    "window-from": "09:00",
    "window-to": "21:00",
    "filter-tags": "vip, new",
}


def test_a_mailing_is_planned(operator: FlaskClient) -> None:
    a_client(tag="vip")
    answer = submit(operator, "/mailings/new", PLAN)
    assert (answer.status_code, answer.location) == (302, "/mailings/1")
    mailing = mailings.get(1)
    assert mailing.starts_at.isoformat() == "2030-01-31T06:00:00+00:00"
    assert mailing.filter == a_filter(tags=["vip", "new"])
    assert mailing.window == Window(time(9), time(21))
    page = operator.get("/mailings/1").text
    assert "From 31 Jan 2030, 09:00:00 until 31 Jan 2030, 18:00:00, Europe/Moscow." in page
    assert "From 09:00 until 21:00 by the client's own clock." in page
    assert "tag vip, new" in page


@pytest.mark.parametrize(("changed", "told"), [
    ({"text": ""}, "This field is required."),
    ({"ends_at": "2030-01-31T09:00"}, "Must be later than the start."),
    ({"starts_at": "soon"}, "Is not a date and time, like 2026-01-31T09:00:00+03:00."),
    ({"window-to": "09:00"}, "Must differ from the time at which the window opens."),
    ({"window-to": ""}, "This field is required."),
    ({"filter-timezones": "Mars"}, "Is not the IANA name of a time zone, like Europe/Moscow."),
    ({"text": "\x00"}, "Contains a character that no text can hold."),
    ({"when_uncertain": "perhaps"}, "Must be one of hold, send_again."),
])  # fmt: skip
def test_what_is_wrong_is_told_beside_its_field(operator: FlaskClient, changed: dict[str, str], told: str) -> None:
    answer = submit(operator, "/mailings/new", PLAN | changed)
    assert answer.status_code == 422
    assert list(faults(answer.text)) == [told]
    kept = fields(answer.text, "text")
    assert all(kept[name] == value for name, value in PLAN.items() if name not in changed)
    assert not mailings.listing().items


def test_checking_shows_audience_and_parts_and_stores_nothing(operator: FlaskClient) -> None:
    some_clients(3, tag="vip")
    a_client(tag="other")
    answer = submit(operator, "/mailings/new", PLAN | {"text": "я" * 71, "check": "1"})
    assert answer.status_code == 200
    assert "3 clients" in answer.text
    assert "2 parts for each client" in answer.text
    assert not mailings.listing().items


def test_the_preview_counts_before_the_text_is_written(operator: FlaskClient) -> None:
    some_clients(2, tag="vip")
    sent = fields(operator.get("/mailings/new").text, "text") | PLAN | {"text": ""}
    assert "2 clients" in operator.post("/mailings/preview", data=sent).text
    assert "As soon as dates" in operator.post("/mailings/preview", data=sent | {"ends_at": ""}).text


def test_a_mailing_is_changed(operator: FlaskClient) -> None:
    a_mailing()
    assert submit(operator, "/mailings/1/edit", {"text": "Other"}).status_code == 302
    assert mailings.get(1).text == "Other"


def test_once_sending_began_the_rest_is_shown_frozen_and_name_and_end_are_free(operator: FlaskClient) -> None:
    now = clock.now()
    a_mailing(starts_at=now - timedelta(seconds=1, microseconds=7), filter=a_filter(tags=["a,b"]))
    begin(1)
    page = operator.get("/mailings/1/edit").text
    assert page.count(mailings.BEGUN) == 7
    assert submit(operator, "/mailings/1/edit", {"name": "New name"}).status_code == 302
    assert mailings.get(1).name == "New name"


@pytest.mark.parametrize(
    "changed", [{"text": "Other"}, {"filter-tags": "x"}, {"window-from": "01:00", "window-to": "02:00"}]
)
def test_a_frozen_field_sent_all_the_same_is_refused(operator: FlaskClient, changed: dict[str, str]) -> None:
    a_mailing()
    begin(1)
    answer = submit(operator, "/mailings/1/edit", changed)
    assert answer.status_code == 409
    assert mailings.BEGUN in list(faults(answer.text))


def set_up(monkeypatch: pytest.MonkeyPatch, app: Flask, **given: Any) -> None:
    """The application as it would be with these settings."""
    monkeypatch.setitem(app.config, "SETTINGS", app.config["SETTINGS"].model_copy(update=given))


def test_what_follows_uncertainty_is_asked_only_where_it_matters(
    app: Flask, operator: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = "When nobody knows whether a message arrived"
    a_mailing(when_uncertain=WhenUncertain.SEND_AGAIN)
    begin(1)
    assert question not in operator.get("/mailings/new").text
    assert submit(operator, "/mailings/1/edit", {"name": "New"}).status_code == 302
    assert mailings.get(1).when_uncertain is WhenUncertain.SEND_AGAIN
    set_up(monkeypatch, app, gateway_deduplicates=False)
    page = operator.get("/mailings/1/edit").text
    assert question in page
    assert "Send it again, even if it may arrive twice" in operator.get("/mailings/1").text
    assert fields(page, "when_uncertain")["when_uncertain"] == "send_again"
    assert fields(operator.get("/mailings/new").text, "when_uncertain")["when_uncertain"] == "hold"
    assert submit(operator, "/mailings/1/edit", {"when_uncertain": "hold"}).status_code == 302
    assert mailings.get(1).when_uncertain is WhenUncertain.HOLD


def test_uncertain_messages_are_sent_again_after_asking(operator: FlaskClient) -> None:
    mailing = in_doubt(2)
    assert "/mailings/1/send-uncertain" in operator.get("/mailings/1").text
    assert "Send 2 uncertain messages again?" in operator.get("/mailings/1/send-uncertain").text
    assert mailings.get(1).tally.uncertain == 2
    press(operator, "/mailings/1/send-uncertain")
    assert figures(mailing) == {"pending": 2}
    page = operator.get("/mailings/1").text
    assert "The uncertain messages are sent once more." in page
    assert "/mailings/1/send-uncertain" not in page
    mailings.cancel(1)
    press(operator, "/mailings/1/send-uncertain")
    assert "The mailing is cancelled." in operator.get("/mailings/1").text


def test_the_page_proves_the_end_to_the_millisecond(operator: FlaskClient) -> None:
    mailing = tried(Outcome.ACCEPTED)
    page = operator.get("/mailings/1").text
    last = mailings.get(1).tally.last_byte_at
    assert last
    assert display.with_milliseconds(last) in page
    sentence = "Somebody moved the end to before what had left already."
    assert sentence not in page
    end_at(mailing, mailing.starts_at + timedelta(seconds=1))
    assert sentence in operator.get("/mailings/1").text


def test_a_mailing_that_sent_nothing_has_nothing_to_prove(operator: FlaskClient) -> None:
    a_mailing()
    assert "Proof of the end" not in operator.get("/mailings/1").text


def test_the_forecast_heeds_a_rate_of_parts(app: Flask, operator: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    some_clients(3, tag="vip")
    set_up(monkeypatch, app, gateway_rate=0.05, gateway_rate_unit="parts")  # 20 s a part
    for text, done_by in (("я", "31 Jan 2030, 09:01"), ("я" * 200, "31 Jan 2030, 09:03")):
        checked = submit(operator, "/mailings/new", PLAN | {"text": text, "check": "1"})
        assert done_by in checked.text


def begin(mailing_id: int) -> None:
    with transaction() as session:
        session.get_one(Mailing, mailing_id).attempted_at = clock.now()


def test_pause_with_a_reason_and_resume(operator: FlaskClient) -> None:
    a_mailing()
    submit(operator, "/mailings/1/pause", {"reason": "legal looks at it"})
    assert "Reason: legal looks at it" in operator.get("/mailings/1").text
    press(operator, "/mailings/1/resume", "/mailings/1")
    assert mailings.get(1).phase(clock.now()) is Phase.RUNNING


def test_cancel_and_delete_ask_first(operator: FlaskClient) -> None:
    a_mailing()
    for verb in ("cancel", "delete"):
        assert "for good?" in operator.get(f"/mailings/1/{verb}").text
    assert mailings.get(1).phase(clock.now()) is Phase.RUNNING
    press(operator, "/mailings/1/cancel")
    assert mailings.get(1).phase(clock.now()) is Phase.CANCELLED
    press(operator, "/mailings/1/delete")
    assert operator.get("/mailings/1").status_code == 404


def test_a_control_that_comes_too_late_says_why(operator: FlaskClient) -> None:
    now = clock.now()
    a_mailing(starts_at=now - timedelta(hours=2), ends_at=now - timedelta(hours=1))
    press(operator, "/mailings/1/resume")
    assert "The mailing is finished." in operator.get("/mailings/1").text
    assert submit(operator, "/mailings/1/pause", {"reason": ""}).status_code == 409


@pytest.mark.parametrize(("phase", "count"), [("running", 1), ("scheduled", 0), ("nonsense", 1)])
def test_the_list_is_filtered_by_phase(operator: FlaskClient, phase: str, count: int) -> None:
    a_mailing(name="The one")
    assert operator.get(f"/mailings?phase={phase}").text.count("The one") == count


def test_the_live_part_is_sent_again_only_when_it_changed(operator: FlaskClient) -> None:
    a_mailing()
    for path in ("/mailings/1/live", "/live"):
        tag = operator.get(path).headers["ETag"]
        again = operator.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
    mailings.pause(1)
    assert operator.get("/mailings/1/live", headers={"If-None-Match": tag}).status_code == 200


def test_the_page_holds_the_very_part_that_is_served_alone(operator: FlaskClient) -> None:
    a_mailing()
    assert operator.get("/mailings/1/live").text in operator.get("/mailings/1").text


def test_a_message_tells_its_story(operator: FlaskClient, filled: None) -> None:
    page = operator.get("/messages/1").text
    assert "The gateway refused the message" in page
    assert "→ 400 " in page


def test_messages_are_filtered_by_status(operator: FlaskClient, filled: None) -> None:
    assert "/messages/1" in operator.get("/mailings/1?status=failed").text
    assert "No message has this status." in operator.get("/mailings/1?status=sent").text


def test_reports_come_as_files(operator: FlaskClient, filled: None) -> None:
    for path, name in (("/reports/mailings.csv", "mailings.csv"), ("/mailings/1/report.csv", "mailing-1.csv")):
        answer = operator.get(path)
        assert answer.data.startswith(b"\xef\xbb\xbf")
        assert answer.mimetype == "text/csv"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert answer.text.count("\r\n") == 2
