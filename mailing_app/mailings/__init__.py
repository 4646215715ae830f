"""The operations on mailings and their messages."""

from mailing_app.mailings.controls import cancel, delete, pause, resume
from mailing_app.mailings.intake import plan, send_test
from mailing_app.mailings.messages import history, message, messages
from mailing_app.mailings.planning import BEGUN, Planned, add, add_once, change, get, in_phase, listing, upcoming
from mailing_app.mailings.preview import Preview, preview
from mailing_app.mailings.rate import Origin
from mailing_app.mailings.remainder import Unreached, remainders, unreached
from mailing_app.mailings.uncertain import send_again

__all__ = [
    "BEGUN",
    "Origin",
    "Planned",
    "Preview",
    "Unreached",
    "add",
    "add_once",
    "cancel",
    "change",
    "delete",
    "get",
    "history",
    "in_phase",
    "listing",
    "message",
    "messages",
    "pause",
    "plan",
    "preview",
    "remainders",
    "resume",
    "send_again",
    "send_test",
    "unreached",
    "upcoming",
]
