"""The people who may sign in to the pages. Nobody is ever deleted: the audit trail names them."""

from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from mailing_app import audit, clock
from mailing_app.access import passwords
from mailing_app.db import db, transaction
from mailing_app.errors import N_, NotFound, Refused
from mailing_app.models import Action, Operator, Role, SignIn


def _name_taken() -> Refused:
    return Refused(N_("Another operator has this name."), field="name")


NAME_IS_UNIQUE = {"uq_operator_name": _name_taken}

LAST_ADMIN = N_("This is the last active admin: make another one first.")


def add_operator(name: str, password: str, role: Role) -> Operator:
    """Add a person who may sign in to the pages."""
    hashed = passwords.hashed(password, name)
    with transaction(NAME_IS_UNIQUE) as session:
        operator = Operator(name=name, password_hash=hashed, role=role, created_at=clock.now())
        session.add(operator)
        session.flush()
        _note(session, Action.OPERATOR_ADDED, operator, role=role)
    return operator


def operators() -> list[Operator]:
    """Everyone who may sign in or once might, by name."""
    return list(db.session.scalars(select(Operator).order_by(Operator.name)))


def operator(operator_id: int) -> Operator:
    """The operator under this id; NotFound when there is none."""
    found = db.session.get(Operator, operator_id)
    if found is None:
        raise NotFound
    return found


def anybody() -> bool:
    """Whether the service has an operator at all."""
    return bool(db.session.scalar(select(func.count()).select_from(Operator)))


def known_as(name: str) -> str:
    """The name if an operator has it, else nothing: what is typed into the field for it may be a password."""
    return db.session.scalar(select(Operator.name).filter_by(name=name)) or ""


def change_operator(operator_id: int, name: str, role: Role) -> Operator:
    """Give another name or role; Refused when nobody would be left who may do it again."""
    with transaction(NAME_IS_UNIQUE) as session:
        operator = _locked(session, operator_id, remains_admin=role is Role.ADMIN)
        _change(session, operator, name=name, role=role)
    return operator


def change_profile(operator_id: int, **values: str) -> Operator:
    """Change what an operator decides alone: the `language` of the pages, and the `timezone` of their moments."""
    with transaction() as session:
        operator = _locked(session, operator_id)
        _change(session, operator, **values)
    return operator


def set_password(operator_id: int, password: str) -> Operator:
    """Give somebody a new password, and end all sign-ins under the old one."""
    hashed = passwords.hashed(password, operator(operator_id).name)
    with transaction() as session:
        found = _locked(session, operator_id)
        found.password_hash = hashed
        _end_sign_ins(session, operator_id)
        _note(session, Action.PASSWORD_CHANGED, found)
    return found


def deactivate(operator_id: int) -> None:
    """Let an operator in no more, from this moment on; Refused for the last active admin."""
    with transaction() as session:
        operator = _locked(session, operator_id, remains_admin=False)
        _end_sign_ins(session, operator_id)
        if not operator.deactivated_at:
            operator.deactivated_at = clock.now()
            _note(session, Action.OPERATOR_DEACTIVATED, operator)


def reactivate(operator_id: int) -> None:
    """Let an operator in again, with the password that was."""
    with transaction() as session:
        operator = _locked(session, operator_id)
        if operator.deactivated_at:
            operator.deactivated_at = None
            _note(session, Action.OPERATOR_REACTIVATED, operator)


def _locked(session: Session, operator_id: int, remains_admin: bool = True) -> Operator:
    """The operator, nobody else changing it; Refused when it is the last active admin and does not remain one.

    All active admins are locked with it, in one order: of two who take each other's role away, the second
    sees what the first has done.
    """
    admin = (Operator.role == Role.ADMIN) & Operator.deactivated_at.is_(None)
    wanted = select(Operator).where(or_(Operator.id == operator_id, admin)).order_by(Operator.id).with_for_update()
    found = {each.id: each for each in session.scalars(wanted.execution_options(populate_existing=True))}
    if operator_id not in found:
        raise NotFound
    operator = found.pop(operator_id)
    if not remains_admin and operator.role is Role.ADMIN and not operator.deactivated_at and not found:
        raise Refused(LAST_ADMIN)
    return operator


def _change(session: Session, operator: Operator, **values: Any) -> None:
    changes = {name: value for name, value in values.items() if getattr(operator, name) != value}
    told = {name: [getattr(operator, name), value] for name, value in changes.items()}
    if told:
        _note(session, Action.OPERATOR_CHANGED, operator, **told)
    for name, value in changes.items():
        setattr(operator, name, value)


def _end_sign_ins(session: Session, operator_id: int) -> None:
    session.execute(delete(SignIn).where(SignIn.operator_id == operator_id))


def _note(session: Session, action: Action, operator: Operator, **details: Any) -> None:
    audit.note(session, action, operator_id=operator.id, operator=operator.name, **details)
