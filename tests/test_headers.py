"""Addresses that must not be there: nothing of the machinery answers. Those that there are: see test_policy.py."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mailing_app.headers import ALWAYS

NOWHERE = [
    "/scheduler", "/scheduler/jobs", "/console", "/debug", "/__debugger__", "/apidocs/", "/apispec_1.json", "/.env",
    "/flasgger_static/swagger-ui.css", "/.git/config", "/static/../config.py", "/static/%2e%2e/config.py", "/admin",
    "/instance/secret_key", "/server-status", "/phpinfo.php",
]  # fmt: skip


@pytest.mark.parametrize("where", NOWHERE)
def test_nothing_of_the_machinery_is_shown(admin: FlaskClient, where: str) -> None:
    answer = admin.get(where)
    assert answer.status_code == 404
    is_secure(answer)


def test_the_debugger_does_not_answer(admin: FlaskClient) -> None:
    plain, asked = (
        admin.get("/login", query_string=query) for query in ({}, {"__debugger__": "yes", "cmd": "printpin"})
    )
    assert (asked.status_code, asked.mimetype) == (plain.status_code, plain.mimetype) == (200, "text/html")


def test_there_is_no_debugger_and_no_api_of_the_scheduler(app: Flask) -> None:
    assert not app.debug
    assert not app.testing
    assert not app.config.get("PROPAGATE_EXCEPTIONS")
    assert [rule.rule for rule in app.url_map.iter_rules() if "scheduler" in rule.rule + rule.endpoint] == []


def is_secure(answer: TestResponse) -> None:
    """Whether an answer carries what all do, and no word on what made it."""
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS, answer.request.path
    assert not {"Server", "X-Powered-By", "Via", "Access-Control-Allow-Origin"} & set(answer.headers.keys())
    answer.close()
