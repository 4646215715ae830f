"""The operations on clients."""

from mailing_app.clients.register import add, change, erase, get, listing, matching, opted_out, rows, tags
from mailing_app.clients.transfer import ImportResult, export_csv, import_csv

__all__ = [
    "ImportResult",
    "add",
    "change",
    "erase",
    "export_csv",
    "get",
    "import_csv",
    "listing",
    "matching",
    "opted_out",
    "rows",
    "tags",
]
