"""The pulse: each process measures itself and shows that it lives, in a row that every other one can read."""

from mailing_app.pulse.beat import (
    BEAT_EVERY,
    SILENT_AFTER,
    Pulse,
    begin,
    begin_with_the_first_request,
    is_alive,
    listed,
)
from mailing_app.pulse.disk import DATA, LEAST_FREE, UPLOADS, Disk, disks
from mailing_app.pulse.figures import families, lateness
from mailing_app.pulse.instruments import CLAIM, ENROLMENT, RECORD
from mailing_app.pulse.place import here, unique_name
from mailing_app.pulse.punctuality import noting
from mailing_app.pulse.requests import count_requests

__all__ = [
    "BEAT_EVERY",
    "CLAIM",
    "DATA",
    "ENROLMENT",
    "LEAST_FREE",
    "RECORD",
    "SILENT_AFTER",
    "UPLOADS",
    "Disk",
    "Pulse",
    "begin",
    "begin_with_the_first_request",
    "count_requests",
    "disks",
    "families",
    "here",
    "is_alive",
    "lateness",
    "listed",
    "noting",
    "unique_name",
]
