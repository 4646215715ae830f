"""The geometry of charts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailing_app import charts
from mailing_app.charts import BOTTOM, TOP, Bar, Line

values = st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)), max_size=80)


@pytest.mark.parametrize(("highest", "top"), [
    (0, 1), (1, 1), (3, 3), (4, 4), (5, 6), (9, 10), (17, 20), (23, 30), (99, 100), (101, 150), (1_000_001, 1_500_000),
])  # fmt: skip
def test_the_top_is_a_round_number(highest: int, top: int) -> None:
    assert charts.top_of(highest) == top


def test_bars_stand_upon_each_other() -> None:
    picture = charts.stacked({"good": [3, 0], "bad": [1, 2]})
    assert [(tick.y, tick.value) for tick in picture.ticks] == [(84, 0), (64.5, 1), (45, 2), (25.5, 3), (6, 4)]
    assert picture.bars == [
        Bar("good", 5, 25.5, 40, 58.5), Bar("bad", 5, 6, 40, 19.5), Bar("bad", 55, 45, 40, 39),
    ]  # fmt: skip
    assert [(mark.x, mark.place) for mark in picture.marks] == [(25, 0), (75, 1)]


def test_lines_go_from_edge_to_edge() -> None:
    picture = charts.drawn({"sent": [0, 1, 2]})
    assert picture.lines == [Line("sent", 0, 84, 50, 45), Line("sent", 50, 45, 100, 6)]
    assert [mark.anchor for mark in picture.marks] == ["start", "middle", "end"]


def test_shares_lie_beside_each_other() -> None:
    assert charts.shares({"sent": 2, "failed": 0, "expired": 1}, 4) == [
        Bar("sent", 0, 0, 50, 100), Bar("expired", 50, 0, 25, 100),
    ]  # fmt: skip


@given(values)
def test_whatever_the_values_everything_lies_within_the_picture(columns: list[tuple[int, int]]) -> None:
    series = {"one": [one for one, _ in columns], "two": [two for _, two in columns]}
    for picture in (charts.stacked(series), charts.drawn(series)):
        assert 2 <= len(picture.ticks) <= charts.TICKS + 1
        assert len(picture.marks) <= charts.MARKS
        assert all(TOP <= tick.y <= BOTTOM for tick in picture.ticks)
        assert all(0 <= bar.x <= 100 and bar.x + bar.width <= 100.01 for bar in picture.bars)
        assert all(bar.y >= TOP and bar.y + bar.height <= BOTTOM + 0.02 for bar in picture.bars)
        assert all(TOP <= y <= BOTTOM for line in picture.lines for y in (line.y1, line.y2))


@given(values)
def test_the_height_of_a_stack_is_the_sum_of_its_values(columns: list[tuple[int, int]]) -> None:
    picture = charts.stacked({"one": [one for one, _ in columns], "two": [two for _, two in columns]})
    a_unit = (BOTTOM - TOP) / picture.ticks[-1].value
    drawn = sum(bar.height for bar in picture.bars)
    assert drawn == pytest.approx(a_unit * sum(map(sum, columns)), abs=0.02 * max(len(picture.bars), 1))
