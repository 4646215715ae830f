"""The shapes of signing in, of operators and of tokens."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SubmitField, widgets

from mailing_app.forms.base import Form
from mailing_app.forms.characters import HALVES, without
from mailing_app.forms.fields import ChoiceInput, TextInput, ZoneInput
from mailing_app.forms.moments import DayInput
from mailing_app.language import Language
from mailing_app.models import Role, Scope

LONGEST_PASSWORD = 128


class PasswordInput(TextInput):
    """A password: taken as typed, of any characters, and never shown again (OWASP ASVS 5, 6.2.5 and 6.2.8)."""

    widget = widgets.PasswordInput()

    def __init__(self, label: Any = "", **given: Any):
        super().__init__(label, longest=LONGEST_PASSWORD, **given)

    def process_formdata(self, valuelist: Any) -> None:
        self.data = self.parse(valuelist[0]) if valuelist else ""

    def parse(self, typed: str) -> str:
        return self.short_enough(without(HALVES, typed))


def new_password(label: Any) -> Any:
    """The field of a password that is to be."""
    advice = _l("At least 12 characters, none that are easily guessed; a few words are better than signs.")
    return PasswordInput(label, required=True, description=advice)


class SignInForm(Form):
    """Who you are."""

    name = TextInput(_l("Name"), longest=80, required=True)
    password = PasswordInput(_l("Password"), required=True)
    save = SubmitField(_l("Sign in"))


class OperatorForm(Form):
    """A person who may sign in."""

    name = TextInput(_l("Name"), longest=80, required=True)
    password = new_password(_l("Password"))
    role = ChoiceInput(_l("Role"), enum=Role, required=True)
    save = SubmitField(_l("Save"))


class OperatorChangeForm(Form):
    """What of an operator can be changed later."""

    name = TextInput(_l("Name"), longest=80, required=True)
    role = ChoiceInput(_l("Role"), enum=Role, required=True)
    save = SubmitField(_l("Save"))


class PasswordForm(Form):
    """A new password for somebody."""

    password = new_password(_l("New password"))
    save = SubmitField(_l("Set the password"))


class OwnPasswordForm(Form):
    """A new password for oneself."""

    present = PasswordInput(_l("Present password"), required=True)
    password = new_password(_l("New password"))
    save = SubmitField(_l("Change the password"))


class ProfileForm(Form):
    """How an operator wants the pages."""

    language = ChoiceInput(_l("Language"), enum=Language, required=True)
    timezone = ZoneInput(_l("Time zone"), default="")
    save = SubmitField(_l("Save"))

    def values(self) -> dict[str, Any]:
        return super().values() | {"language": self.language.data.value}


class TokenForm(Form):
    """A program's key to the API."""

    name = TextInput(_l("Name"), longest=80, required=True)
    scope = ChoiceInput(_l("Scope"), enum=Scope, required=True)
    expires_at = DayInput(_l("Works until"), ends=True, description=_l("The end of this day; without one it works on."))
    save = SubmitField(_l("Save"))


class LanguageForm(Form):
    """The language of the pages."""

    language = ChoiceInput(_l("Language"), enum=Language, required=True)
    save = SubmitField(_l("Save"))
