"""The operations on clients."""

from mailing_app.clients.bulk import count, erase_shown, retag
from mailing_app.clients.export import export_csv
from mailing_app.clients.optout import opt_in, opt_out, opt_out_phones, opted_out, opted_out_by
from mailing_app.clients.register import (
    add,
    change,
    erase,
    found,
    get,
    listing,
    matching,
    opted_out_of,
    rows,
    tags,
)
from mailing_app.clients.storing import store
from mailing_app.clients.transfer import ImportResult, Judge, import_csv, texts_of
from mailing_app.clients.upsert import Became, Outcome, upsert

__all__ = [
    "Became",
    "ImportResult",
    "Judge",
    "Outcome",
    "add",
    "change",
    "count",
    "erase",
    "erase_shown",
    "export_csv",
    "found",
    "get",
    "import_csv",
    "listing",
    "matching",
    "opt_in",
    "opt_out",
    "opt_out_phones",
    "opted_out",
    "opted_out_by",
    "opted_out_of",
    "retag",
    "rows",
    "store",
    "tags",
    "texts_of",
    "upsert",
]
