"""The table of the goals: what was measured, what stands beside it, and the verdict; kept in docs/performance.md."""

import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

BEGIN, END = "<!-- make bench: from here", "<!-- make bench: to here -->"
HEAD = (
    "| what | goal | measured: median (least to most) | beside it | ratio | verdict | measured on |",
    "|---|---|---|---|---|---|---|",
)


@dataclass(frozen=True)
class Goal:
    """A bound on the ratio to what stands beside, or with a unit on the figure itself."""

    bound: float
    at_most: bool = False
    unit: str = ""

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {figure(self.bound)}{self.unit and ' '}{self.unit}"

    def met_by(self, value: float) -> bool:
        """Whether the figure is within the bound."""
        return value <= self.bound if self.at_most else value >= self.bound


@dataclass(frozen=True)
class Row:
    """A line of the table. `what` names it, from run to run; `ours` and `beside` were measured in turns."""

    what: str
    goal: Goal
    ours: Sequence[float] = ()
    unit: str = ""
    beside: Sequence[float] = ()
    against: str = ""
    """What stands beside it."""
    worst: bool = False
    """Whether the goal is for the worst of what was measured, not for the median."""
    note: str = ""
    """What has to be said of it; the reason, where nothing was measured."""
    ratios: list[float] = field(init=False)

    def __post_init__(self) -> None:
        paired = zip(self.ours, self.beside, strict=True) if self.beside else ()
        object.__setattr__(self, "ratios", [own / other for own, other in paired])

    @property
    def verdict(self) -> str:
        """Whether the goal is met."""
        if not self.ours:
            return "not measured"
        judged = self.ours if self.goal.unit else self.ratios or self.ours
        worst = max(judged) if self.goal.at_most else min(judged)
        return "met" if self.goal.met_by(worst if self.worst else statistics.median(judged)) else "**missed**"

    def line(self, measured_on: str) -> str:
        """The row as Markdown writes it."""
        beside = f"{self.against}: {spread(self.beside, self.unit)}" if self.beside else ""
        ours = "; ".join(filter(None, [spread(self.ours, self.unit), self.note]))
        ratio = spread(self.ratios)
        return f"| {self.what} | {self.goal} | {ours} | {beside} | {ratio} | {self.verdict} | {measured_on} |"


def figure(value: float) -> str:
    """Three digits, as far as there are any."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(values: Sequence[float], unit: str = "") -> str:
    """The median, and between what it lies where there is more than one."""
    if not values:
        return ""
    middle = f"{figure(statistics.median(values))}{unit and ' '}{unit}"
    return middle if len(values) == 1 else f"{middle} ({figure(min(values))} to {figure(max(values))})"


def write(document: Path, machine: str, lines: Iterable[str]) -> None:
    """Put the rows into the table between the markers: in place of those of the same name, else at its end."""
    text = document.read_text() if document.exists() else f"{BEGIN} -->\n{END}\n"
    place = re.search(rf"{re.escape(BEGIN)}.*?{re.escape(END)}", text, re.DOTALL)
    assert place, f"{document} has no markers"
    kept = [line for line in place[0].splitlines() if line.startswith("|") and line not in HEAD]
    table = {_name(line): line for line in [*kept, *lines]}
    whole = [f"{BEGIN}, written by it -->", "", machine, "", *HEAD, *table.values(), "", END]
    document.write_text(text[: place.start()] + "\n".join(whole) + text[place.end() :])


def _name(line: str) -> str:
    return line.split("|")[1].strip()
