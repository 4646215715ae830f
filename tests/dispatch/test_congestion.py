"""How much may be in flight, on a clock of the test's own."""

from hypothesis import given
from hypothesis import strategies as st

from mailing_app.dispatch.congestion import FIRST, Congestion


def grown(most: int) -> Congestion:
    """As wide as it gets."""
    congestion = Congestion(most)
    while congestion.allowed < most:
        congestion.thrive()
    return congestion


@given(
    st.integers(1, 2048),
    st.lists(st.none() | st.tuples(st.floats(0, 30), st.floats(0, 30))),
)
def test_it_stays_between_one_and_the_most(most: int, events: list[tuple[float, float] | None]) -> None:
    congestion, now = Congestion(most), 0.0
    for event in events:
        if event is None:
            congestion.thrive()
        else:
            passed, took = event
            now += passed
            congestion.choke(now - took, now)
        assert 1 <= congestion.allowed <= most


def test_it_begins_small_and_doubles_every_round_trip() -> None:
    congestion = Congestion(64)
    assert congestion.allowed == FIRST
    for expected in (16, 32, 64, 64):
        for _ in range(congestion.allowed):
            congestion.thrive()
        assert congestion.allowed == expected


def test_one_halving_for_all_that_were_on_their_way() -> None:
    congestion = grown(64)
    for late in range(64):
        congestion.choke(began=9.0, now=10.0 + late / 100)
    assert congestion.allowed == 32
    congestion.choke(began=10.5, now=11.0)  # begun since: the halving was not enough
    assert congestion.allowed == 16


def test_after_a_halving_it_grows_by_one_a_round_trip() -> None:
    congestion = grown(64)
    congestion.choke(began=0.0, now=1.0)
    for expected in (33, 34, 35):
        for _ in range(expected):
            congestion.thrive()
        assert congestion.allowed == expected
