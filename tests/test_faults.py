"""The table of faults names tests that exist."""

import re

import pytest

from config import ROOT

NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", (ROOT / "docs" / "faults.md").read_text())))


def test_the_table_is_a_table() -> None:
    rows = [line for line in (ROOT / "docs" / "faults.md").read_text().splitlines() if ".py::" in line]
    assert len(rows) >= 40
    assert all(line.count("|") == 5 for line in rows)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_the_test_exists(file: str, name: str) -> None:
    assert re.search(rf"^(    )?def {name}\(", (ROOT / "tests" / file).read_text(), re.MULTILINE)
