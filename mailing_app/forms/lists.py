"""The parameters of the lists."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext
from wtforms.validators import ValidationError

from mailing_app import clock, periods
from mailing_app.forms.base import Query
from mailing_app.forms.clients import LONGEST_TAG
from mailing_app.forms.fields import (
    ChoiceInput,
    DigitsInput,
    Input,
    NumberInput,
    PhoneInput,
    TextInput,
    ZoneInput,
)
from mailing_app.forms.moments import DateInput, DayInput
from mailing_app.forms.spellings import PhonePartInput
from mailing_app.models import Action, ActorKind, Phase, Status
from mailing_app.paging import cursor_id
from mailing_app.periods import Unit


class CursorInput(Input):
    """The `next` of the page before. Gives the id after which the page begins."""

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[A-Za-z0-9_-]{2,24}$"}

    def parse(self, typed: str) -> int:
        found = cursor_id(typed)
        if found is None:
            raise ValueError(_l("Is not the `next` of a page."))
        return found


class Listing(Query):
    """A page of a list."""

    limit = NumberInput(
        _l("Rows"), least=1, most=500, default=50, description=_l("How many rows a page holds."), example=50
    )
    after = CursorInput(_l("After"), description=_l("The `next` of the page before."), example="MTc")


class ClientsFilter(Query):
    """Which clients are meant."""

    phone = PhoneInput(_l("Phone"), example="79001234567")
    operator_code = DigitsInput(_l("Operator code"), digits=3, example="900")
    tag = TextInput(_l("Tag"), longest=LONGEST_TAG, example="vip")
    timezone = ZoneInput(_l("Time zone"), example="Europe/Moscow")


class ClientsQuery(Listing, ClientsFilter):
    """Which clients to list."""


class TimelinesQuery(Listing):
    """Which messages of a client to tell of."""

    limit = NumberInput(_l("Rows"), least=1, most=50, default=10)


class SearchQuery(Query):
    """Whom to find."""

    phone = PhonePartInput(_l("Phone"), description=_l("In any usual spelling, or its last four digits and more."))


class MailingsQuery(Listing):
    """Which mailings to list."""

    phase = ChoiceInput(_l("Phase"), enum=Phase)
    name = TextInput(
        lazy_pgettext("mailing", "Name"),
        longest=200,
        description=_l("A part of it, in any case."),
        example="sale",
    )


class DraftsQuery(Listing):
    """Which drafts to list."""


class FaultyQuery(Query):
    """Which faulty rows of an import to show."""

    after = NumberInput(_l("After"), least=0, most=999_999_999, default=0)


class MessagesQuery(Listing):
    """Which messages of a mailing to list."""

    status = ChoiceInput(_l("Status"), enum=Status)


class UncertainQuery(Listing):
    """Which uncertain messages of a mailing to list."""


class MissesQuery(Query):
    """How many of the clients most often not reached to list."""

    limit = NumberInput(
        _l("Rows"), least=1, most=500, default=50, description=_l("How many clients at the most."), example=50
    )


class OverTimeQuery(Query):
    """Which figures over time to show."""

    by = ChoiceInput(
        lazy_pgettext("periods", "By"), enum=Unit, default=Unit.DAY, description=_l("How long a period is.")
    )
    tag = TextInput(
        _l("Tag"), longest=LONGEST_TAG, description=_l("Only messages to clients who had this tag then."), example="vip"
    )
    operator_code = DigitsInput(
        _l("Operator code"), digits=3, description=_l("Only messages to this operator code."), example="900"
    )
    since = DateInput(_l("From"), description=_l("A day of the first period."), example="2026-01-01")
    until = DateInput(_l("Until"), description=_l("A day of the last period."), example="2026-01-31")

    def validate_tag(self, field: TextInput) -> None:
        """The figures tell clients apart by one of the two, not by both at once."""
        if field.data and self.operator_code.data:
            raise ValidationError(_l("Choose a tag or an operator code, not both."))

    def validate_since(self, field: DateInput) -> None:
        """No more periods than one can look at."""
        if not self.by.data:
            return
        since, until = periods.span(self.by.data, field.data, self.until.data, clock.now().date())
        if since > until:
            raise ValidationError(_l("Must not be later than the last day."))
        if periods.too_many(self.by.data, since, until):
            raise ValidationError(_l("These are more than %(most)s periods.", most=periods.MOST))


class OverTimeInZoneQuery(OverTimeQuery):
    """Which figures over time to tell, and by which clocks."""

    timezone = ZoneInput(_l("Time zone"), description=_l("Whose days they are."), example="Europe/Moscow")


class AuditQuery(Listing):
    """Which entries of the audit trail to list."""

    actor = TextInput(_l("Who"), longest=80)
    actor_kind = ChoiceInput(_l("By way of"), enum=ActorKind)
    action = ChoiceInput(_l("What"), enum=Action)
    mailing_id = NumberInput(_l("Mailing"), least=1, most=999_999_999)
    client_id = NumberInput(_l("Client"), least=1, most=999_999_999)
    since = DayInput(_l("From"))
    until = DayInput(_l("Until"), ends=True)
