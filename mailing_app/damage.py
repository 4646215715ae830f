"""What spreadsheets do to a cell on its way into a CSV file, recognised and named."""

import re

from mailing_app.errors import N_

SHORTENED = N_("Excel shortened this number; the digits are lost. Format the column as text and export the file again.")
ROUNDED = N_(
    "This number ends in zeros, as numbers do that Excel has shortened. Look it up where it came from; "
    "if it is right, add this client by hand."
)
FRACTION = N_(
    "Excel took this number for a sum and gave it decimals. Format the column as text and export the file again."
)
CUT = N_(
    "Digits of this number are missing. If Excel dropped them, format the column as text and export the file again."
)
AN_ERROR = N_("This is an error message of the spreadsheet, no value. Mend its formula and export the file again.")
TOO_NARROW = N_("The column was too narrow for this value. Make it wider and export the file again.")

_SHORTENED = re.compile(r"\+?\d+(?:[.,]\d*)?[eе]\+?\d{1,3}", re.IGNORECASE)
_FRACTION = re.compile(r"\d{5,}[.,]\d+")
_CUT = re.compile(r"\+?\d{5,9}|[78]\d{9}")
_ERRORS = re.compile(
    r"#(N/A|VALUE!|REF!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!"
    r"|Н/Д|ЗНАЧ!|ССЫЛКА!|ИМЯ\?|ДЕЛ/0!|ЧИСЛО!|ПУСТО!|ПЕРЕНОС!|ВЫЧИСЛ!)"
)
_ROUND = "000000"


def of_cell(text: str) -> str:
    """The sentence about what a spreadsheet left in place of any value; empty when it left the value."""
    bare = text.strip().upper()
    if _ERRORS.fullmatch(bare):
        return AN_ERROR
    return TOO_NARROW if len(bare) > 1 and not bare.strip("#") else ""


def of_phone(text: str, phone: str = "") -> str:
    """The sentence about what a spreadsheet did to a phone; `phone` is the number it was read as, if it was one.

    One real number in a million ends in six zeros; bare ones in a file are nearly always what is left of 7,9E+10.
    """
    if phone and not phone.endswith(_ROUND):
        return ""
    bare = "".join(text.split()).lstrip("'")
    if phone:
        return ROUNDED if bare.isdecimal() else ""
    marks = {SHORTENED: _SHORTENED, FRACTION: _FRACTION, CUT: _CUT}
    return next((sentence for sentence, mark in marks.items() if mark.fullmatch(bare)), "")
