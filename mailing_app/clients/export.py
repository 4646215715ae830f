"""Clients to CSV."""

from collections.abc import Iterator

from mailing_app import audit, spreadsheet
from mailing_app.clients.bulk import nameless
from mailing_app.clients.columns import COLUMNS
from mailing_app.clients.register import rows
from mailing_app.db import transaction
from mailing_app.models import Action


def export_csv(**wanted: str | None) -> Iterator[bytes]:
    """The clients of a list as CSV that `import_csv` takes back."""
    with transaction() as session:
        audit.note(session, Action.CLIENTS_EXPORTED, shown=nameless(wanted))
    return spreadsheet.stream(COLUMNS, rows(**wanted))
