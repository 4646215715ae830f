"""What spreadsheets do to cells."""

import pytest

from mailing_app import damage


@pytest.mark.parametrize(
    ("text", "phone", "told"),
    [
        ("7,9E+10", "", damage.SHORTENED),
        ("7.9001E+10", "", damage.SHORTENED),
        ("7,9Е+10", "", damage.SHORTENED),  # the Cyrillic letter
        ("'7,9E+10", "", damage.SHORTENED),
        ("79E9", "", damage.SHORTENED),
        ("79001200000", "79001200000", ""),
        ("79001000000", "79001000000", damage.ROUNDED),
        ("79000000000", "79000000000", damage.ROUNDED),
        ("+7 (900) 000-00-00", "79000000000", ""),  # nobody's spreadsheet writes brackets
        ("79001234567.0", "", damage.FRACTION),
        ("8900123456,00", "", damage.FRACTION),
        ("7900123456", "", damage.CUT),
        ("8900123456", "", damage.CUT),
        ("900123456", "", damage.CUT),
        ("79001234567", "79001234567", ""),
        ("+1 555 123 4567", "", ""),
        ("12", "", ""),
        ("", "", ""),
    ],
)
def test_a_phone(text: str, phone: str, told: str) -> None:
    assert damage.of_phone(text, phone) == told


@pytest.mark.parametrize("text", ["#N/A", " #n/a ", "#ЗНАЧ!", "#Н/Д", "#REF!", "#ИМЯ?"])
def test_an_error_message_is_no_value(text: str) -> None:
    assert damage.of_cell(text) == damage.AN_ERROR


def test_a_narrow_column() -> None:
    assert damage.of_cell("########") == damage.TOO_NARROW


@pytest.mark.parametrize("text", ["", "#", "#vip", "vip", "#1!"])
def test_what_people_write_is_no_damage(text: str) -> None:
    assert damage.of_cell(text) == ""
