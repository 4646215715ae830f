"""The columns of a file of clients: which of its titles mean which field."""

import re
from collections.abc import Sequence

from mailing_app import local_time, phones

COLUMNS = ("phone", "operator_code", "tag", "timezone")

_SPELLINGS = {
    "phone": "phone telephone tel mobile mobilephone cell cellphone phonenumber mobilenumber number msisdn contact "
    "телефон тел номер моб мобильный мобтел мобильныйтелефон сотовый сотовыйтелефон номертелефона телефоны "
    "номермобильного контактныйтелефон контакт",
    "operator_code": "operatorcode operator code mobileoperatorcode defcode def prefix "
    "кодоператора оператор код кодмобильногооператора defкод префикс",
    "tag": "tag tags label group segment list тег тэг теги метка метки группа сегмент ярлык список",
    "timezone": "timezone tz zone tzname часовойпояс таймзона пояс часпояс зона",
}
_KNOWN_AS = {spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings.split()}
_NO_LETTERS = re.compile(r"[\W_]+")


def mapping_of(titles: Sequence[str]) -> list[str]:
    """For each title the field that it names, empty for none. Where two name the same, the first has it."""
    mapping: list[str] = []
    for title in titles:
        name = _KNOWN_AS.get(_NO_LETTERS.sub("", title).lower(), "")
        mapping.append("" if name in mapping else name)
    return mapping


def guessed(cells: Sequence[str]) -> list[str]:
    """The fields that the cells of a file without titles seem to hold."""
    mapping: list[str] = []
    for cell in cells:
        name = _meant_by(cell)
        mapping.append("" if name in mapping else name)
    return mapping


def is_row(cells: Sequence[str]) -> bool:
    """Whether a file's first line is a client already: its first cell is a phone."""
    return bool(cells) and _meant_by(cells[0]) == "phone"


def _meant_by(cell: str) -> str:
    if cell.strip() in local_time.zone_names():
        return "timezone"
    if re.fullmatch(r"\d{3}", cell.strip()):
        return "operator_code"
    try:
        phones.normalise(cell)
    except phones.BadPhone:
        return ""
    return "phone"
