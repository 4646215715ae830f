"""The daily letter: the report of a day by e-mail, sent once by whichever process comes first."""

from mailing_app.letters.carrier import Carrier
from mailing_app.letters.figures import Report, report
from mailing_app.letters.ledger import is_unknown, latest, send_again
from mailing_app.letters.span import Day, day_until

__all__ = ["Carrier", "Day", "Report", "day_until", "is_unknown", "latest", "report", "send_again"]
