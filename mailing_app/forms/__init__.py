"""The one shape of all input: each form draws the page, judges the JSON, and yields the OpenAPI schema."""

from mailing_app.forms.access import (
    LanguageForm,
    OperatorChangeForm,
    OperatorForm,
    OwnPasswordForm,
    PasswordForm,
    ProfileForm,
    SignInForm,
    TokenForm,
)
from mailing_app.forms.base import Form, FormPart, Query
from mailing_app.forms.bulk import BulkForm
from mailing_app.forms.clients import ClientForm, ColumnsForm, EraseShownForm, ImportForm, OptOutsForm, RetagForm
from mailing_app.forms.files import FileQuery, MailingsFileQuery, MessagesFileQuery, PeriodFileQuery
from mailing_app.forms.gateway import StopForm
from mailing_app.forms.lists import (
    AuditQuery,
    ClientsFilter,
    ClientsQuery,
    DraftsQuery,
    FaultyQuery,
    Listing,
    MailingsQuery,
    MessagesQuery,
    MissesQuery,
    OverTimeInZoneQuery,
    OverTimeQuery,
    SearchQuery,
    TimelinesQuery,
    UncertainQuery,
)
from mailing_app.forms.mailings import MailingForm, PauseForm, RemainderForm, TrialForm

__all__ = [
    "AuditQuery",
    "BulkForm",
    "ClientForm",
    "ClientsFilter",
    "ClientsQuery",
    "ColumnsForm",
    "DraftsQuery",
    "EraseShownForm",
    "FaultyQuery",
    "FileQuery",
    "Form",
    "FormPart",
    "ImportForm",
    "LanguageForm",
    "Listing",
    "MailingForm",
    "MailingsFileQuery",
    "MailingsQuery",
    "MessagesFileQuery",
    "MessagesQuery",
    "MissesQuery",
    "OperatorChangeForm",
    "OperatorForm",
    "OptOutsForm",
    "OverTimeInZoneQuery",
    "OverTimeQuery",
    "OwnPasswordForm",
    "PasswordForm",
    "PauseForm",
    "PeriodFileQuery",
    "ProfileForm",
    "Query",
    "RemainderForm",
    "RetagForm",
    "SearchQuery",
    "SignInForm",
    "StopForm",
    "TimelinesQuery",
    "TokenForm",
    "TrialForm",
    "UncertainQuery",
]
