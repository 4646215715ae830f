"""Mailings as the forms of the pages bring them: planned once however often a form is sent, and tests of a text."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailing_app import clock, drafts
from mailing_app.errors import N_, Refused
from mailing_app.mailings.planning import Planned, new, once
from mailing_app.mailings.remainder import check_settled
from mailing_app.models import Action, Client, Mailing

EVERYONE: dict[str, list[str]] = {"operator_codes": [], "tags": [], "timezones": []}

TERM_OF_A_TEST = timedelta(minutes=15)
"""Long enough for a few tries, and short enough that a test never arrives when nobody waits for it any more."""


def plan(form_key: str | None, remainder_of: int | None = None, **values: Any) -> Planned:
    """Plan a mailing from its form, in one transaction with the end of the draft that the form may have been.

    With `remainder_of` it goes to those whom that mailing has not reached; Refused while that one is not over.
    """
    named = {"form_key": form_key, "remainder_of": remainder_of}

    def planning(session: Session) -> Mailing:
        if remainder_of is not None:
            check_settled(session, remainder_of)  # first: the new row too locks that mailing, as others may
        mailing = new(session, values | named)
        drafts.take_out(session, form_key)
        return mailing

    return once(form_key, planning)


def send_test(form_key: str | None, name: str, of: int | None = None, *, phone: str, text: str) -> Planned:
    """Send a text to one client now, as a mailing of its own, so that every rule of sending and its records apply.

    Refused on `phone` when no client has it, or when the client wants no messages. `of` is the mailing that it tests.
    """

    def planning(session: Session) -> Mailing:
        client = session.scalars(select(Client).filter_by(phone=phone)).one_or_none()
        if client is None:
            raise Refused(N_("No client has this phone."), field="phone")
        if client.opted_out_at:
            raise Refused(N_("This client wants no messages."), field="phone")
        now = clock.now()
        term = {"starts_at": now, "ends_at": now + TERM_OF_A_TEST, "filter": EVERYONE, "window": None}
        # Enrolment walks along the ids of the clients; it need not begin at the first.
        only = {"only_client_id": client.id, "enrolled_to": client.id - 1}
        values = {"name": name, "text": text, "form_key": form_key} | term | only
        return new(session, values, Action.TEST_SENT, of=of)

    return once(form_key, planning)
