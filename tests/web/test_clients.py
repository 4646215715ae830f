"""The pages of clients, used through their own forms."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from mailing_app import audit, clients, clock, mailings
from mailing_app.clients import bulk
from mailing_app.dispatch import enrol
from mailing_app.models import Action
from tests.factories import a_client, a_filter, a_mailing, some_clients
from tests.web.pages import faults, fields, press, submit


def test_a_client_is_added(operator: FlaskClient) -> None:
    answer = submit(operator, "/clients/new", {"phone": "8 (900) 123-45-67", "tag": "vip"})
    assert (answer.status_code, answer.location) == (302, "/clients/1")
    page = operator.get("/clients/1").text
    assert "The client is added." in page
    assert "+7 900 123-45-67" in page
    client = clients.get(1)
    assert (client.operator_code, client.tag, client.timezone) == ("900", "vip", "Europe/Moscow")


def test_what_is_wrong_stands_beside_its_field_and_all_that_was_typed_is_kept(operator: FlaskClient) -> None:
    typed = {"phone": "79001234567", "operator_code": "9x", "timezone": "Mars/Base", "tag": "kept"}
    answer = submit(operator, "/clients/new", typed)
    assert answer.status_code == 422
    assert list(faults(answer.text)) == [
        "Must be 3 digits.",
        "Is not the IANA name of a time zone, like Europe/Moscow.",
    ]
    assert typed.items() <= fields(answer.text, "phone").items()
    assert re.findall(r'<input[^>]*autofocus[^>]*id="(\w+)"', answer.text) == ["operator_code"]
    assert not clients.listing().items


def test_a_phone_that_another_client_has_is_refused_beside_it(operator: FlaskClient) -> None:
    a_client(phone="79001234567")
    answer = submit(operator, "/clients/new", {"phone": "79001234567"})
    assert answer.status_code == 409
    assert list(faults(answer.text)) == ["Another client has this phone."]


def test_a_form_sent_back_untouched_changes_nothing(operator: FlaskClient) -> None:
    a_client(tag="one, with a comma")
    submit(operator, "/clients/1/edit", {}, having="version")
    assert clients.get(1).tag == "one, with a comma"


def test_a_client_is_changed(operator: FlaskClient) -> None:
    a_client()
    assert submit(operator, "/clients/1/edit", {"tag": "new"}).status_code == 302
    assert clients.get(1).tag == "new"


def test_the_second_of_two_editors_is_told_and_keeps_what_was_typed(operator: FlaskClient) -> None:
    a_client()
    opened = fields(operator.get("/clients/1/edit").text, "version")
    clients.change(1, tag="theirs")
    answer = operator.post("/clients/1/edit", data=opened | {"tag": "mine"})
    assert answer.status_code == 409
    assert "Somebody changed this meanwhile." in answer.text
    assert fields(answer.text, "version")["tag"] == "mine"
    assert clients.get(1).tag == "theirs"


def test_a_client_is_erased_after_asking(operator: FlaskClient) -> None:
    a_client()
    assert "Delete the client +7 900" in operator.get("/clients/1/delete").text
    assert clients.listing().items
    press(operator, "/clients/1/delete")
    assert not clients.listing().items


def test_a_list_goes_on_behind_the_first_page(operator: FlaskClient) -> None:
    some_clients(3, tag="vip")
    first = operator.get("/clients?limit=2&tag=vip").text
    link = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = operator.get(link).text
    assert first.count('class="phone"') == 2
    assert second.count('class="phone"') == 1
    assert "First page" in second


def test_a_client_opts_out_and_after_asking_in_again(operator: FlaskClient) -> None:
    a_client()
    assert press(operator, "/clients/1/opt-out").location == "/clients/1"
    page = operator.get("/clients/1").text
    assert "Opted out since" in page
    assert "The opt-out is forgotten too" in operator.get("/clients/1/delete").text
    assert re.search(r"<td>operator</td>", operator.get("/clients/opt-outs").text)
    assert "Write to +7 900" in operator.get("/clients/1/opt-in").text
    assert clients.get(1).opted_out_at
    press(operator, "/clients/1/opt-in")
    assert "Opted out since" not in operator.get("/clients/1").text


def test_many_phones_are_opted_out_or_none_and_the_faults_by_line(operator: FlaskClient) -> None:
    a_client(phone="79001234567")
    typed = "8 900 123-45-67, +7(900)1234568\r\n\r\n12; 79001234569\r\nAda"
    answer = submit(operator, "/clients/opt-outs/new", {"numbers": typed})
    assert answer.status_code == 422
    assert list(faults(answer.text)) == [
        "Line 3, “12”: This phone number has too few digits.",
        "Line 4, “Ada”: A phone number has digits only, no letters.",
    ]
    assert fields(answer.text, "numbers")["numbers"].splitlines() == typed.splitlines()
    assert not clients.opted_out().items
    good = submit(operator, "/clients/opt-outs/new", {"numbers": typed.replace("12;", "").replace("Ada", "")})
    assert (good.status_code, good.location) == (302, "/clients/opt-outs")
    page = operator.get("/clients/opt-outs").text
    assert "3 phones were opted out." in page
    assert page.count('class="phone"') == 3


def test_a_tag_is_changed_for_all_of_a_list_with_the_number_confirmed(operator: FlaskClient) -> None:
    some_clients(2, tag="old")
    a_client(tag="other")
    asked = operator.get("/clients/retag?tag=old").text
    assert "Change the tag of 2 clients?" in asked
    a_client(tag="old")
    sent = fields(asked, "number") | {"tag": "new"}
    again = operator.post("/clients/retag?tag=old", data=sent)
    assert again.status_code == 409
    assert "Their number has changed meanwhile." in again.text
    assert "Change the tag of 3 clients?" in again.text
    assert fields(again.text, "number").items() >= {"number": "3", "tag": "new"}.items()
    assert clients.count(tag="old") == 3
    assert operator.post("/clients/retag?tag=old", data=fields(again.text, "number")).status_code == 302
    assert (clients.count(tag="new"), clients.count(tag="other")) == (3, 1)


def test_all_of_a_list_are_deleted_with_the_number_confirmed(operator: FlaskClient) -> None:
    some_clients(2, tag="old")
    a_client(tag="other")
    asked = operator.get("/clients/delete?tag=old").text
    assert "Delete 2 clients?" in asked
    operator.post("/clients/delete?tag=old", data=fields(asked, "number"))
    assert [client.tag for client in clients.listing().items] == ["other"]
    assert "2 clients are erased." in operator.get("/clients").text


def test_a_deletion_that_takes_long_is_gone_on_with(operator: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CLIENTS_A_CHUNK", 2)
    monkeypatch.setattr(bulk, "AT_A_TIME", 0.0)
    some_clients(3, tag="old")
    asked = operator.get("/clients/delete?tag=old").text
    answer = operator.post("/clients/delete?tag=old", data=fields(asked, "number"))
    assert (answer.status_code, answer.location) == (302, "/clients/delete?tag=old")
    page = operator.get(answer.location).text
    assert "2 clients are erased." in page
    assert "Delete 1 client?" in page


@pytest.mark.parametrize("path", ["/clients/retag", "/clients/delete", "/clients/export.csv"])
def test_a_senseless_filter_changes_nobody(operator: FlaskClient, path: str) -> None:
    a_client()
    assert operator.get(f"{path}?phone=abc").status_code == 400


def test_the_export_is_of_the_list_and_audited(operator: FlaskClient) -> None:
    a_client(phone="79001234567", tag="vip")
    a_client(tag="other")
    assert operator.get("/clients/export.csv?tag=vip").text.count("\r\n") == 2
    [entry] = audit.listing(action=Action.CLIENTS_EXPORTED).items
    assert (entry.actor, entry.details) == ("operator", {"shown": {"tag": "vip"}})


def test_why_a_mailing_left_the_client_out(viewer: FlaskClient) -> None:
    a_client(tag="vip")
    a_mailing(name="Others", filter=a_filter(tags=["new", "old"]))
    a_mailing(name="To come", starts_at=clock.now() + timedelta(minutes=5))
    assert "No mailing has taken this client in yet." in viewer.get("/clients/1").text
    page = viewer.get("/clients/1/left-out").text
    assert "As the client is now, it will write to this phone." in page
    assert "its audience is still being gathered" in page.lower()
    while enrol.enrol(clock.now()):
        pass
    page = viewer.get("/clients/1/left-out").text
    assert "tag: new, old is wanted, the client has vip" in page
    assert "was changed since" not in page
    clients.change(1, operator_code="999")
    assert "was changed since" in viewer.get("/clients/1/left-out").text


def test_a_message_of_a_deleted_mailing_is_told_too(viewer: FlaskClient, filled: None) -> None:
    mailings.delete(1)
    page = viewer.get("/clients/1").text
    assert "This mailing was deleted." in page
    assert "The gateway refused the message" in page
    assert 'href="/mailings/1"' not in page


def test_the_export_is_what_the_import_takes(operator: FlaskClient) -> None:
    a_client(phone="79001234567", tag="=1+1")
    answer = operator.get("/clients/export.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="clients.csv"'
    assert answer.text == "\ufeffphone,operator_code,tag,timezone\r\n79001234567,900,'=1+1,Europe/Moscow\r\n"
