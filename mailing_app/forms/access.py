"""The shapes of signing in, of operators and of tokens."""

from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SubmitField, widgets

from mailing_app.forms.base import Form
from mailing_app.forms.fields import ChoiceInput, TextInput
from mailing_app.models import Role, Scope

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128


class Language(StrEnum):
    """The languages of the pages."""

    EN = "en"
    RU = "ru"


class PasswordInput(TextInput):
    """A password: taken as typed, spaces and all, and never shown again."""

    widget = widgets.PasswordInput()

    def __init__(self, label: Any = "", **given: Any):
        super().__init__(label, longest=LONGEST_PASSWORD, **given)

    def process_formdata(self, valuelist: Any) -> None:
        self.data = self.parse(valuelist[0]) if valuelist else ""


class SignInForm(Form):
    """Who you are."""

    name = TextInput(_l("Name"), longest=80, required=True)
    password = PasswordInput(_l("Password"), required=True)
    save = SubmitField(_l("Sign in"))


class OperatorForm(Form):
    """A person who may sign in."""

    name = TextInput(_l("Name"), longest=80, required=True)
    password = PasswordInput(
        _l("Password"),
        required=True,
        description=_l("At least 12 characters; a few words are better than signs."),
    )
    role = ChoiceInput(_l("Role"), enum=Role, required=True)
    save = SubmitField(_l("Save"))


class TokenForm(Form):
    """A program's key to the API."""

    name = TextInput(_l("Name"), longest=80, required=True)
    scope = ChoiceInput(_l("Scope"), enum=Scope, required=True)
    save = SubmitField(_l("Save"))


class LanguageForm(Form):
    """The language of the pages."""

    language = ChoiceInput(_l("Language"), enum=Language, required=True)
    save = SubmitField(_l("Save"))
