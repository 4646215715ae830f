"""Rows of a file are judged as the form judges them, and faster."""

from typing import Any

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from mailing_app import damage, phones
from mailing_app.forms import ClientForm
from mailing_app.imports.rows import judge_of_files

ANY = st.text(max_size=20) | st.sampled_from(["", " ", "#N/A", "####", "a\tb", "\x00", "\ufffd", "x" * 101, "'=1"])
PHONES = (
    st.from_regex(phones._COMMON, fullmatch=True)
    | st.sampled_from(["79001000000", "+7 900 100 00 00", "7,9E+10", "7900123", "+7 495 123-45-67", "900 123 45 67 8"])
    | st.from_regex(r"[+]?[0-9 ()-]{5,16}", fullmatch=True)
    | ANY
)
TEXTS = st.fixed_dictionaries(
    {"phone": PHONES},
    optional={
        "operator_code": st.sampled_from(["900", " 912 ", "90", "abc", "9000"]) | ANY,
        "tag": st.sampled_from(["vip", " new ", "постоянные"]) | ANY,
        "timezone": st.sampled_from(["Asia/Omsk", "Mars/Base"]) | ANY,
    },
)


def by_the_form(texts: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """What a form of its own makes of one row."""
    form = ClientForm(formdata=MultiDict(texts), meta={"csrf": False})
    form.validate()
    faults = {name: str(told[0]) for name, told in form.errors.items()}
    return ({}, faults) if faults else (form.values(), {})


def by_the_form_and_an_eye(texts: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The same, and what a spreadsheet did to any cell."""
    values, faults = by_the_form(texts)
    damaged = {name: damage.of_cell(text) for name, text in texts.items()}
    damaged["phone"] = damaged["phone"] or damage.of_phone(texts["phone"], values.get("phone", ""))
    faults |= {name: sentence for name, sentence in damaged.items() if sentence}
    return ({}, faults) if faults else (values, faults)


def test_rows_are_judged_as_the_form_judges_them(app: Flask) -> None:
    judge, judge_with_an_eye = ClientForm.of_texts(), judge_of_files()

    @settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(TEXTS)
    def compared(texts: dict[str, str]) -> None:
        for _ in range(2):  # what was kept of the first is the same
            assert judge(texts) == by_the_form(texts)
            assert judge_with_an_eye(texts) == by_the_form_and_an_eye(texts)

    with app.test_request_context():
        compared()
