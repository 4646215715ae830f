"""The kinds of input. Each reads what a page sends and what JSON says, and knows its OpenAPI schema."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from wtforms import Field, widgets
from wtforms.fields.choices import Choice, SelectFieldBase
from wtforms.validators import StopValidation, ValidationError

from mailing_app import local_time, phones, words
from mailing_app.forms import characters
from mailing_app.forms.characters import trimmed

REQUIRED = _l("This field is required.")
EMPTY = _l("Must not be empty.")
LONGEST_ZONE = 64


class Input(Field):
    """A field that takes one text from a page, and from JSON a value of its own type only."""

    widget = widgets.TextInput()
    json_types: tuple[type, ...] = (str,)
    wrong_type = _l("Must be a text.")
    forbidden = characters.USELESS

    def __init__(self, label: Any = "", *, required: bool = False, example: Any = None, **given: Any):
        super().__init__(label, **given)
        self.required, self.example = required, example
        if required:
            self.flags.required = True

    def schema(self) -> dict[str, Any]:
        """The field as OpenAPI sees it."""
        told = {"description": str(self.description)} if self.description else {}
        shown = {"examples": [self.example]} if self.example is not None else {}
        return self.json_schema() | told | shown

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string"}

    def texts(self, value: Any) -> list[str]:
        """A JSON value as the texts that a page would have sent; a ValidationError for a wrong type."""
        if isinstance(value, bool) or not isinstance(value, self.json_types):
            raise ValidationError(self.wrong_type)
        return [str(value)]

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        typed = trimmed(valuelist[0]) if valuelist else ""
        if self.came_back(typed):
            self.data = self.object_data
        else:
            self.data = self.parse(typed) if typed else self.default

    def came_back(self, typed: str) -> bool:
        """Whether a page sends back what it was shown: then the value stays, to the microsecond and comma."""
        return bool(self.object_data) and typed == self.shown(self.object_data)

    def parse(self, typed: str) -> Any:
        """The typed text as a value; ValueError with a sentence when it makes none."""
        return characters.without(self.forbidden, typed)

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002
        if self.process_errors:
            raise StopValidation
        if self.required and self.data in (None, "", []):
            raise StopValidation(REQUIRED)

    def replace(self, value: Any) -> None:
        """Show this value instead of what was typed."""
        self.data, self.raw_data = value, None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.shown(self.data)

    def shown(self, value: Any) -> str:
        """The value as the page shows it in the field."""
        return str(value)


class TextInput(Input):
    """A text of at most `longest` characters, without white space at its ends."""

    forbidden = characters.USELESS_OR_MISLEADING

    def __init__(self, label: Any = "", *, longest: int, lines: bool = False, **given: Any):
        super().__init__(label, default="", **given)
        self.longest = longest
        self.flags.maxlength = longest
        if lines:
            self.widget = widgets.TextArea()
        self.lines = lines

    def json_schema(self) -> dict[str, Any]:
        least = {"minLength": 1} if self.required else {}
        return {
            "type": "string",
            **least,
            "maxLength": self.longest,
            "pattern": characters.pattern(self.lines, self.required),
        }

    def parse(self, typed: str) -> str:
        text = str(super().parse(typed)).replace("\r\n", "\n")
        if not self.lines and re.search(r"[\n\r\t]", text):
            raise ValueError(_l("Must be one line."))
        return self.short_enough(text)

    def short_enough(self, text: str) -> str:
        """The text; a ValueError with a sentence when it is too long."""
        if len(text) > self.longest:
            raise ValueError(_l("Must be at most %(most)s characters long.", most=self.longest))
        return text


class PhoneInput(Input):
    """A phone in any usual spelling, or a number; gives `7XXXXXXXXXX`."""

    widget = widgets.TelInput()
    json_types = (str, int)
    wrong_type = _l("Must be a text or a number.")

    def json_schema(self) -> dict[str, Any]:
        return {"type": ["string", "integer"], "format": "phone"}

    def texts(self, value: Any) -> list[str]:
        texts = super().texts(value)
        if isinstance(value, int) and abs(value) >= 10**20:
            raise ValidationError(_l("Is not a phone number."))
        return texts

    def parse(self, typed: str) -> str:
        try:
            return phones.normalise(super().parse(typed), current_app.config["SETTINGS"].phone_region)
        except phones.BadPhone as error:
            raise ValueError(_l(error.message)) from error


class DigitsInput(Input):
    """Exactly so many digits."""

    def __init__(self, label: Any = "", *, digits: int, **given: Any):
        super().__init__(label, **given)
        self.digits = digits
        self.flags.maxlength = digits

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": _or_nothing(self, f"[0-9]{{{self.digits}}}")}

    def parse(self, typed: str) -> str:
        if not re.fullmatch(f"[0-9]{{{self.digits}}}", typed):
            raise ValueError(_l("Must be %(digits)s digits.", digits=self.digits))
        return typed


class ZoneInput(Input):
    """The IANA name of a time zone."""

    def json_schema(self) -> dict[str, Any]:
        least = {"minLength": 1} if self.required else {}
        return {"type": "string", "format": "time-zone", **least, "maxLength": LONGEST_ZONE}

    def parse(self, typed: str) -> str:
        if not local_time.is_zone(typed):
            raise ValueError(_l("Is not the IANA name of a time zone, like Europe/Moscow."))
        return typed


class ChoiceInput(Input, SelectFieldBase):
    """One member of an enum."""

    widget = widgets.Select()

    def __init__(self, label: Any = "", *, enum: type[StrEnum], **given: Any):
        super().__init__(label, **given)
        self.enum = enum

    def json_schema(self) -> dict[str, Any]:
        default = {"default": self.default.value} if self.default else {}
        return {"type": "string", "enum": [member.value for member in self.enum]} | default

    def texts(self, value: Any) -> list[str]:
        texts = super().texts(value)
        if not texts[0].strip():  # which a page sends for no choice, and JSON by leaving it out
            raise ValidationError(EMPTY)
        return texts

    def parse(self, typed: str) -> StrEnum:
        if typed not in set(self.enum):
            raise ValueError(_l("Must be one of %(choices)s.", choices=", ".join(self.enum)))
        return self.enum(typed)

    def iter_choices(self) -> Any:
        """What the page offers, with a first line for no choice where it may be left open."""
        if not self.required and self.default is None:
            yield Choice("", str(_l("Any")), not self.data, {})
        for member in self.enum:
            yield Choice(member.value, words.of(member), member == self.data, {})


class NumberInput(Input):
    """A whole number between two bounds, both included."""

    json_types = (int,)
    wrong_type = _l("Must be a whole number.")

    def __init__(self, label: Any = "", *, least: int, most: int, **given: Any):
        super().__init__(label, **given)
        self.least, self.most = least, most

    def json_schema(self) -> dict[str, Any]:
        default = {} if self.default is None else {"default": self.default}
        return {"type": "integer", "minimum": self.least, "maximum": self.most} | default

    def parse(self, typed: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", typed) or not self.least <= int(typed) <= self.most:
            raise ValueError(_l("Must be a whole number from %(least)s to %(most)s.", least=self.least, most=self.most))
        return int(typed)


class CountInput(NumberInput):
    """A number that the page showed and sends back unseen."""

    widget = widgets.HiddenInput()

    def __init__(self, **given: Any):
        super().__init__(required=True, least=0, most=999_999_999, **given)


class WordsInput(Input):
    """A list of values: commas between them on a page, an array in JSON. `each` judges one value."""

    json_types = (list,)
    wrong_type = _l("Must be a list of texts.")
    most = 500

    def __init__(self, label: Any = "", *, each: Input, **given: Any):
        super().__init__(label, default=(), **given)
        self.each = each

    def json_schema(self) -> dict[str, Any]:
        items = _unbound(self.each).json_schema()
        return {"type": "array", "items": items, "maxItems": self.most, "uniqueItems": False}

    def texts(self, value: Any) -> list[str]:
        super().texts(value)
        if not all(isinstance(word, str) for word in value):
            raise ValidationError(self.wrong_type)
        if not all(trimmed(word) for word in value):
            raise ValidationError(EMPTY)
        if len(value) > self.most:
            raise ValidationError(self._too_many())
        # The empty last one tells a list from the one text of a page, in which commas separate.
        return [*value, ""]

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        if len(valuelist) == 1 and self.came_back(trimmed(valuelist[0])):
            self.data = self.object_data
            return
        given = valuelist[0].split(",") if len(valuelist) == 1 else valuelist
        distinct = list(dict.fromkeys(word for each in given if (word := trimmed(each))))
        if len(distinct) > self.most:
            raise ValueError(self._too_many())
        judge = _unbound(self.each)
        self.data = [judge.parse(word) for word in distinct]

    def _too_many(self) -> Any:
        return _l("Must be at most %(most)s values.", most=self.most)

    def _value(self) -> str:
        return ", ".join(self.raw_data) if self.raw_data else self.shown(self.data or ())

    def shown(self, value: Sequence[str]) -> str:
        return ", ".join(value)


def _unbound(field: Any) -> Input:
    """An input outside any form, to judge one value with."""
    bound: Input = field.bind(form=None, name="value", _meta=_Meta())
    return bound


class _Meta:
    def get_translations(self, form: Any) -> Any:  # noqa: ARG002
        return None


def _or_nothing(field: Input, pattern: str) -> str:
    """The pattern of the whole text, which may be empty where the field may be left out."""
    return f"^{pattern}$" if field.required else f"^({pattern})?$"
