"""The one shape of all input: each form draws the page, judges the JSON, and yields the OpenAPI schema."""

from mailing_app.forms.access import LanguageForm, OperatorForm, SignInForm, TokenForm
from mailing_app.forms.base import Form, FormPart, Query
from mailing_app.forms.clients import ClientForm, ImportForm
from mailing_app.forms.gateway import StopForm
from mailing_app.forms.lists import ClientsQuery, MailingsQuery, MessagesQuery
from mailing_app.forms.mailings import MailingForm, PauseForm

__all__ = [
    "ClientForm",
    "ClientsQuery",
    "Form",
    "FormPart",
    "ImportForm",
    "LanguageForm",
    "MailingForm",
    "MailingsQuery",
    "MessagesQuery",
    "OperatorForm",
    "PauseForm",
    "Query",
    "SignInForm",
    "StopForm",
    "TokenForm",
]
