"""The table of the benchmarks: what it says of a row, what it keeps, and that a run writes into it."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.table import BEGIN, END, HEAD, Goal, Row, write
from config import ROOT

FAST, SMALL = Goal(0.9), Goal(200, at_most=True, unit="MiB")


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (Row("a", FAST, [95, 60, 190], "/s", [100, 100, 200]), "met"),
        (Row("a", FAST, [80, 60, 190], "/s", [100, 100, 200]), "**missed**"),
        (Row("a", FAST, [95, 60, 190], "/s", [100, 100, 200], worst=True), "**missed**"),
        (Row("a", SMALL, [190, 210, 180], "MiB"), "met"),
        (Row("a", SMALL, [190, 210, 180], "MiB", [1, 1, 1], "idle"), "met"),
        (Row("a", SMALL, [190, 210, 180], "MiB", worst=True), "**missed**"),
        (Row("a", FAST, note="Kannel is missing"), "not measured"),
    ],
)
def test_the_median_of_the_pairs_is_judged_unless_the_worst_is(row: Row, verdict: str) -> None:
    assert row.verdict == verdict


def test_a_row_shows_goal_spread_and_ratio() -> None:
    row = Row("sending", FAST, [1900, 1950, 2000], "/s", [2000, 2000, 2000], "bare loop", note="warm")
    assert row.line("today") == (
        "| sending | ≥ 0.9 | 1,950 /s (1,900 to 2,000); warm | bare loop: 2,000 /s (2,000 to 2,000) | 0.975 (0.95 to 1)"
        " | met | today |"
    )


def test_a_row_takes_the_place_of_its_last_figures_and_leaves_the_others(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"# Performance\n\n{BEGIN} -->\n{END}\n\n## Where the time goes\n")
    write(document, "A machine.", [Row("sending", FAST, [1], note="old").line("1"), Row("pages", SMALL, [1]).line("1")])
    write(document, "Another machine.", [Row("sending", FAST, [2], note="new").line("2")])
    text = document.read_text()
    assert text.startswith("# Performance\n")
    assert text.endswith("\n\n## Where the time goes\n")
    assert [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| ")] == [
        HEAD[0].split(" | ")[0],
        "| sending",
        "| pages",
    ]
    assert "new" in text
    assert "old" not in text
    assert "Another machine." in text
    assert "A machine." not in text


def test_a_small_run_measures_and_writes(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    small = ["--only", "exchange", "--scale", "0.001", "--rounds", "1", "--into", str(document)]
    subprocess.run([sys.executable, "-m", "benchmarks", *small], cwd=ROOT, check=True, timeout=100)
    rows = [line for line in document.read_text().splitlines() if line.startswith("| processor time a call")]
    assert len(rows) == 2
    assert all(row.count("plain `Session.post`: ") == 1 for row in rows)
