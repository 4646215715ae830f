"""The reports: figures, the proof of the end, and the files."""

from mailing_app.lines import Grain
from mailing_app.reports.breakdown import Parts
from mailing_app.reports.check import Difference, check
from mailing_app.reports.course import Course
from mailing_app.reports.figures import by_reason, statistics, totals
from mailing_app.reports.files import (
    MAILING_COLUMNS,
    MESSAGE_COLUMNS,
    OF_AN_ATTEMPT,
    OF_ITS_MAILING,
    mailings_csv,
    messages_csv,
    period_csv,
)
from mailing_app.reports.misses import Missed, most_missed
from mailing_app.reports.over_time import Figures, OverTime, over_time
from mailing_app.reports.proof import Proof, proof
from mailing_app.reports.report import Report, report

__all__ = [
    "MAILING_COLUMNS",
    "MESSAGE_COLUMNS",
    "OF_AN_ATTEMPT",
    "OF_ITS_MAILING",
    "Course",
    "Difference",
    "Figures",
    "Grain",
    "Missed",
    "OverTime",
    "Parts",
    "Proof",
    "Report",
    "by_reason",
    "check",
    "mailings_csv",
    "messages_csv",
    "most_missed",
    "over_time",
    "period_csv",
    "proof",
    "report",
    "statistics",
    "totals",
]
