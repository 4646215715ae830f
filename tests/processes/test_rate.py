"""GATEWAY_RATE with real processes: it bounds all of them together."""

import pytest

from mailing_app.practice import PracticeGateway
from tests.dispatch.test_storage import figures
from tests.factories import a_crowd, a_mailing
from tests.processes.conftest import Start, eventually


@pytest.mark.parametrize(("unit", "text", "rate"), [("messages", "Hi", 40), ("parts", "я" * 100, 80)])
def test_two_dispatchers_keep_to_one_rate(
    start: Start, gateway: PracticeGateway, unit: str, text: str, rate: int
) -> None:
    for _ in range(2):
        start("dispatcher", gateway_rate=rate, gateway_rate_unit=unit)
    number = a_crowd(160)
    mailing = a_mailing(text=text)
    eventually(lambda: figures(mailing) == {"sent": number}, seconds=60)
    assert_paced(gateway, 40)


@pytest.mark.server
def test_a_fleet_keeps_to_one_rate(start: Start, gateway: PracticeGateway) -> None:
    for _ in range(3):
        start("worker", gateway_rate=40)
    number = a_crowd(160)
    mailing = a_mailing()
    eventually(lambda: figures(mailing) == {"sent": number}, seconds=60)
    assert_paced(gateway, 40)


def assert_paced(gateway: PracticeGateway, rate: int) -> None:
    """No more than so many messages a second came.

    A thread may be held up after its claim, so the first one came earlier than it was seen: a second's worth of slack,
    beside the quarter that the bucket holds.
    """
    moments = sorted(seen.first_byte_at for seen in gateway.inbox)
    ahead = [place - rate * (moment - moments[0]) for place, moment in enumerate(moments)]
    assert max(ahead) <= rate * 1.25
    assert moments[-1] - moments[0] >= len(moments) / rate - 1.25
