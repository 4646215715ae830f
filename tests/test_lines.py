"""Lines of CSV that the database puts together are those that Python would write, whatever stands in a cell."""

import csv
import io
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Integer, String, literal, select

from mailing_app import spreadsheet
from mailing_app.db import db
from mailing_app.lines import Free, Lines, Writer
from tests.test_spreadsheet import LEFT, RUN

TEXTS = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
    | st.text(st.sampled_from(",;\t\r\n'\" =-+@aЯ\u200b\xa0＝"))
    | st.sampled_from([*RUN, *LEFT])
)


def written(cells: list[Any], delimiter: str) -> str:
    """A line of these cells, by the database of this run."""
    key = select(literal(1, Integer).label("key")).subquery().c.key
    told = Lines(cells, select().select_from(key.table), key, select(key))
    with db.engine.connect() as connection:
        return "".join(Writer(connection, told, delimiter).pieces())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXTS, min_size=2, max_size=3), st.sampled_from([",", ";"]))
def test_free_text_is_written_as_python_writes_it(app: Flask, texts: list[str], delimiter: str) -> None:
    told = written([Free(literal(text, String)) for text in texts], delimiter)
    assert told == delimiter.join(spreadsheet.quoted(text, delimiter) for text in texts) + "\r\n"
    [read] = csv.reader(io.StringIO(told, newline=""), delimiter=delimiter)
    assert read == [spreadsheet.harmless(text) for text in texts]


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_what_is_not_there_is_empty(app: Flask, delimiter: str) -> None:
    cells = [literal(7, Integer), Free(literal(None, String)), literal(None, Integer), literal("x", String)]
    assert written(cells, delimiter) == delimiter.join(["7", "", "", "x"]) + "\r\n"
