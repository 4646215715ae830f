"""A request to plan a mailing may be repeated without planning it twice."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from mailing_app import access, clock, mailings, retention
from mailing_app.api import resources
from mailing_app.db import db, transaction
from mailing_app.errors import AtWork
from mailing_app.forms import MailingForm
from mailing_app.mailings import repeats
from mailing_app.models import KeptAnswer, Mailing, RequestAtWork, Scope
from tests.api.bodies import a_mailing_body
from tests.api.test_addresses import promised
from tests.conftest import with_token

URL = "/api/v1/mailings"


def plan(program: FlaskClient, key: str, **given: Any) -> Any:
    return program.post(URL, json=a_mailing_body(**given), headers={"Idempotency-Key": key})


def test_the_same_request_gets_the_same_answer(api: FlaskClient) -> None:
    first, again = plan(api, "mine"), plan(api, "mine")
    assert first.status_code == again.status_code == 201
    assert first.json == again.json
    for header in ("Location", "ETag"):
        assert first.headers[header] == again.headers[header]
    assert len(api.get(URL).json["items"]) == 1


def test_the_first_answer_stays_even_when_the_mailing_changed(api: FlaskClient) -> None:
    first = plan(api, "mine")
    api.post(f"{first.headers['Location']}/cancel")
    assert plan(api, "mine").json == first.json


def test_the_order_of_the_keys_in_the_body_does_not_matter(api: FlaskClient) -> None:
    plan(api, "mine")
    turned = dict(reversed(a_mailing_body().items()))
    assert api.post(URL, json=turned, headers={"Idempotency-Key": "mine"}).status_code == 201


def test_the_same_key_with_another_body_is_refused(api: FlaskClient) -> None:
    plan(api, "mine")
    answer = plan(api, "mine", text="Other")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["Idempotency-Key"])
    assert len(api.get(URL).json["items"]) == 1


def test_a_request_that_was_refused_keeps_no_key(api: FlaskClient) -> None:
    assert plan(api, "mine", text="").status_code == 422
    assert plan(api, "mine").status_code == 201


def test_each_token_has_keys_of_its_own(app: Flask, api: FlaskClient) -> None:
    other = app.test_client()
    other.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {access.add_token('other', Scope.WRITE)}"
    assert plan(api, "mine").json["id"] != plan(other, "mine").json["id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "ключ".encode().decode("latin-1")])
def test_a_key_that_makes_no_sense_is_refused(api: FlaskClient, key: str) -> None:
    answer = plan(api, key)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["Idempotency-Key"])


def test_the_first_answer_comes_again_when_its_mailing_is_over_and_gone(api: FlaskClient) -> None:
    first = plan(api, "mine")
    with time_machine.travel(clock.now() + timedelta(hours=23, minutes=59)):
        api.delete(first.headers["Location"])
        again = plan(api, "mine")
    assert (again.status_code, again.json, promised(again)) == (201, first.json, promised(first))


def test_after_a_day_a_key_is_new_again_and_the_old_answers_are_gone(api: FlaskClient) -> None:
    first = plan(api, "mine")
    plan(api, "another")
    with time_machine.travel(clock.now() + timedelta(hours=24, seconds=1)):
        other = plan(api, "mine", text="Other")
        assert other.status_code == 201
        assert plan(api, "mine", text="Other").json == other.json
        retention.work(None, lambda _seconds: False)
    assert other.json["id"] != first.json["id"]
    assert [kept.key for kept in db.session.scalars(select(KeptAnswer))] == ["mine"]


def test_who_repeats_a_request_that_is_being_carried_out_is_asked_to_come_again(api: FlaskClient) -> None:
    # What a process leaves behind that was killed between its reservation and its work.
    with transaction() as session:
        session.add(RequestAtWork(token_id=1, key="mine", began_at=clock.now()))
    for given in ({}, {"text": "Other"}):
        answer = plan(api, "mine", **given)
        assert (answer.status_code, answer.headers["Retry-After"]) == (409, "1")
        assert answer.json["detail"] == "A request with this key is being carried out. Ask again in a moment."
    assert plan(api, "another").status_code == 201
    with time_machine.travel(clock.now() + timedelta(seconds=61)):
        assert plan(api, "mine").status_code == 201
    assert nobody_is_at_work()


def test_a_request_that_failed_leaves_the_way_free(api: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Any) -> Any:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(resources, "mailing", fails)
        assert plan(api, "mine").status_code == 500
    assert nobody_is_at_work()
    assert plan(api, "mine").json["id"] == api.get(URL).json["items"][0]["id"]


def test_while_the_first_is_at_work_the_others_do_not_wait_for_it(app: Flask) -> None:
    access.add_token("program", Scope.WRITE)
    values = MailingForm.from_json(a_mailing_body()).values()
    working, told = threading.Event(), threading.Event()

    def slowly(mailing: Mailing) -> dict[str, Any]:
        working.set()
        told.wait(60)
        return {"id": mailing.id}

    def ask() -> dict[str, Any]:
        with app.app_context():
            return mailings.add_once("mine", 1, "x", slowly, **values)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask)
        working.wait(60)
        try:
            # SQLite has one writer at a time: there the work itself is what the next one waits for.
            if db.engine.dialect.name == "postgresql":
                with pytest.raises(AtWork):
                    ask()
        finally:
            told.set()
        assert first.result() == ask()


def test_who_was_slow_and_taken_for_dead_gets_the_answer_of_who_overtook(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    access.add_token("program", Scope.WRITE)
    values = MailingForm.from_json(a_mailing_body()).values()
    plan_it, overtaking = repeats._planned, []

    def ask() -> dict[str, Any]:
        return mailings.add_once("mine", 1, "x", lambda mailing: {"id": mailing.id}, **values)

    def slowly(*given: Any) -> dict[str, Any]:
        monkeypatch.setattr(repeats, "_planned", plan_it)
        with time_machine.travel(clock.now() + timedelta(seconds=61)):
            overtaking.append(ask())
        return plan_it(*given)

    monkeypatch.setattr(repeats, "_planned", slowly)
    assert [ask()] == overtaking
    assert len(mailings.listing().items) == 1
    assert nobody_is_at_work()


@pytest.mark.parametrize("number", [2, 8])
def test_of_several_at_once_one_plans_a_mailing(app: Flask, number: int) -> None:
    program = with_token(app, Scope.WRITE)
    bearer = program.environ_base["HTTP_AUTHORIZATION"]
    answers, ready = [], threading.Barrier(number)

    def ask() -> None:
        ready.wait()
        headers = {"Idempotency-Key": "mine", "Authorization": bearer}
        answers.append(app.test_client().post(URL, json=a_mailing_body(), headers=headers))

    threads = [threading.Thread(target=ask) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    planned = [answer for answer in answers if answer.status_code == 201]
    told = [answer for answer in answers if answer.status_code == 409]
    assert len(planned) + len(told) == number
    assert len({answer.data for answer in planned}) == 1
    assert all(answer.headers["Retry-After"] == "1" for answer in told)
    assert plan(program, "mine").data == planned[0].data
    assert len(program.get(URL).json["items"]) == 1
    assert nobody_is_at_work()


def nobody_is_at_work() -> bool:
    db.session.commit()
    return db.session.scalars(select(RequestAtWork)).all() == []
