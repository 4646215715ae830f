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
    moments = sorted(seen.first_byte_at for seen in gateway.inbox)
    # Forty messages a second either way. A thread may be held up after its claim, so the first one came earlier
    # than it was seen: a second's worth of slack, beside the quarter that the bucket holds.
    ahead = [place - 40 * (moment - moments[0]) for place, moment in enumerate(moments)]
    assert max(ahead) <= 40 * 1.25
    assert moments[-1] - moments[0] >= number / 40 - 1.25
