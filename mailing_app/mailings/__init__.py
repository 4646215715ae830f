"""The operations on mailings and their messages."""

from mailing_app.mailings.audience import is_family_settled, lock_family
from mailing_app.mailings.controls import cancel, delete, pause, resume
from mailing_app.mailings.expectation import Expectation, forecast_of
from mailing_app.mailings.guards import Doubt, doubts
from mailing_app.mailings.inquiries import MOST_AT_ONCE, Doubtful, Standing, ask, doubtful, inquiry, standing
from mailing_app.mailings.intake import plan, send_test
from mailing_app.mailings.left_out import left_out
from mailing_app.mailings.messages import check_there, history, message, messages, messages_to, numbered
from mailing_app.mailings.planning import (
    BEGUN,
    Planned,
    add,
    change,
    get,
    in_phase,
    listing,
    planned_from,
    to_change,
    upcoming,
)
from mailing_app.mailings.preview import OPTED_OUT, Preview, preview
from mailing_app.mailings.progress import Progress, progress
from mailing_app.mailings.rate import Origin, allowed_rate
from mailing_app.mailings.reasons import Reason, Why
from mailing_app.mailings.remainder import Unreached, origin, remainders, unreached
from mailing_app.mailings.repeats import add_once, forget_answers
from mailing_app.mailings.timeline import Kind, Step, timelines
from mailing_app.mailings.uncertain import send_again

__all__ = [
    "BEGUN",
    "MOST_AT_ONCE",
    "OPTED_OUT",
    "Doubt",
    "Doubtful",
    "Expectation",
    "Kind",
    "Origin",
    "Planned",
    "Preview",
    "Progress",
    "Reason",
    "Standing",
    "Step",
    "Unreached",
    "Why",
    "add",
    "add_once",
    "allowed_rate",
    "ask",
    "cancel",
    "change",
    "check_there",
    "delete",
    "doubtful",
    "doubts",
    "forecast_of",
    "forget_answers",
    "get",
    "history",
    "in_phase",
    "inquiry",
    "is_family_settled",
    "left_out",
    "listing",
    "lock_family",
    "message",
    "messages",
    "messages_to",
    "numbered",
    "origin",
    "pause",
    "plan",
    "planned_from",
    "preview",
    "progress",
    "remainders",
    "resume",
    "send_again",
    "send_test",
    "standing",
    "timelines",
    "to_change",
    "unreached",
    "upcoming",
]
