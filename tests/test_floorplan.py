"""The floor plan of docs/design.md, section 2, held by reading the sources.

A room imports only from floors below its own, so nothing can be understood only together with
everything else. Every finding names file and line.
"""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from config import ROOT

HOUSE = ROOT / "mailing_app"

FLOORS = (
    {"app"},
    {"cli"},
    {"serving"},
    {"scheduler", "fleet", "webserver"},
    {"web", "api", "dispatch"},
    {"letters", "housekeeping"},
    {"reports", "retention", "demo", "health"},
    {"mailings", "imports"},
    {"clients", "access", "access_log", "status", "holds", "traffic", "drafts", "bulkhead"},
    {"audit", "turns", "figures", "pulse", "endings"},
    {"forms"},
    {"words"},
    {"batches", "models", "paging", "lines"},
    {"db"},
    {"phones", "forecast", "periods", "damage", "delimited", "pace", "downloads", "prefetch"},
    {
        "errors",
        "texts",
        "merge",
        "local_time",
        "spreadsheet",
        "headers",
        "ids",
        "logs",
        "language",
        "charts",
        "errand",
    },
    {"masking", "version", "clock"},
)
"""From the roof to the ground. Rooms of one floor never import each other; `wsgi` stands on the roof."""

REHEARSAL = "practice"
REHEARSING = {"cli", "serving"}
"""The practice gateway knows nothing of the house, and only who starts it knows of it."""

SETTINGS_READERS = {"app", "serving", "dispatch", "housekeeping"}
"""Who may name the type `Settings`; everybody else reads `current_app.config`, and only `app` knows more of config."""

LONGEST_MODULE = 250
"""Lines of code: neither blank, nor comment, nor docstring, since nobody shall save on those."""

VAGUE = re.compile(r"(^|_)(utils?|helpers?|services?|managers?|common|misc|tools?|base_classes)(_|$)")


class Import(NamedTuple):
    """One name that a module imports: the module it comes from, or `module.name` where the name is one itself."""

    line: int
    target: str
    name: str


class Module(NamedTuple):
    """A source file by its dotted name."""

    name: str
    file: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        return room_of(self.name)

    def at(self, line: int) -> str:
        return f"{self.file.relative_to(ROOT)}:{line}"


def read(file: Path) -> Module:
    parts = file.relative_to(ROOT).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name, file, ast.parse(file.read_text(), str(file)))


MODULES = {module.name: module for module in map(read, sorted(HOUSE.rglob("*.py")))}


def room_of(name: str) -> str:
    """`mailing_app.clients.register` is in the room `clients`; the bare package is the house's own door."""
    return name.split(".")[1] if "." in name else ""


def floor_of(room: str) -> int:
    """The height of a room's floor above the ground."""
    return next(height for height, rooms in enumerate(reversed(FLOORS)) if room in rooms)


def imports(module: Module) -> Iterator[Import]:
    """Everything the module imports, inside functions too."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name, "")
        elif isinstance(node, ast.ImportFrom):
            origin = absolute(module, node)
            for alias in node.names:
                inner = f"{origin}.{alias.name}"
                yield Import(node.lineno, inner if inner in MODULES else origin, alias.name)


def absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module.name.split(".")
    up = node.level - (module.file.stem == "__init__")
    return ".".join([*package[: len(package) - up], *filter(None, [node.module])])


def house_imports(module: Module) -> Iterator[Import]:
    """What it imports of the house, other than of its own room."""
    for found in imports(module):
        if found.target.split(".")[0] == HOUSE.name and room_of(found.target) != module.room:
            yield found


def calls(module: Module) -> Iterator[tuple[int, str]]:
    """Every call by its dotted name, as far as it has one."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def misplaced(module: Module) -> Iterator[str]:
    """The imports that do not go down."""
    for found in house_imports(module):
        room = room_of(found.target)
        if REHEARSAL in (module.room, room):
            if module.room not in REHEARSING:
                yield f"{module.at(found.line)} {module.room} must not know {room or 'the house'}"
        elif floor_of(room) >= floor_of(module.room):
            yield f"{module.at(found.line)} {module.room} imports {room}, which is not below it"


def strange_to_settings(module: Module) -> Iterator[str]:
    for found in imports(module):
        as_a_type = found.name == "Settings" and module.room in SETTINGS_READERS
        if found.target == "config" and module.room != "app" and not as_a_type:
            yield f"{module.at(found.line)} reads config; take it from current_app.config"


def commits(module: Module) -> Iterator[str]:
    for line, name in calls(module):
        if name.endswith(".commit") and module.room != "db":
            yield f"{module.at(line)} {name}(): only the room db commits"


def wires(module: Module) -> Iterator[str]:
    at_the_wire = (here("dispatch.gateway"), here("dispatch.line"))
    for found in imports(module):
        if found.target.split(".")[0] in {"requests", "urllib3", "httpx"} and module.name not in at_the_wire:
            yield f"{module.at(found.line)} imports {found.target}: only dispatch/gateway.py and line.py talk to it"


def queues(module: Module) -> Iterator[str]:
    for found in imports(module):
        if found.target.split(".")[0] in {"procrastinate", "psycopg_pool"} and module.room != "fleet":
            yield f"{module.at(found.line)} imports {found.target}: only the fleet knows of the queue"


CLOCKS = re.compile(
    r"((\w+\.)*(datetime|date)\.(now|utcnow|today)"
    r"|time\.(time|monotonic|perf_counter)(_ns)?"
    r"|(\w+\.)*func\.(now|current_timestamp))"
)


def clocks(module: Module) -> Iterator[str]:
    if module.name == here("clock"):
        return
    for line, name in calls(module):
        if CLOCKS.fullmatch(name):
            yield f"{module.at(line)} {name}(): only clock.py asks what time it is"
    for found in imports(module):
        if found.target == "time" and CLOCKS.fullmatch(f"time.{found.name}"):
            yield f"{module.at(found.line)} imports time.{found.name}: only clock.py asks what time it is"


def dice(module: Module) -> Iterator[str]:
    for found in imports(module):
        if found.target.split(".")[0] == "random" and module.name != here("dispatch.retry"):
            yield f"{module.at(found.line)} imports random: only dispatch/retry.py draws lots"


def here(name: str) -> str:
    return f"{HOUSE.name}.{name}"


RULES = [misplaced, strange_to_settings, commits, wires, queues, clocks, dice]


def test_every_room_is_on_the_plan() -> None:
    known = set().union(*FLOORS) | {REHEARSAL, ""}
    assert sorted({module.room for module in MODULES.values()} - known) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_the_rule(rule: object) -> None:
    # The rehearsal has a clock and dice of its own; what it may import is a matter of `misplaced`.
    within = [module for module in MODULES.values() if module.room != REHEARSAL or rule not in (clocks, dice)]
    assert [finding for module in within for finding in rule(module)] == []  # type: ignore[operator]


@pytest.mark.parametrize(
    ("rule", "name", "source"),
    [
        (misplaced, "clients.more", "from mailing_app import forms, web"),
        (misplaced, "web.pages", "from mailing_app.api import problems"),
        (misplaced, "api.late", "def view():\n    import mailing_app.dispatch.tick"),
        (misplaced, "clients.more", "from .. import mailings"),
        (misplaced, "clients.more", "from ..mailings.planning import add"),
        (misplaced, "practice.page", "from mailing_app import clock"),
        (misplaced, "web.pages", "from mailing_app.practice import PracticeGateway"),
        (strange_to_settings, "web.pages", "import config"),
        (strange_to_settings, "dispatch.tick", "from config import Settings, ROOT"),
        (commits, "clients.more", "db.session.commit()"),
        (commits, "clients.more", "db.session().commit()"),
        (wires, "clients.more", "import requests.adapters"),
        (wires, "dispatch.judge", "from urllib3.exceptions import HTTPError"),
        (queues, "dispatch.tick", "from procrastinate.worker import Worker"),
        (clocks, "clients.more", "import datetime\ndatetime.datetime.now(UTC)"),
        (clocks, "clients.more", "date.today()"),
        (clocks, "clients.more", "from time import monotonic as clock"),
        (clocks, "clients.more", "time.time()"),
        (clocks, "clients.more", "select(db.func.now())"),
        (dice, "dispatch.pump", "from random import uniform"),
    ],
)
def test_the_rule_sees_a_breach(rule: object, name: str, source: str) -> None:
    file = HOUSE / Path(*name.split(".")).with_suffix(".py")
    findings = list(rule(Module(here(name), file, ast.parse(source))))  # type: ignore[operator]
    assert [finding for finding in findings if re.match(r"mailing_app/\S+\.py:\d+ ", finding)] == findings
    assert findings


def test_no_circles() -> None:
    graph = {
        module.name: {found.target for found in imports(module) if found.target in MODULES} - {module.name}
        for module in MODULES.values()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = error.args[1]
        lines = [
            MODULES[importer].at(found.line) + f" imports {imported}"
            for imported, importer in pairwise(circle)
            for found in imports(MODULES[importer])
            if found.target == imported
        ]
        pytest.fail("a circle of imports:\n" + "\n".join(lines))


def test_the_roof_knows_only_the_application() -> None:
    roof = read(ROOT / "wsgi.py")
    assert {found.target for found in imports(roof)} - {"gc"} == {"config", here("app")}


def test_settings_stand_on_the_ground() -> None:
    settings = read(ROOT / "config.py")
    of_the_house = {found.target for found in imports(settings) if found.target.startswith(HOUSE.name)}
    assert of_the_house <= {here("local_time")}


def test_no_module_is_too_long() -> None:
    lengths = {module.at(1): lines_of_code(module.file.read_text()) for module in MODULES.values()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def lines_of_code(source: str) -> int:
    """The lines that hold neither nothing, nor a comment, nor a docstring."""
    told: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            told.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(source.splitlines(), start=1)
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#") and number not in told for number, line in lines
    )


def test_lines_of_code_are_lines_of_code() -> None:
    assert lines_of_code('"""Told\nat length."""\n\n# why\nx = 1\ndef f():\n    """Told."""\n    return "#"\n') == 3


def test_every_name_says_something() -> None:
    assert [module.at(1) for module in MODULES.values() if VAGUE.search(module.file.stem)] == []
