"""The controls of a mailing. Asking for what is so already is no error; for what cannot be any more, it is."""

from mailing_app import audit, clock
from mailing_app.db import transaction
from mailing_app.errors import N_, Refused
from mailing_app.mailings.planning import locked, touch
from mailing_app.models import Action, Mailing, Phase


def pause(mailing_id: int, reason: str = "") -> Mailing:
    """Send nothing until `resume`. What is on the wire already still gets its answer."""
    with transaction() as session:
        mailing = locked(session, mailing_id)
        check_open(mailing)
        if not mailing.paused_at:
            mailing.paused_at, mailing.pause_reason = clock.now(), reason
            touch(mailing)
            audit.note(session, Action.MAILING_PAUSED, mailing_id=mailing_id, reason=reason)
    return mailing


def resume(mailing_id: int) -> Mailing:
    """Go on where `pause` stopped."""
    with transaction() as session:
        mailing = locked(session, mailing_id)
        check_open(mailing)
        if mailing.paused_at:
            mailing.paused_at, mailing.pause_reason = None, ""
            touch(mailing)
            audit.note(session, Action.MAILING_RESUMED, mailing_id=mailing_id)
    return mailing


def cancel(mailing_id: int) -> Mailing:
    """End the mailing for good; those not yet written to are counted as cancelled."""
    with transaction() as session:
        mailing = locked(session, mailing_id)
        if not mailing.cancelled_at:
            check_open(mailing)
            mailing.cancelled_at = clock.now()
            touch(mailing)
            audit.note(session, Action.MAILING_CANCELLED, mailing_id=mailing_id)
    return mailing


def delete(mailing_id: int, expected: int | None = None) -> None:
    """Take the mailing from the lists; it sends nothing more, its messages stay in the totals."""
    with transaction() as session:
        mailing = locked(session, mailing_id, expected)
        mailing.deleted_at = clock.now()
        mailing.form_key = None  # whoever goes back to its form may plan it anew
        touch(mailing)
        audit.note(session, Action.MAILING_DELETED, mailing_id=mailing_id)


def check_open(mailing: Mailing) -> None:
    """Refused when the mailing sends nothing more."""
    phase = mailing.phase(clock.now())
    if phase is Phase.FINISHED:
        raise Refused(N_("The mailing is finished."))
    if phase is Phase.CANCELLED:
        raise Refused(N_("The mailing is cancelled."))
