"""docs/security.md speaks of every item of the standard, and names tests that exist; and what no other test holds."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config import ROOT
from tests.factories import a_mailing

PAGE = (ROOT / "docs" / "security.md").read_text()

ITEMS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4,
    "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5,
    "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4,
    "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3, "17.1": 1, "17.2": 4,
    "17.3": 2,
}  # fmt: skip
"""How many items of levels 1 and 2 each section of OWASP ASVS 5.0 has; they are numbered from one."""

RUNS_WHAT_IT_IS_GIVEN = {"eval", "exec", "compile", "pickle", "marshal", "shelve", "subprocess", "system", "popen"}


def rows(title: str) -> list[list[str]]:
    """The rows of the table under this title, cell by cell, without its head."""
    [part] = re.findall(rf"^## {title}[^\n]*\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
    table = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def items(cell: str) -> list[str]:
    """The numbers in a cell; a chapter or section stands for all of it, `1.2.1-5` for the first five of a section."""
    known = [f"{section}.{number}" for section, most in ITEMS.items() for number in range(1, most + 1)]
    found = []
    for word in cell.split():
        first, _, last = word.partition("-")
        if last:
            section, _, number = first.rpartition(".")
            found += [f"{section}.{each}" for each in range(int(number), int(last) + 1)]
        else:
            found += [each for each in known if f"{each}.".startswith(f"{word}.")]
    return found


def test_every_item_is_spoken_of_once() -> None:
    told = [row[0] for title in ("What applies", "Not met", "Left out") for row in rows(title)]
    counted = Counter(item for cell in told for item in items(cell))
    assert counted == dict.fromkeys(
        (f"{section}.{number}" for section, most in ITEMS.items() for number in range(1, most + 1)), 1
    )


def test_there_are_rows_enough_and_each_names_a_test() -> None:
    applied = rows("What applies")
    assert len(applied) >= 40
    assert [row[0] for row in applied if "`tests/" not in row[3]] == []
    assert [row[0] for row in rows("Not met") + rows("Left out") if len(row[-1]) < 10] == []


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE))))
def test_a_test_that_is_named_exists(named: str) -> None:
    path, _, name = named.partition("::")
    assert not name or re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.M)
    assert (ROOT / path).exists()


@pytest.mark.parametrize("module", sorted((ROOT / "mailing_app").rglob("*.py")), ids=lambda path: path.stem)
def test_nothing_runs_what_was_sent(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            named = {alias.name for alias in node.names} | {getattr(node, "module", "") or ""}
            assert not named & RUNS_WHAT_IT_IS_GIVEN
            assert "random" not in named or module.stem == "retry", "secrets are drawn by the module of that name"
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            assert name not in RUNS_WHAT_IT_IS_GIVEN
            assert not name.startswith(("os.system", "os.popen", "os.exec"))


@pytest.mark.parametrize("template", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_no_template_shows_anything_unescaped(template: Path) -> None:
    assert not re.search(r"\|\s*safe|autoescape|Markup", template.read_text())


@pytest.mark.parametrize("part", ["%", "_", "\\", "'", "%%", "__"])
def test_wildcards_of_a_search_are_letters(app: Flask, api: FlaskClient, part: str) -> None:
    a_mailing(name="plain")
    wanted = a_mailing(name=f"a {part} b")
    found = api.get("/api/v1/mailings", query_string={"name": part}).json["items"]
    assert [each["id"] for each in found] == [wanted.id]
