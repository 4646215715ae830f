"""Markup in every text that the tables hold: every page shows it as the text that it is, and nothing of it runs."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import JSON, Column, Enum, String, cast, delete, func, literal, update

from mailing_app import demo
from mailing_app.db import db, transaction
from mailing_app.models import GatewayEvent, Turn
from tests.browser.conftest import Visit
from tests.browser.places import pages_of

MARKUP = "\"'><img src=x onerror=owned=1>"

NO_FREE_TEXT = {
    "client.phone", "client.operator_code", "client.timezone", "message.phone", "message.operator_code",
    "operator.language", "operator.timezone", "operator.password_hash", "sign_in.secret_hash", "token.secret_hash",
    "draft.path", "draft.form_key", "mailing.form_key", "client_import.delimiter", "client_import.encoding",
    "gateway_event.kind", "dispatcher.breaker", "traffic.outcome", "audit_entry.action", "sign_in_failure.key_hash",
    "message.enrolled_code", "message.enrolled_zone", "breakdown.value", "meter.outcome",
    "request_at_work.key", "kept_answer.key", "kept_answer.request_hash", "gateway_state.held_under",
}  # fmt: skip
"""Columns that only hold what a form or the service itself has put into a fixed shape."""

SHAPES: dict[str, Any] = {
    "mailing.filter": {"operator_codes": [], "tags": [MARKUP], "timezones": []},
    "draft.fields": [["name", MARKUP], ["text", MARKUP], ["filter-tags", MARKUP], ["starts_at", MARKUP]],
    "audit_entry.details": {"name": [MARKUP, MARKUP], "operator": MARKUP, "reason": MARKUP, "tag": MARKUP},
    "client_import.titles": [MARKUP, MARKUP, MARKUP],
    "client_import.mapping": ["phone", "", ""],
    "process.figures": [],
}


@pytest.mark.looks
def test_stored_markup_is_inert_on_every_page(app: Flask, visits: Any) -> None:
    demo.fill()
    # Without the policy, which would stop a script that got through: the pages alone have to.
    visit: Visit = visits(bypass_csp=True)
    taint()
    shown = 0
    for _, path in pages_of(visit, app):
        page = visit.go(path)
        assert page.evaluate("[typeof owned, document.querySelectorAll('img[src=x]').length]") == ["undefined", 0], path
        shown += "<img src=x" in page.locator("body").inner_text()
    assert shown > 30


def taint() -> None:
    """Put the markup into every text of every row."""
    with transaction() as session:
        session.execute(delete(GatewayEvent).where(GatewayEvent.kind == Turn.WAIT))  # its text is a moment
        for table in db.metadata.sorted_tables:
            values = {column.name: tainted(column) for column in table.columns if tainted(column) is not None}
            if values:
                session.execute(update(table).values(values))


def tainted(column: Column[Any]) -> Any:
    name = f"{column.table.name}.{column.name}"
    if isinstance(column.type, JSON):
        return SHAPES.get(name)
    if not isinstance(column.type, String) or isinstance(column.type, Enum) or name in NO_FREE_TEXT:
        return None
    if column.unique:
        return literal(MARKUP) + cast(column.table.c.id, String)
    return func.substr(literal(MARKUP), 1, column.type.length or 1000)
