"""Guessing at passwords: made slow for everyone together, and shut for good for nobody."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from config import Settings
from mailing_app import access, clock
from mailing_app.access import passwords, throttle
from mailing_app.access.addresses import neighbourhood
from mailing_app.app import create_app
from mailing_app.db import db
from mailing_app.errors import Refused, Throttled
from mailing_app.models import AuditEntry, SignInFailure
from tests.factories import PASSWORD, an_operator

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"
FREE, MINUTE = throttle.FREE, timedelta(minutes=1)


@pytest.fixture(autouse=True)
def traveller(app: Flask) -> Iterator[Any]:
    """A clock that stands still until it is moved."""
    an_operator("Anna")
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield traveller


def judged(name: str = "Anna", address: str = "", device: str = "", password: str = "not the password") -> str:
    """What becomes of an attempt."""
    try:
        access.sign_in(name, password, address, device)
    except Throttled:
        return "throttled"
    except Refused:
        return "refused"
    return "in"


def wait(name: str = "Anna", **given: str) -> int:
    """The seconds for which an attempt is put off."""
    with pytest.raises(Throttled) as refusal:
        access.sign_in(name, PASSWORD, **given)
    return refusal.value.retry_after


def until_throttled(**given: str) -> int:
    """Guess until one has to wait; how many guesses were judged."""
    number = 0
    while judged(**given) == "refused":
        number += 1
        assert number < 100
    return number


@pytest.mark.parametrize("name", ["Anna", "nobody"])
def test_a_few_failures_are_free_then_not_even_the_password_opens(name: str) -> None:
    assert until_throttled(name=name) == FREE["name"] + 1
    assert judged(name, password=PASSWORD) == "throttled"
    assert wait(name, address=ELSEWHERE) == 15


def test_each_further_failure_doubles_the_wait_up_to_a_bound_and_throttled_attempts_cost_nothing(
    traveller: Any,
) -> None:
    until_throttled()
    waits = []
    for _ in range(9):
        waits.append(wait())
        assert judged() == "throttled"
        traveller.shift(timedelta(seconds=waits[-1] - 1))
        assert wait() == 1
        traveller.shift(timedelta(seconds=1))
        assert judged() == "refused"
    assert waits[:5] == sorted(waits[:5])
    assert [waits[0], waits[1]] == [15, 30]
    assert 600 < max(waits) <= throttle.LONGEST_WAIT.total_seconds()


def test_who_guesses_all_day_gets_about_a_hundred_guesses(traveller: Any) -> None:
    number, ends = until_throttled(), clock.now() + timedelta(days=1)
    while clock.now() < ends:
        traveller.shift(timedelta(seconds=wait()))
        assert judged() == "refused"
        number += 1
    assert number < 130


def test_failures_are_forgotten_little_by_little(traveller: Any) -> None:
    until_throttled()
    traveller.shift(throttle.FORGOTTEN_AFTER * 3)
    assert until_throttled() == 3
    traveller.shift(timedelta(days=1))
    assert until_throttled() == FREE["name"] + 1


def test_the_right_password_clears_the_name_and_of_the_address_only_itself() -> None:
    an_operator("Bert")
    assert [judged(address=HERE) for _ in range(5)] == ["refused"] * 5
    assert judged(address=HERE, password=PASSWORD) == "in"
    assert until_throttled() == FREE["name"] + 1
    assert [judged(f"guess {number}", address=HERE) for number in range(15)] == ["refused"] * 15
    for _ in range(3):
        assert judged("Bert", address=HERE, password=PASSWORD) == "in"
    assert [judged(f"more {number}", address=HERE) for number in range(2)] == ["refused", "throttled"]


def test_many_names_from_one_address_are_one_guesser() -> None:
    told = [judged(f"name {number}", address=HERE) for number in range(25)]
    assert told == ["refused"] * (FREE["address"] + 1) + ["throttled"] * 4
    assert judged("name", address=ELSEWHERE) == "refused"


@pytest.mark.parametrize(("seconds", "told"), [(1, "1 s"), (90, "90 s"), (91, "2 min"), (900, "15 min")])
def test_a_wait_is_told_in_what_people_count_in(seconds: int, told: str) -> None:
    assert str(Throttled(seconds)).endswith(f"Try again in {told}.")


@pytest.mark.parametrize(("address", "counts_as"), [
    ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ("2001:db8:1:2::", "2001:db8:1:2::/64"), ("2001:db8:1:3::", "2001:db8:1:3::/64"), ("unknown", "unknown"), ("", ""),
    ("192.0.2.1:443", "192.0.2.1"), ("[2001:db8:1:2::7]:443", "2001:db8:1:2::/64"), ("192.0.2.1:x", "192.0.2.1:x"),
])  # fmt: skip
def test_addresses_count_as_far_as_they_tell_people_apart(address: str, counts_as: str) -> None:
    assert neighbourhood(address) == counts_as


def test_strangers_do_not_keep_an_operator_out_of_a_browser_that_is_known() -> None:
    mark = access.device("Anna")
    until_throttled(address=HERE)
    assert judged(address=HERE, device=mark, password=PASSWORD) == "in"
    assert judged(address=HERE, password=PASSWORD) == "throttled"  # nor does it open the door to them
    assert until_throttled(device=mark) == FREE["device"] + 1
    assert access.device("Anna", mark) == mark


def test_a_mark_of_a_name_that_ends_like_another_is_none_for_that_one() -> None:
    lot, _, print_ = access.device("x:Anna").partition(".")
    until_throttled()
    assert judged(device=f"{lot}:x.{print_}", password=PASSWORD) == "throttled"


@pytest.mark.parametrize("mark", ["x", "é.\u0416", ".", "0" * 32 + "." + "0" * 64, access.devices.__doc__])
def test_a_mark_that_is_none_helps_nobody(mark: str) -> None:
    until_throttled()
    others = access.device("Bert")
    assert judged(device=mark, password=PASSWORD) == "throttled"
    assert judged(device=others, password=PASSWORD) == "throttled"
    assert access.device("Anna", others) != others


def test_of_many_guesses_at_once_in_several_processes_no_more_are_judged(app: Flask, settings: Settings) -> None:
    told: list[str] = []
    apps = [app, create_app(settings)]
    ready = threading.Barrier(16)

    def guess(number: int) -> None:
        with apps[number % 2].app_context():
            ready.wait()
            told.append(judged(address=HERE))

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with apps[1].app_context():
        db.engine.dispose()
    assert sorted(told) == ["refused"] * (FREE["name"] + 1) + ["throttled"] * (15 - FREE["name"])


def test_an_unknown_name_costs_as_many_hashes_as_a_known_one(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    passwords.matches(None, "")  # makes the hash that nobody has
    asked: list[str] = []
    real = passwords._hasher

    class Counting:
        def verify(self, *given: Any) -> bool:
            asked.append("a hash")
            return real.verify(*given)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    assert [(until_throttled(name=name), len(asked)) for name in ("Anna", "nobody")] == [(6, 6), (6, 12)]


def test_the_field_for_the_present_password_is_throttled_by_itself(traveller: Any) -> None:
    here = access.sign_in("Anna", PASSWORD)
    until_throttled()  # strangers at the door
    for _ in range(FREE["present"] + 1):
        with pytest.raises(Refused, match="present password"):
            access.change_own_password(here, "a wrong password", "staple of green ideas")
    with pytest.raises(Throttled):
        access.change_own_password(here, PASSWORD, "staple of green ideas")
    traveller.shift(timedelta(seconds=15))
    assert access.change_own_password(here, PASSWORD, "staple of green ideas")


def test_what_is_worth_nothing_is_forgotten(traveller: Any) -> None:
    for number in range(10):
        judged(f"name {number}")
    until_throttled()
    traveller.shift(throttle.FORGOTTEN_AFTER + timedelta(seconds=1))
    judged("name")
    assert kept() == 2
    traveller.shift(timedelta(days=1))
    judged("name")
    assert kept() == 1


def test_the_table_tells_neither_names_nor_addresses() -> None:
    judged("my password, in the wrong field", address=HERE)
    keys = list(db.session.scalars(select(SignInFailure.key_hash)))
    assert len(keys) == 2
    assert all(len(key) == 64 and int(key, 16) for key in keys)
    assert len({throttle.Counter(kind, "Anna").key for kind in FREE}) == len(FREE)


def test_a_clock_that_was_set_back_keeps_nobody_out(traveller: Any) -> None:
    until_throttled()
    traveller.shift(-timedelta(days=1))
    assert judged(password=PASSWORD) == "in"


def test_the_trail_tells_how_often_it_failed_before() -> None:
    for _ in range(3):
        judged()
    access.sign_in("Anna", PASSWORD)
    access.sign_in("Anna", PASSWORD)
    details = list(db.session.scalars(select(AuditEntry.details).order_by(AuditEntry.id)))
    assert [each.get("failures") for each in details] == [3, None]


def kept() -> int:
    return db.session.scalar(select(func.count()).select_from(SignInFailure)) or 0
