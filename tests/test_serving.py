"""What a process does to itself before it serves or sends."""

import sys
from collections.abc import Iterator

import pytest

from config import Settings
from mailing_app import serving


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize(("seats", "seconds"), [(64, 0.005), (200, 0.005), (1280, 0.032), (2048, 0.0512)])
def test_so_many_seats_ask_for_the_interpreter_40_000_times_a_second_at_most(seats: int, seconds: float) -> None:
    serving._let_seats_wait(Settings(_env_file=None, gateway_concurrency=seats))
    assert sys.getswitchinterval() == pytest.approx(seconds)
