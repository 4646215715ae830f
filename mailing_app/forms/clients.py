"""The shape of a client."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import SubmitField

from mailing_app import phones
from mailing_app.forms.base import Form, inputs
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
        values = super().values()
        values["operator_code"] = values["operator_code"] or phones.operator_code(values["phone"])
        values["timezone"] = values["timezone"] or current_app.config["SETTINGS"].default_timezone
        return values

    @classmethod
    def carried_over(cls, present: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
        """A new phone brings its own operator code, unless the old one had been given by hand."""
        kept = super().carried_over(present, payload)
        if "phone" in payload and kept.get("operator_code") == phones.operator_code(kept["phone"]):
            del kept["operator_code"]
        return kept

    @classmethod
    def of_texts(cls) -> Callable[[Mapping[str, str]], tuple[dict[str, Any], dict[str, str]]]:
        """A judge of many rows by the form's own rules: a form object a row would cost ten times as much.

        It takes the texts of a row and gives its values, or the fault of each field.
        """
        form = cls(formdata=None, meta={"csrf": False})
        columns = list(inputs(form))

        def judge(texts: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
            faults = {}
            for name, field in columns:
                try:
                    field.process_formdata([texts.get(name, "")])
                    if field.required and not field.data:
                        faults[name] = str(REQUIRED)
                except ValueError as fault:
                    faults[name] = str(fault)
            return ({}, faults) if faults else (form.values(), faults)

        return judge


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
    save = SubmitField(_l("Import"))

    def values(self) -> dict[str, Any]:
        """The file and the judge of its rows."""
        return {"file": self.file.data.stream, "judge": ClientForm.of_texts()}
