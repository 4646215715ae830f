"""Browsers in which somebody is signed in, each with a secret in its cookie."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from mailing_app import audit, clock
from mailing_app.access import passwords, throttle
from mailing_app.access.addresses import neighbourhood
from mailing_app.access.devices import is_known
from mailing_app.access.secrecy import kept, new_secret, note_use
from mailing_app.db import changed, db, transaction
from mailing_app.errors import N_, NotFound, Refused
from mailing_app.models import Action, ActorKind, Operator, SignIn

IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=12)
"""A sign-in ends after so long without a request, and after so long in any case (OWASP ASVS 5, 7.3)."""

WRONG_PRESENT = N_("This is not your present password.")


def sign_in(name: str, password: str, address: str = "", device: str = "") -> str:
    """The secret of a new sign-in, for the cookie; Refused alike for an unknown name and a wrong password.

    Throttled, whatever the password, after too many failures: of a browser that carries a mark for this name
    (`device`) its own, else those under the name and from the `address`, where one is known.
    """
    counters = _counters(name, address, device)
    before = throttle.failures(throttle.Counter("name", name))
    throttle.begin(*counters)
    found = db.session.scalars(select(Operator).filter_by(name=name, deactivated_at=None)).one_or_none()
    known = found.password_hash if found else None
    # An unknown name costs as much time as a known one, so that the clock tells nobody who exists.
    if not passwords.matches(known, password) or found is None:
        raise Refused(N_("Name or password is wrong."))
    secret, now = new_secret(), clock.now()
    with transaction() as session, audit.acting(audit.Actor(ActorKind.OPERATOR, name)):
        operator = session.get_one(Operator, found.id, with_for_update=True, populate_existing=True)
        # While the password was looked at, an admin may have changed it or shut the door.
        if operator.password_hash != known or operator.deactivated_at:
            raise Refused(N_("Name or password is wrong."))
        operator.seen_at = now
        session.add(SignIn(secret_hash=kept(secret), operator_id=operator.id, created_at=now, seen_at=now))
        session.execute(delete(SignIn).where(SignIn.seen_at < now - LONGEST))
        throttle.forgive(session, *counters)
        told = {"failures": before} if before else {}
        audit.note(session, Action.SIGNED_IN, operator_id=operator.id, operator=name, **told)
    return secret


def signed_in(secret: str) -> Operator | None:
    """The operator behind a cookie's secret, None when the sign-in is over."""
    found = db.session.scalars(select(SignIn).filter_by(secret_hash=kept(secret))).one_or_none()
    now = clock.now()
    if found is None or found.operator.deactivated_at or _is_over(found, now):
        return None
    if now - found.seen_at > timedelta(minutes=1):
        note_use(  # the operator first, as everywhere: two who lock in different orders wait for each other
            update(Operator).where(Operator.id == found.operator_id).values(seen_at=now),
            update(SignIn).where(SignIn.id == found.id).values(seen_at=now),
        )
    return found.operator


def sign_ins(operator_id: int) -> list[SignIn]:
    """The sign-ins of an operator that are not over, the newest first."""
    found = db.session.scalars(select(SignIn).filter_by(operator_id=operator_id).order_by(SignIn.id.desc()))
    return [each for each in found if not _is_over(each, clock.now())]


def is_of(sign_in: SignIn, secret: str) -> bool:
    """Whether it is the sign-in with this secret."""
    return sign_in.secret_hash == kept(secret)


def end_sign_ins(operator_id: int, secret: str) -> None:
    """End all sign-ins of an operator but the one with this secret, that of the browser in which it is asked for."""
    with transaction() as session:
        operator = session.get(Operator, operator_id, with_for_update=True)
        if operator is None:
            raise NotFound
        others = delete(SignIn).where(SignIn.operator_id == operator_id, SignIn.secret_hash != kept(secret))
        if changed(session, others):
            audit.note(session, Action.SIGN_INS_ENDED, operator_id=operator_id, operator=operator.name)


def sign_out(secret: str) -> None:
    """End a sign-in here, whatever the browser keeps."""
    with transaction() as session:
        session.execute(delete(SignIn).where(SignIn.secret_hash == kept(secret)))


def change_own_password(secret: str, present: str, password: str) -> str:
    """Change the password of who is signed in; the new secret of this sign-in, the only one that goes on.

    Refused on `present` when that is not the password so far; Throttled when it was not too often.
    """
    own = select(SignIn).filter_by(secret_hash=kept(secret))
    operator = db.session.scalars(own).one().operator
    known = operator.password_hash
    hashed, new = passwords.hashed(password, operator.name), new_secret()
    # Not the counter of the name: strangers who guess at it would keep its owner from a new password.
    counter = throttle.Counter("present", str(operator.id))
    throttle.begin(counter)
    if not passwords.matches(known, present):
        raise Refused(WRONG_PRESENT, field="present")
    with transaction() as session:
        operator = session.get_one(Operator, operator.id, with_for_update=True, populate_existing=True)
        sign_in = session.scalars(own).one_or_none()
        if sign_in is None or operator.password_hash != known:  # an admin was faster
            raise Refused(WRONG_PRESENT, field="present")
        operator.password_hash, sign_in.secret_hash = hashed, kept(new)
        session.execute(delete(SignIn).where(SignIn.operator_id == operator.id, SignIn.id != sign_in.id))
        throttle.forgive(session, counter)
        audit.note(session, Action.PASSWORD_CHANGED, operator_id=operator.id, operator=operator.name)
    return new


def _counters(name: str, address: str, device: str) -> list[throttle.Counter]:
    if is_known(name, device):
        return [throttle.Counter("device", device)]
    of_name = throttle.Counter("name", name)
    return [of_name, throttle.Counter("address", neighbourhood(address))] if address else [of_name]


def _is_over(found: SignIn, now: datetime) -> bool:
    return now - found.seen_at > IDLE or now - found.created_at > LONGEST
