"""Charts: values become geometry, in per cent of the picture, so that it stretches and its lettering does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

TOP, BOTTOM = 6.0, 84.0
"""Between which heights the values are drawn; below stand the labels."""

GAP = 0.2
"""Which share of its place a bar leaves free."""

EDGE = 8.0
"""So near an edge a label begins or ends at its mark, and is not centred on it."""

TICKS, MARKS = 4, 5
"""How many lines with numbers there are at most above the ground, and how many labels below it."""


class Tick(NamedTuple):
    """A line across the picture, and the value that it stands for."""

    y: float
    value: int


class Mark(NamedTuple):
    """Where a label stands: that of the value at `place`. `anchor` is SVG's `text-anchor`."""

    x: float
    place: int
    anchor: str


class Bar(NamedTuple):
    """A rectangle of a series."""

    series: str
    x: float
    y: float
    width: float
    height: float


class Line(NamedTuple):
    """A stroke of a series from one value to the next."""

    series: str
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class Picture:
    """Everything to be drawn."""

    ticks: Sequence[Tick]
    marks: Sequence[Mark]
    bars: Sequence[Bar] = ()
    lines: Sequence[Line] = ()


def stacked(series: Mapping[str, Sequence[int]]) -> Picture:
    """Bars, those of one place upon each other in the order of the series. All series are of one length."""
    columns = list(zip(*series.values(), strict=True))
    top = top_of(max(map(sum, columns), default=0))
    width = 100 / max(len(columns), 1)
    bars = []
    for place, column in enumerate(columns):
        below = 0
        for name, value in zip(series, column, strict=True):
            below += value
            if value:
                height = _height(below - value, top) - _height(below, top)
                bars.append(Bar(name, _round((place + GAP / 2) * width), _height(below, top), _bar(width), height))
    marks = [_mark(place, (place + 0.5) * width) for place in _chosen(len(columns))]
    return Picture(_ticks(top), marks, bars=bars)


def drawn(series: Mapping[str, Sequence[int]]) -> Picture:
    """Lines through the values, from the left edge to the right one. All series are of one length."""
    number = len(next(iter(series.values()), ()))
    top = top_of(max((max(values, default=0) for values in series.values()), default=0))
    across = [100 * place / max(number - 1, 1) for place in range(number)]
    lines = [
        Line(name, _round(x1), _height(before, top), _round(x2), _height(after, top))
        for name, values in series.items()
        for (x1, before), (x2, after) in pairwise(zip(across, values, strict=True))
    ]
    return Picture(_ticks(top), [_mark(place, across[place]) for place in _chosen(number)], lines=lines)


def shares(counts: Mapping[str, int], most: int) -> Sequence[Bar]:
    """One bar that lies on its side: as long as its sum is of `most`, divided as the counts are."""
    bars, before = [], 0
    for name, count in counts.items():
        if count:
            bars.append(Bar(name, _round(100 * before / most), 0, _round(100 * count / most), 100))
        before += count
    return bars


def top_of(highest: int) -> int:
    """The lowest number not below the highest value that a few even steps of 1, 2 or 5 times a power of ten reach."""
    step = _step(highest)
    return max(-(-highest // step), 1) * step


def _step(highest: int) -> int:
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power * TICKS >= highest:
                return digit * power
        power *= 10


def _ticks(top: int) -> list[Tick]:
    return [Tick(_height(value, top), value) for value in range(0, top + 1, _step(top))]


def _height(value: int, top: int) -> float:
    return _round(BOTTOM - (BOTTOM - TOP) * value / top)


def _bar(width: float) -> float:
    return _round(width * (1 - GAP))


def _chosen(number: int) -> range:
    """The places that get a label, evenly spread, the first one among them."""
    return range(0, number, max(-(-number // MARKS), 1))


def _mark(place: int, x: float) -> Mark:
    anchor = "start" if x < EDGE else "end" if x > 100 - EDGE else "middle"
    return Mark(_round(x), place, anchor)


def _round(value: float) -> float:
    return round(value, 2)
