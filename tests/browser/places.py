"""Every page of the service, filled with the invented data: taken from the routes, so that a new one is among them."""

from collections.abc import Iterator, Mapping

from flask import Flask
from werkzeug.routing import Rule

from tests.browser.conftest import Visit

EXAMPLES = {
    "client_id": 1, "mailing_id": 5, "message_id": 4, "import_id": 1, "draft_id": 1, "operator_id": 1, "token_id": 1,
}  # fmt: skip
"""What stands for the parameters of an address: a client, the finished mailing, its message with two attempts, and
the only import, draft and token there are.
"""

OTHER_EXAMPLES: Mapping[str, Mapping[str, object]] = {
    "mailings.edit": {"mailing_id": 1},
    "mailings.pause": {"mailing_id": 1},
    "mailings.cancel": {"mailing_id": 1},
    "mailings.send_uncertain": {"mailing_id": 1},
    "clients.opt_in": {"client_id": 43},
}
"""Pages that want another: the running mailing, a client who has opted out."""

OTHER_SHAPES = {
    "mailing-running": "/mailings/1",
    "mailing-paused": "/mailings/3",
    "reports-mailing-running": "/mailings/1/report",
    "reports-over-time-month": "/reports/over-time?by=month&tag=vip",
    "mailings-none": "/mailings?name=nothing",
    "mailings-draft": "/mailings/new?draft=1",
    "copies-test-of": "/mailings/test?of=5",
    "client-opted-out": "/clients/43",
    "clients-none": "/clients?tag=nobody",
    "clients-retag-some": "/clients/retag?tag=vip",
    "search-none": "/search?phone=79990000000",
    "gateway-day": "/gateway?span=day",
}
"""Pages whose address asks for another state of theirs."""

FOREIGN = ("static", "docs", "bootstrap", "flasgger", "monitoring")
"""Blueprints without pages of our own making: files, Swagger UI, and what programs ask."""


def pages_of(visit: Visit, app: Flask) -> Iterator[tuple[str, str]]:
    """Name and address of every page; each opens. Live parts and files are no pages."""
    for name, path in (*_addresses(app), *OTHER_SHAPES.items()):
        answer = visit.context.request.get(visit.site + path, max_redirects=0)
        assert answer.ok, f"{path} answers {answer.status}"
        if answer.headers["content-type"].startswith("text/html") and answer.text().startswith("<!doctype html>"):
            yield name, path


def _addresses(app: Flask) -> Iterator[tuple[str, str]]:
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if "GET" in (rule.methods or ()) and _is_ours(rule):
                yield _name(rule.endpoint), _address(app, rule)


def _name(endpoint: str) -> str:
    """The list is called as its blueprint, one thing of it as one of them: clients, mailing, mailings-edit."""
    noun, verb = endpoint.split(".")
    return {"index": noun, "show": noun.removesuffix("s")}.get(verb, f"{noun}-{verb.replace('_', '-')}")


def _is_ours(rule: Rule) -> bool:
    return not rule.rule.startswith("/api") and rule.endpoint.split(".")[0] not in FOREIGN


def _address(app: Flask, rule: Rule) -> str:
    examples = EXAMPLES | dict(OTHER_EXAMPLES.get(rule.endpoint, {}))
    missing = rule.arguments - examples.keys() - (rule.defaults or {}).keys()
    assert not missing, f"{rule.endpoint} needs an example for {missing}: give one in {__name__}"
    return app.url_for(rule.endpoint, **{name: examples[name] for name in rule.arguments if name in examples})
