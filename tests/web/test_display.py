"""How values look on a page."""

from datetime import UTC, datetime

import pytest
from flask import Flask, render_template_string

MOMENT = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)
TEMPLATE = '{% from "parts.html" import moment_there with context %}{{ moment_there(value, zone) }}'


@pytest.mark.parametrize(
    ("zone", "beside"), [("Asia/Vladivostok", "26 Nov, 09:30 in Asia/Vladivostok"), ("Europe/Simferopol", "")]
)
def test_the_recipients_clock_stands_beside_where_it_differs(app: Flask, zone: str, beside: str) -> None:
    with app.test_request_context():
        page = render_template_string(TEMPLATE, value=MOMENT, zone=zone)
    assert "26 Nov 2026, 02:30" in page
    assert ('class="there"' in page) == bool(beside)
    assert beside in page
