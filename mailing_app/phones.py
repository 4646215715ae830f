"""Phone numbers: any usual spelling in, `7XXXXXXXXXX` out, and only numbers that can take a text message."""

import re
import unicodedata

import phonenumbers

from mailing_app.errors import N_

LONGEST_SPELLING = 40

EMPTY = N_("Enter a phone number.")
TOO_LONG_A_TEXT = N_("This is too long for a phone number.")
SPREADSHEET = N_("A spreadsheet changed this number; format its cell as text and enter the number again.")
LETTERS = N_("A phone number has digits only, no letters.")
STRANGE = N_("This does not look like a phone number.")
ONE_NUMBER = N_("Enter one phone number, without an extension.")
TOO_SHORT = N_("This phone number has too few digits.")
TOO_LONG = N_("This phone number has too many digits.")
FOREIGN = N_("Only numbers that begin with +7 can be used.")
UNKNOWN = N_("There is no such phone number.")
NOT_MOBILE = N_("Only a mobile number can receive a text message.")


class BadPhone(ValueError):
    """A spelling that cannot be used; `message` is one plain English sentence out of the constants above."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


# Russia and Kazakhstan: only there are a bare 9XX… and the trunk prefix 8 numbers of the plan +7.
_HOME = frozenset(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[7])
_MOBILE = re.compile(r"(?:\+?7|(8?))(9[0-9]{9})")
# How nearly all numbers of a file are written: to know them at once takes a tenth of the time.
_COMMON = re.compile(r"(\+?7|8?)[ -]?\(?(9[0-9]{2})\)?[ -]?([0-9]{3})[ -]?([0-9]{2})[ -]?([0-9]{2})")
_DIGITS = re.compile(r"\+?[0-9]+")
_ENDING = re.compile(r"[0-9]{4,10}")
# 7,9E+10 has lost digits; 8900123456.0 lost one before and would gain a wrong one when its dot goes
_SPREADSHEET = re.compile(r"\s*+'?\d++(?:[.,]0+|(?:[.,]\d++)?[eEеЕ]\+?\d+)\s*")
_AND_MORE = re.compile(r"\+?[0-9]{5,}(?:[,;/|#*+&]|e?x|доб|вн|or|and|и).*", re.DOTALL)
_TEXTABLE = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)


# spaces (Z), invisible marks (Cf), dashes (Pd) and brackets (Ps, Pe) of every script
_SEPARATORS = frozenset({"Zs", "Zl", "Zp", "Cf", "Pd", "Ps", "Pe"})


class _Bare(dict[int, str]):
    """For `str.translate`: separators of every script vanish, digits of every script become 0-9."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character.isdecimal():
            return str(unicodedata.decimal(character))
        if character in "\t\r\n.~\u2212\u2043\uff0e" or unicodedata.category(character) in _SEPARATORS:
            return ""
        return "+" if character == "\uff0b" else character


_BARE = _Bare()
# ASCII is looked up once, here; the rest is worked out when met, so that odd input cannot fill the memory
_BARE.update({code: _BARE[code] for code in range(128)})


def normalise(value: str | int, region: str = "RU") -> str:
    """The number as `7XXXXXXXXXX`, or `BadPhone`; `region` (ISO 3166) says how a national number is read.

    A number of the form +7 9XX is taken as it stands: the library's list of assigned ranges lags behind the
    operators, would refuse one real number in a hundred, and costs 12 to 25 times as much. `phonenumbers`
    judges all others: only a mobile number of the plan +7 (Kazakhstan's begin with +7 7) can take a message.
    """
    if isinstance(value, str) and (known := common(value, region)):
        return known
    compact = _compact(_written(value))
    mobile = _MOBILE.fullmatch(compact)
    if mobile and (mobile[1] is None or region in _HOME):
        return "7" + mobile[2]
    if not _DIGITS.fullmatch(compact):
        raise BadPhone(_what_is_wrong_with(compact))
    return _judged(compact, region)


def common(text: str, region: str) -> str:
    """What the rest of `normalise` would make of a number in a common spelling; empty for any other text."""
    found = _COMMON.fullmatch(text)
    if found is None or (found[1] in ("", "8") and region not in _HOME):
        return ""
    return f"7{found[2]}{found[3]}{found[4]}{found[5]}"


def ending(value: str) -> str:
    """The last digits of a number, four to ten of them in any spelling; `BadPhone` for anything else."""
    text = _written(value)
    compact = _compact(text)
    # at the end of a number two zeros are no international prefix
    compact = "00" + compact[1:] if text.translate(_BARE).startswith("00") else compact.removeprefix("+")
    if not _ENDING.fullmatch(compact):
        raise BadPhone(_what_is_wrong_with(compact) if not compact.isdigit() else TOO_SHORT)
    return compact


def _written(value: str | int) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadPhone(STRANGE)
    # compared as a number first: Python refuses to write out an integer of thousands of digits
    if isinstance(value, int):
        if not 0 <= value < 10**LONGEST_SPELLING:
            raise BadPhone(STRANGE if value < 0 else TOO_LONG)
        return str(value)
    if len(value) > LONGEST_SPELLING:
        raise BadPhone(TOO_LONG_A_TEXT)
    return value


def _compact(text: str) -> str:
    """Digits with an optional plus before them, if this is a number; what is wrong stays in to be named."""
    if _SPREADSHEET.fullmatch(text):
        raise BadPhone(SPREADSHEET)
    compact = text.translate(_BARE)
    if compact[:4].lower() == "tel:":
        compact = compact[4:]
    compact = compact.removeprefix("'")  # how a spreadsheet is told "this is text"
    if compact.startswith("00"):
        return "+" + compact[2:]
    return compact


def _what_is_wrong_with(compact: str) -> str:
    if not compact:
        return EMPTY
    if _AND_MORE.fullmatch(compact.lower()):
        return ONE_NUMBER
    return LETTERS if any(character.isalpha() for character in compact) else STRANGE


def _judged(compact: str, region: str) -> str:
    # the stored form means the same in every region
    if len(compact) == 11 and compact.startswith("7"):
        compact = "+" + compact
    try:
        number = phonenumbers.parse(compact, region)
    except phonenumbers.NumberParseException as error:
        raise BadPhone(_why_unreadable(error)) from None
    if number.country_code != 7:
        raise BadPhone(FOREIGN)
    # not `number.national_number`: that is an integer and loses leading zeros
    national = phonenumbers.national_significant_number(number)
    if len(national) != 10:
        raise BadPhone(TOO_SHORT if len(national) < 10 else TOO_LONG)
    if not national.startswith("9"):
        _refuse_unless_mobile(number)
    return "7" + national


def _refuse_unless_mobile(number: phonenumbers.PhoneNumber) -> None:
    kind = phonenumbers.number_type(number)
    if kind == phonenumbers.PhoneNumberType.UNKNOWN:
        raise BadPhone(UNKNOWN)
    if kind not in _TEXTABLE:
        raise BadPhone(NOT_MOBILE)


def _why_unreadable(error: phonenumbers.NumberParseException) -> str:
    if error.error_type == phonenumbers.NumberParseException.TOO_LONG:
        return TOO_LONG
    if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
        return FOREIGN
    return TOO_SHORT


def operator_code(phone: str) -> str:
    """The three digits after the 7 of a stored number; who kept it on changing operator keeps them too."""
    return phone[1:4]


def displayed(phone: str) -> str:
    """A stored number for people: `+7 900 123-45-67`."""
    return f"+{phone[0]} {phone[1:4]} {phone[4:7]}-{phone[7:9]}-{phone[9:]}"
