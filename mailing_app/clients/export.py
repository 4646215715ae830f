"""Clients to CSV."""

from collections.abc import Iterator

from mailing_app import audit, spreadsheet
from mailing_app.clients.bulk import but_phone
from mailing_app.clients.columns import COLUMNS
from mailing_app.clients.register import rows
from mailing_app.db import transaction
from mailing_app.models import Action


def export_csv(**wanted: str | None) -> Iterator[bytes]:
    """The clients of a list as CSV that `import_csv` takes back."""
    with transaction() as session:
        audit.note(session, Action.CLIENTS_EXPORTED, shown=but_phone(wanted))
    return spreadsheet.stream(COLUMNS, rows(**wanted))
