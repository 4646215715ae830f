"""Files of clients on their way into the register: received, checked, and stored piece by piece in the background."""

from mailing_app.imports.control import begin, drop, get, listing, remap
from mailing_app.imports.faulty import Faulty, faulty, faulty_csv
from mailing_app.imports.receiving import receive
from mailing_app.imports.rows import Row, first_rows
from mailing_app.imports.steps import work

__all__ = [
    "Faulty",
    "Row",
    "begin",
    "drop",
    "faulty",
    "faulty_csv",
    "first_rows",
    "get",
    "listing",
    "receive",
    "remap",
    "work",
]
