"""The shape of a client."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from flask import current_app
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from werkzeug.datastructures import MultiDict
from wtforms import FieldList, SelectField, SubmitField, ValidationError

from mailing_app import phones
from mailing_app.forms.base import NO_OBJECT, Form, gather, inputs
from mailing_app.forms.fields import REQUIRED, CountInput, DigitsInput, PhoneInput, TextInput, ZoneInput
from mailing_app.forms.spellings import PhonesInput

LONGEST_TAG = 100


class ClientForm(Form):
    """Somebody who can be written to."""

    read_only = ("id", "opted_out_at", "created_at", "updated_at")

    phone = PhoneInput(
        _l("Phone"),
        required=True,
        description=_l("In any usual spelling; it must be able to take a text message."),
        example="79001234567",
    )
    operator_code = DigitsInput(
        _l("Operator code"),
        digits=3,
        description=_l("The three digits after the 7, unless given."),
        example="900",
    )
    tag = TextInput(_l("Tag"), longest=LONGEST_TAG, description=_l("Any word to choose clients by."), example="vip")
    timezone = ZoneInput(
        _l("Time zone"),
        description=_l("IANA name; the default zone, unless given."),
        example="Europe/Moscow",
    )
    save = SubmitField(_l("Save"))

    def values(self) -> dict[str, Any]:
        """The client's columns, the operator code and the zone filled in where they were left out."""
        return self._filled_in(super().values(), current_app.config["SETTINGS"].default_timezone)

    @staticmethod
    def _filled_in(values: dict[str, Any], timezone: str) -> dict[str, Any]:
        values["operator_code"] = values["operator_code"] or phones.operator_code(values["phone"])
        values["timezone"] = values["timezone"] or timezone
        return values

    @classmethod
    def carried_over(cls, present: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
        """A new phone brings its own operator code, unless the old one had been given by hand."""
        kept = super().carried_over(present, payload)
        if "phone" in payload and kept.get("operator_code") == phones.operator_code(kept["phone"]):
            del kept["operator_code"]
        return kept

    @classmethod
    def of_json(cls) -> Callable[[Any], tuple[dict[str, Any], dict[str, list[str]]]]:
        """A judge of many JSON objects by the rules of `from_json`: it gives the values, or each field's faults."""
        blank, judge_texts = cls.blank(), cls.of_texts()

        def judge(payload: Any) -> tuple[dict[str, Any], dict[str, list[str]]]:
            if not isinstance(payload, dict):
                return {}, {"": [str(NO_OBJECT)]}
            errors: dict[str, list[str]] = {}
            formdata: MultiDict[str, str] = MultiDict()
            gather(blank, payload, {}, formdata, errors)
            values, faults = judge_texts(formdata)
            return values, {name: [fault] for name, fault in faults.items()} | errors

        return judge

    @classmethod
    def of_texts(cls) -> Callable[[Mapping[str, str]], tuple[dict[str, Any], dict[str, str]]]:
        """A judge of many rows by the form's own rules: a form object a row would cost ten times as much.

        It takes the texts of a row and gives its values, or the fault of each field.
        """
        settings = current_app.config["SETTINGS"]
        readers = {name: _reader(field) for name, field in inputs(cls.blank())}
        read_phone = readers.pop("phone")

        @lru_cache(maxsize=1000)
        def read_others(*texts: str) -> tuple[dict[str, Any], dict[str, str]]:
            read = {name: reader(text) for (name, reader), text in zip(readers.items(), texts, strict=True)}
            faults = {name: fault for name, (_, fault) in read.items() if fault}
            return {name: value for name, (value, _) in read.items()}, faults

        def judge(texts: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
            typed = texts.get("phone", "")
            phone, fault = phones.common(typed, settings.phone_region), ""
            values, faults = read_others(*[texts.get(name, "") for name in readers])
            if not phone:
                phone, fault = read_phone(typed)
            if fault or faults:
                return {}, ({"phone": fault} if fault else {}) | faults
            return cls._filled_in({"phone": phone, **values}, settings.default_timezone), {}

        return judge


def _reader(field: Any) -> Callable[[str], tuple[Any, str]]:
    """From a text to the field's value and its fault. Few texts but phones are different in a file: they are kept."""

    def read(text: str) -> tuple[Any, str]:
        try:
            field.process_formdata([text])
        except ValueError as fault:
            return None, str(fault)
        return field.data, str(REQUIRED) if field.required and not field.data else ""

    return read if isinstance(field, PhoneInput) else lru_cache(maxsize=1000)(read)


class RetagForm(Form):
    """A tag for all clients of a list, and how many they were when that was confirmed."""

    number = CountInput()
    tag = TextInput(_l("New tag"), longest=LONGEST_TAG, description=_l("Leave it empty to take the tag away."))
    save = SubmitField(_l("Change the tag"))


class EraseShownForm(Form):
    """How many clients the list had when their deletion was confirmed."""

    number = CountInput()


class OptOutsForm(Form):
    """The phones of people who want no messages."""

    numbers = PhonesInput(
        _l("Phones"),
        required=True,
        description=_l("In any usual spelling, one a line or with commas between them."),
    )
    save = SubmitField(_l("Opt out"))

    def values(self) -> dict[str, Any]:
        """The phones, and the zone of those whom nobody knows yet."""
        return super().values() | {"timezone": current_app.config["SETTINGS"].default_timezone}


class ImportForm(Form):
    """A CSV file of clients."""

    file = FileField(_l("CSV file"), validators=[FileRequired(_l("Choose a file."))])
    save = SubmitField(_l("Upload and check"))

    def values(self) -> dict[str, Any]:
        """The file and its own name."""
        return {"file": self.file.data.stream, "name": self.file.data.filename}


class ColumnsForm(Form):
    """Which column of a file fills which field of a client."""

    columns = FieldList(SelectField(validate_choice=True))
    save = SubmitField(_l("Check anew"))

    def __init__(self, *given: Any, **named: Any):
        super().__init__(*given, **named)
        fields = [("", _l("(leave it out)")), *((name, field.label.text) for name, field in inputs(ClientForm.blank()))]
        for entry in self.columns:
            entry.choices = fields

    def validate_columns(self, field: FieldList) -> None:
        """One column at most fills a field, and one holds the phones."""
        chosen = [entry.data for entry in field if entry.data]
        if "phone" not in chosen:
            raise ValidationError(gettext("Say which column holds the phones."))
        if len(chosen) != len(set(chosen)):
            raise ValidationError(gettext("Two columns cannot fill the same field. Leave one of them out."))

    def values(self) -> dict[str, Any]:
        """For each column the field that it fills."""
        return {"mapping": self.columns.data}
