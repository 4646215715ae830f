"""The shape of a list of clients, which only programs send."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from wtforms import ValidationError

from mailing_app.forms.base import Form
from mailing_app.forms.clients import ClientForm
from mailing_app.forms.fields import Input

MOST_CLIENTS = 10_000


class Item(NamedTuple):
    """A client of a list: the values of its columns and the names of those that were given, or the faults of each."""

    values: dict[str, Any]
    given: frozenset[str]
    errors: dict[str, list[str]]


class ClientsInput(Input):
    """A list of clients, each judged by the rules of its own form."""

    json_types = (list,)
    wrong_type = _l("Must be a list of clients.")

    def json_schema(self) -> dict[str, Any]:
        return {"type": "array", "items": ClientForm.schema(), "maxItems": MOST_CLIENTS}

    def texts(self, value: Any) -> list[Any]:
        """The list itself: no page sends one, so there are no texts to make of it."""
        if not isinstance(value, list):
            raise ValidationError(self.wrong_type)
        return [value]

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        if not valuelist:
            return
        [clients] = valuelist
        if len(clients) > MOST_CLIENTS:
            raise ValueError(_l("Must be at most %(most)s values.", most=MOST_CLIENTS))
        judge = ClientForm.of_json()
        self.data = tuple(_judged(client, *judge(client)) for client in clients)


class FlagInput(Input):
    """Yes or no; no where nothing is said."""

    json_types = (bool,)
    wrong_type = _l("Must be true or false.")

    def __init__(self, label: Any = "", **given: Any):
        super().__init__(label, default=False, **given)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "boolean", "default": False}

    def texts(self, value: Any) -> list[str]:
        if not isinstance(value, bool):
            raise ValidationError(self.wrong_type)
        return ["true" if value else "false"]

    def parse(self, typed: str) -> bool:
        return typed == "true"


class BulkForm(Form):
    """Clients to add or to update, told apart by their phones."""

    clients = ClientsInput(
        _l("Clients"),
        required=True,
        description=_l("Whose phone is known is updated by the given fields, and stays as is in the others."),
    )
    all_or_nothing = FlagInput(
        _l("All or nothing"),
        description=_l("Whether a single client at fault keeps all of them from being stored."),
    )

    def validate_clients(self, field: ClientsInput) -> None:
        """Where it is all or nothing the fault of one is the fault of the list: `clients.17.phone`."""
        if self.all_or_nothing.data:
            field.errors = {str(index): item.errors for index, item in enumerate(field.data) if item.errors}


def _judged(client: Any, values: dict[str, Any], errors: dict[str, list[str]]) -> Item:
    return Item(values, frozenset(client) & frozenset(values) if values else frozenset(), errors)
