"""Files that people bring, and files that nobody should."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailing_app import delimited
from mailing_app.delimited import LONGEST_LINE, MOST_LINES, Record, read, records, written
from mailing_app.errors import Refused

WHY = "Телефон{0}Тег\r\n79001234567{0}осень\r\n"


def taken(file: bytes) -> list[Record]:
    content = io.BytesIO(file)
    lines = delimited.lines_of(content, delimited.encoding_of(content))
    return list(records(lines, delimited.delimiter_of(lines)))


def told(file: bytes) -> list[tuple[int, list[str]]]:
    return [(record.line, record.cells) for record in taken(file) if not record.is_blank]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_encoding_with_every_delimiter(encoding: str, delimiter: str) -> None:
    assert told(WHY.format(delimiter).encode(encoding)) == [
        (1, ["Телефон", "Тег"]),
        (2, ["79001234567", "осень"]),
    ]


def test_a_letter_of_utf_8_over_the_edge_of_a_block() -> None:
    file = io.BytesIO(("x" * (2**16 - 1) + "ж\n").encode())
    assert delimited.encoding_of(file) == "utf-8"
    assert file.tell() == 0


def test_line_breaks_inside_quotation_marks() -> None:
    file = b'phone,tag\n1,"a\nb ""c"" , d"\n\n2,x\n'
    assert told(file) == [(1, ["phone", "tag"]), (2, ["1", 'a\nb "c" , d']), (5, ["2", "x"])]


@pytest.mark.parametrize("sign", ["\0", "\r", "\x1f", '"'])
def test_what_parts_no_cells_is_no_hint_at_a_delimiter(sign: str) -> None:
    assert told(f"sep={sign}\r\nphone,tag\r\n".encode("utf-16"))[-1][1] == ["phone", "tag"]


def test_the_hint_of_a_spreadsheet_is_taken() -> None:
    assert told(b"sep=|\r\nphone|tag\r\n1|x\r\n") == [(2, ["phone", "tag"]), (3, ["1", "x"])]


def test_a_lone_quotation_mark_swallows_no_other_row() -> None:
    rows = b"".join(b"%d,x\n" % number for number in range(3 * MOST_LINES))
    found = taken(b'0,"lone\n' + rows)
    assert [record.fault for record in found] == [delimited.UNCLOSED] + [""] * (3 * MOST_LINES)
    assert found[0].cells == ["0", '"lone']
    assert [record.line for record in found] == list(range(1, 3 * MOST_LINES + 2))


def test_a_lone_quotation_mark_near_the_end() -> None:
    found = taken(b'1,a\n2,"b\n3,c\n')
    assert [(record.cells[0], bool(record.fault)) for record in found] == [("1", False), ("2", True), ("3", False)]


def test_a_line_of_ten_megabytes_is_one_faulty_row() -> None:
    found = taken(b"1,a\n" + b"9" * 10_000_000 + b"\n2,b\n")
    assert [(record.line, record.fault) for record in found] == [(1, ""), (2, delimited.TOO_LONG), (3, "")]
    assert len(found[1].raw) == LONGEST_LINE


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (b"PK\x03\x04 and so on", delimited.A_WORKBOOK),
        (b"\xd0\xcf\x11\xe0 and so on", delimited.A_WORKBOOK),
        (b"phone\n79001234567\x00\n", delimited.NOT_CSV),
        (bytes(range(256)) * 10, delimited.NOT_CSV),
    ],
)
def test_what_is_no_text_is_refused(file: bytes, sentence: str) -> None:
    with pytest.raises(Refused) as refusal:
        delimited.encoding_of(io.BytesIO(file))
    assert refusal.value.message == sentence


@given(st.text(st.sampled_from('a1,;"\n\r\t я'), max_size=200), st.sampled_from(",;\t"), st.integers(1, 5))
def test_pieces_read_as_the_whole_does(text: str, delimiter: str, size: int) -> None:
    whole = list(records(delimited.lines_of(io.BytesIO(text.encode()), "utf-8"), delimiter))
    again = []
    for start in range(0, len(whole), size):
        piece = whole[start : start + size]
        again += read(written(record.raw for record in piece), piece[0].line, delimiter)
    assert [(each.line, each.cells, each.fault) for each in again] == [
        (each.line, each.cells, each.fault) for each in whole
    ]
