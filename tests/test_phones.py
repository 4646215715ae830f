import re
import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailing_app import phones
from mailing_app.masking import masked
from mailing_app.phones import BadPhone, displayed, normalise, operator_code

SPELLINGS = [
    "79001234567",
    "+7 (900) 123-45-67",
    "8 900 123 45 67",
    "8(900)123-45-67",
    "9001234567",
    "900.123.45.67",
    "[900] 123 45 67",
    "\u00a0+7\u00a0900\u2009123\u202f45\u200967\ufeff",
    "+7\u2011900\u2012123\u201345\u201467",
    "+7\u2212900\u2010123\u00ad45\u200b67",
    "tel:+7-900-123-45-67",
    "TEL: 8 900 123 45 67",
    "＋７（９００）１２３－４５－６７",
    "٧٩٠٠١٢٣٤٥٦٧",
    "8 10 7 900 123-45-67",
    "00 7 900 123 45 67",
    "'79001234567",
    "\t79001234567\r\n",
]

REFUSED = [
    ("", phones.EMPTY),
    (" \u00a0-", phones.EMPTY),
    ("7,9E+10", phones.SPREADSHEET),
    ("7.9E+10", phones.SPREADSHEET),
    ("7.90012345E+10", phones.SPREADSHEET),
    (" 79E9 ", phones.SPREADSHEET),
    ("7,9Е+10", phones.SPREADSHEET),  # the Cyrillic letter
    ("79001234567.0", phones.SPREADSHEET),
    ("8900123456.0", phones.SPREADSHEET),
    ("8900123456,00", phones.SPREADSHEET),
    ("phone", phones.LETTERS),
    ("+7 900 ABC-45-67", phones.LETTERS),
    ("О9001234567", phones.LETTERS),
    ("нет", phones.LETTERS),
    ("+", phones.STRANGE),
    ("7900\x001234567", phones.STRANGE),
    ("7900\ud8001234567", phones.STRANGE),
    ("++79001234567", phones.STRANGE),
    ("=79001234567", phones.STRANGE),
    ("7900123456²", phones.STRANGE),
    (-79001234567, phones.STRANGE),
    ("+7 900 123-45-67 ext. 5", phones.ONE_NUMBER),
    ("+7 900 123-45-67 доб. 5", phones.ONE_NUMBER),
    ("+7 900 123-45-67 x5", phones.ONE_NUMBER),
    ("+79001234567;ext=5", phones.ONE_NUMBER),
    ("89001234567, 89001234568", phones.ONE_NUMBER),
    ("89001234567/68", phones.ONE_NUMBER),
    ("8900123456/7", phones.ONE_NUMBER),
    ("+79001234567+79001234568", phones.ONE_NUMBER),
    ("89001234567 или 89001234568", phones.ONE_NUMBER),
    ("89001234567\n89001234568", phones.TOO_LONG),
    ("1", phones.TOO_SHORT),
    ("+7", phones.TOO_SHORT),
    ("+7900123456", phones.TOO_SHORT),
    ("900123456", phones.TOO_SHORT),
    (0, phones.TOO_SHORT),
    ("790012345678", phones.TOO_LONG),
    ("90012345670", phones.TOO_LONG),
    ("+709001234567", phones.TOO_LONG),
    ("1" * 40, phones.TOO_LONG),
    (10**40, phones.TOO_LONG),
    pytest.param(10**5000, phones.TOO_LONG, id="an integer too long to be written out"),
    ("1" * 41, phones.TOO_LONG_A_TEXT),
    pytest.param("x" * 10**6, phones.TOO_LONG_A_TEXT, id="a megabyte"),
    ("+1 555 123 4567", phones.FOREIGN),
    ("+44 20 7123 4567", phones.FOREIGN),
    ("+380 50 123 45 67", phones.FOREIGN),
    ("+8 900 123 45 67", phones.FOREIGN),
    ("+9001234567", phones.FOREIGN),
    ("+7 600 123 45 67", phones.UNKNOWN),
    ("7900123456", phones.UNKNOWN),
    ("8901234567", phones.UNKNOWN),
    ("+7 495 123-45-67", phones.NOT_MOBILE),
    ("84951234567", phones.NOT_MOBILE),
    ("8 800 100-20-30", phones.NOT_MOBILE),
    ("+7 809 123-45-67", phones.NOT_MOBILE),
    ("+7 727 250-12-34", phones.NOT_MOBILE),  # Almaty, fixed
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_usual_spelling_is_the_same_number(spelling):
    assert normalise(spelling) == "79001234567"


@pytest.mark.parametrize("number", [79001234567, 89001234567, 9001234567])
def test_a_json_integer_is_a_spelling(number):
    assert normalise(number) == "79001234567"


@pytest.mark.parametrize(("spelling", "message"), REFUSED)
def test_a_refusal_names_its_reason(spelling, message):
    with pytest.raises(BadPhone) as refusal:
        normalise(spelling)
    assert refusal.value.message == str(refusal.value) == message


def test_the_last_digits_may_begin_with_zeros():
    for typed, digits in (("0042", "0042"), ("00 42", "0042"), ("007-12-34", "0071234"), ("+1234", "1234")):
        assert phones.ending(typed) == digits


@pytest.mark.parametrize("value", [True, 79001234567.0, None, b"79001234567", ["79001234567"]])
def test_only_texts_and_integers_are_spellings(value):
    with pytest.raises(BadPhone):
        normalise(value)


@pytest.mark.parametrize("spelling", ["+7 701 234 56 78", "8 701 234-56-78", "77012345678", 77012345678])
def test_a_mobile_of_kazakhstan_is_accepted(spelling):
    assert normalise(spelling) == "77012345678"


@pytest.mark.parametrize("spelling", ["9001234567", "8 900 123-45-67"])
def test_a_national_number_is_read_by_the_region(spelling):
    assert normalise(spelling, "RU") == normalise(spelling, "KZ") == "79001234567"
    for region in ("DE", "US"):
        with pytest.raises(BadPhone):
            normalise(spelling, region)


@pytest.mark.parametrize("region", ["RU", "KZ", "DE", "US"])
@pytest.mark.parametrize("stored", ["79001234567", "77012345678"])
def test_the_stored_form_means_the_same_in_every_region(stored, region):
    assert normalise(stored, region) == stored


@given(st.from_regex(r"9[0-9]{9}", fullmatch=True), st.sampled_from(["7", "+7", "8", "", "8107", "007"]))
@settings(max_examples=200, deadline=None)
def test_every_range_of_9xx_is_accepted_in_every_form(national, prefix):
    assert normalise(prefix + national) == "7" + national


@given(
    st.lists(
        st.sampled_from([" ", "-", "(", ")", ".", "\u00a0", "\u2009", "\u2013", "\u200b"]),
        min_size=11,
        max_size=11,
    )
)
@settings(max_examples=100, deadline=None)
def test_separators_may_stand_anywhere(separators):
    spelling = "".join(a + b for a, b in zip("79001234567", separators, strict=True))
    assert normalise(spelling) == "79001234567"


SPELLING_LIKE = st.text("0123456789+78 9()-.,;/xEeеext\u00a0０９", max_size=45)


@given(st.one_of(st.text(max_size=45), SPELLING_LIKE, st.integers()), st.sampled_from(["RU", "KZ", "DE", "US"]))
@example("7" * 17, "RU")
@settings(max_examples=500, deadline=None)
def test_any_input_is_a_stored_number_or_a_refusal(value, region):
    try:
        phone = normalise(value, region)
    except BadPhone:
        return
    assert re.fullmatch("7[0-9]{10}", phone)
    assert normalise(phone, region) == normalise(int(phone), region) == phone
    assert normalise(displayed(phone), region) == phone


def test_the_other_faces_of_a_number():
    assert operator_code("79001234567") == "900"
    assert masked("79001234567") == "7900*****67"
    assert displayed("79001234567") == "+7 900 123-45-67"


def test_the_heavy_half_of_the_library_stays_on_disk():
    program = (
        "import sys, mailing_app.phones as p; p.normalise('+77012345678');"
        "print([m for m in ('geocoder', 'carrier', 'timezone', 'geodata', 'carrierdata', 'tzdata')"
        " if 'phonenumbers.' + m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


COMMON = st.from_regex(phones._COMMON, fullmatch=True)


@given(COMMON | st.text("+78 9()-0123456", max_size=20), st.sampled_from(["RU", "KZ", "DE", "US"]))
@example("8(900)123-45-67", "DE")
@example("9001234567", "US")
def test_a_common_spelling_is_read_as_any_other(text: str, region: str) -> None:
    known = phones.common(text, region)
    if known:
        assert normalise(f"{text}\u2060", region) == known  # with an invisible mark, which no common spelling has
    try:
        assert known in ("", normalise(text, region))
    except BadPhone:
        assert not known
