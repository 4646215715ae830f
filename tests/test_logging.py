"""docs/logging.md names every line that the code can write, and no other."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from config import ROOT
from mailing_app.models import Action
from tests.test_floorplan import MODULES

FIELDS = {"at", "level", "logger", "message", "request_id"}
"""What any line may carry."""

ANYTHING = "…"
"""What stands in a message of the code for a part that is only known when it is told."""


class Row(NamedTuple):
    """A line of the table."""

    message: str
    logger: str
    fields: frozenset[str]

    def says(self, message: str) -> bool:
        """Whether it is about lines with that message."""
        if self.message == "(an action)":
            return message in {action.value.replace("_", " ") for action in Action}
        return message == self.message


@cache
def rows() -> tuple[Row, ...]:
    """The table of the page."""
    found = []
    for line in (ROOT / "docs" / "logging.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 5:
            message, logger = cells[0].strip("`"), f"mailing_app.{cells[1].strip('`')}"
            found.append(Row(message, logger, frozenset(re.findall(r"`(\w+)`", cells[3]))))
    return tuple(found)


def written() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Logger, message and the fields that are named there, of every call in the code that tells the log something."""
    for module in MODULES.values():
        for node in ast.walk(module.tree):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and re.fullmatch(r"log\.(debug|info|warning|error|log)|tell", called):
                said = node.args[{"log.log": 1, "tell": 2}.get(called, 0)]
                named = {
                    str(key.value)
                    for part in ast.walk(node)
                    if isinstance(part, ast.Dict)
                    for key in part.keys
                    if isinstance(key, ast.Constant)
                }
                for message in _sentences(said):
                    yield module.name, message, frozenset(named)


def _sentences(said: ast.expr) -> Iterator[str]:
    if isinstance(said, ast.IfExp):
        yield from _sentences(said.body)
        yield from _sentences(said.orelse)
    else:
        yield said.value if isinstance(said, ast.Constant) else ANYTHING


def test_every_line_that_the_code_can_write_is_in_the_table_with_its_fields() -> None:
    missing = []
    for logger, message, fields in written():
        known = [row for row in rows() if row.logger == logger and message in (ANYTHING, row.message)]
        if not known or not any(fields <= row.fields for row in known):
            missing.append((logger, message, sorted(fields)))
    assert missing == []


def test_every_row_of_the_table_is_about_a_line_that_the_code_writes() -> None:
    told = [(logger, message) for logger, message, _ in written()]
    assert [row for row in rows() if (row.logger, row.message) not in told and (row.logger, ANYTHING) not in told] == []
