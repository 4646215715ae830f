"""No cell of ours is run by a spreadsheet, and an import takes each back as it was."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailing_app import delimited, spreadsheet

RUN = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'\n", "＝1+1", "＋1", "－1", "＠SUM(A1)",
    " =1", "\u00a0=1", '"=1', "'=1", "' \"=1", "\ufeff=1", "\u200b=1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x")',
]  # fmt: skip
LEFT = ["", "vip", "'quoted'", "a=1", "7 900 123-45-67", "«=1»", " vip", "'", "0-9"]
DELIMITERS = st.sampled_from([",", ";", "\t"])
CELLS = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
    | st.text(st.sampled_from(";\t'\" =-a"))
    | st.sampled_from(RUN)
)


@pytest.mark.parametrize("text", RUN)
def test_what_would_be_run_is_text(text: str) -> None:
    told = spreadsheet.harmless(text)
    assert told.startswith(f"'{text[0]}")
    assert spreadsheet.as_meant(told) == text


@pytest.mark.parametrize("text", LEFT)
def test_what_would_not_be_run_stays_as_it_is(text: str) -> None:
    assert spreadsheet.harmless(text) == spreadsheet.as_meant(text) == text


@pytest.mark.parametrize(
    ("text", "told"), [("x;=1+1;", "x;'=1+1;"), ("x; -1", "x;' -1"), ("a\t@b", "a\t'@b"), ("a;b", "a;b")]
)
def test_what_would_be_a_cell_elsewhere_is_text_too(text: str, told: str) -> None:
    """Where lists are parted by semicolons, a spreadsheet parts a file with commas there all the same."""
    assert spreadsheet.harmless(text) == told
    assert spreadsheet.as_meant(told) == text


@given(CELLS)
def test_a_cell_comes_back_as_it_was(text: str) -> None:
    assert spreadsheet.as_meant(spreadsheet.harmless(text)) == text


@given(st.lists(CELLS, min_size=2, max_size=4), DELIMITERS)
def test_no_title_and_no_cell_can_leave_its_place(cells: list[str], delimiter: str) -> None:
    """Whatever stands in them, delimiters and line ends too: a reader finds as many cells, and runs none."""
    told = b"".join(spreadsheet.stream(cells, [cells], delimiter)).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(told, newline=""), delimiter=delimiter))
    assert rows == [[spreadsheet.harmless(cell) for cell in cells]] * 2
    assert not any(cell.startswith(tuple("=+-@\t\r\n")) for cell in rows[1])


@given(st.lists(CELLS.filter(lambda text: not set(text) & {"\r", "\n"}), min_size=2, max_size=4), DELIMITERS)
def test_an_import_reads_what_was_written(cells: list[str], delimiter: str) -> None:
    told = b"".join(spreadsheet.stream(["a"] * len(cells), [cells], delimiter))
    lines = delimited.lines_of(io.BytesIO(told), "utf-8-sig")
    read = list(delimited.records(lines, delimiter))[1]
    assert [spreadsheet.as_meant(cell) for cell in read.cells] == cells
