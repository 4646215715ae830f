"""The reports: figures, the proof of the end, and the files."""

from mailing_app.reports.check import Difference, check
from mailing_app.reports.course import Course, course
from mailing_app.reports.figures import breakdown, by_reason, statistics, totals
from mailing_app.reports.files import MESSAGE_COLUMNS, mailings_csv, messages_csv
from mailing_app.reports.proof import Proof, proof

__all__ = [
    "MESSAGE_COLUMNS",
    "Course",
    "Difference",
    "Proof",
    "breakdown",
    "by_reason",
    "check",
    "course",
    "mailings_csv",
    "messages_csv",
    "proof",
    "statistics",
    "totals",
]
