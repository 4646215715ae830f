"""How values look on a page."""

from datetime import UTC, datetime

import pytest
from flask import Flask, render_template_string
from flask_babel import force_locale, format_decimal

from mailing_app.language import Language
from mailing_app.web import display

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


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("value", [0, 7, -1, 999, 1000, -1000, 12_345, 123_456, 1_234_567_890, 0.5, 1234.5678])
def test_numbers_are_written_as_their_language_has_it(app: Flask, language: Language, value: float) -> None:
    with app.test_request_context(), force_locale(language.value):
        assert display.number(value) == format_decimal(value)
        assert display.number(value, "+#,##0;−#,##0") == format_decimal(value, "+#,##0;−#,##0")
