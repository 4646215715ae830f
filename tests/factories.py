"""Things to test with, each in one line: what is not said is sensible."""

from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any

from mailing_app import clients, clock, mailings
from mailing_app.access import passwords
from mailing_app.db import transaction
from mailing_app.models import Client, Mailing, Operator, Role

# The practice gateway gives numbers that end in 9001 and the like a weather of their own.
_numbers = (number for number in count(79001000001) if number % 10_000 < 9_000)


def a_phone() -> str:
    """A phone that no other test thing has."""
    return str(next(_numbers))


def a_client(**given: Any) -> Client:
    """A client in the register."""
    phone = given.setdefault("phone", a_phone())
    return clients.add(**({"operator_code": phone[1:4], "tag": "", "timezone": "Europe/Moscow"} | given))


def some_clients(number: int, **given: Any) -> list[Client]:
    """So many clients."""
    return [a_client(**given) for _ in range(number)]


def a_crowd(number: int) -> int:
    """So many clients at once, for tests that need many of them quickly; their number."""
    now = clock.now()
    plain = {"operator_code": "900", "timezone": "Europe/Moscow", "created_at": now, "updated_at": now}
    with transaction() as session:
        session.add_all(Client(phone=a_phone(), **plain) for _ in range(number))
    return number


def a_mailing(**given: Any) -> Mailing:
    """A mailing that began a minute ago, ends in an hour and is for everyone."""
    now = clock.now()
    plain = {
        "name": "Test",
        "text": "Hello!",
        "starts_at": now - timedelta(minutes=1),
        "ends_at": now + timedelta(hours=1),
        "filter": a_filter(),
        "window": None,
    }
    return mailings.add(**(plain | given))


PASSWORD = "correct horse battery"


def an_operator(name: str, role: Role = Role.VIEWER, **given: Any) -> int:
    """The id of an operator with the password of the tests, without the time that its hash takes."""
    plain = {"password_hash": hashed_once(), "created_at": clock.now()}
    with transaction() as session:
        operator = Operator(name=name, role=role, **(plain | given))
        session.add(operator)
    return operator.id


@cache
def hashed_once() -> str:
    """The hash of the tests' password."""
    return passwords.hashed(PASSWORD, "")


def a_filter(**lists: list[str]) -> dict[str, list[str]]:
    """A mailing's filter that matches everyone, but for the lists given."""
    return {"operator_codes": [], "tags": [], "timezones": []} | lists
