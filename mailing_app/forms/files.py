"""The parameters of the reports as files."""

from typing import Self

from flask_babel import lazy_gettext as _l
from wtforms.validators import ValidationError

from mailing_app.forms.base import Query, inputs
from mailing_app.forms.clients import LONGEST_TAG
from mailing_app.forms.fields import ChoiceInput, DigitsInput, TextInput
from mailing_app.forms.moments import DayInput
from mailing_app.lines import Grain
from mailing_app.models import Phase, Status
from mailing_app.spreadsheet import Delimiter, Encoding
from mailing_app.words import Reason


class FileQuery(Query):
    """How a file is written."""

    delimiter = ChoiceInput(
        _l("Between cells"),
        enum=Delimiter,
        default=Delimiter.COMMA,
        description=_l("Excel in Russia wants semicolons."),
    )
    encoding = ChoiceInput(
        _l("Encoding"),
        enum=Encoding,
        default=Encoding.UTF_8,
        description=_l("What Windows-1251 has no sign for becomes a question mark."),
    )

    @classmethod
    def blank(cls) -> Self:
        """Under ids of its own, since it stands on pages that have another form."""
        form = super().blank()
        for _, field in inputs(form):
            field.id = f"file-{field.id}"
        return form


class PeriodQuery(Query):
    """Which mailings are meant, by the day on which they start."""

    since = DayInput(_l("From"), description=_l("The first day on which mailings start."), example="2026-01-01")
    until = DayInput(
        _l("Until"), ends=True, description=_l("The last day on which mailings start."), example="2026-01-31"
    )

    def validate_since(self, field: DayInput) -> None:
        """A period ends after it begins."""
        if field.data and self.until.data and field.data > self.until.data:
            raise ValidationError(_l("Must not be later than the last day."))


class MessagesFileQuery(FileQuery):
    """Which messages of a mailing to put into a file, and how."""

    status = ChoiceInput(_l("Status"), enum=Status)
    reason = ChoiceInput(_l("Reason"), enum=Reason)
    tag = TextInput(
        _l("Tag"), longest=LONGEST_TAG, description=_l("As it was when the audience was fixed."), example="vip"
    )
    operator_code = DigitsInput(
        _l("Operator code"), digits=3, description=_l("As it was when the audience was fixed."), example="900"
    )
    grain = ChoiceInput(_l("A line for each"), enum=Grain, default=Grain.MESSAGES)


class PeriodFileQuery(MessagesFileQuery, PeriodQuery):
    """Which messages of all mailings to put into a file, and how."""


class MailingsFileQuery(FileQuery, PeriodQuery):
    """Which mailings to put into a file, and how."""

    phase = ChoiceInput(_l("Phase"), enum=Phase)
