"""Tries the service against its document on both databases, and the document against Spectral's rules for OpenAPI.

`make conformance`, or more of it: `make conformance ARGS="--examples 1000 --seed 7 --database postgresql"`.
"""

import argparse
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from flask_migrate import upgrade

from config import ROOT
from mailing_app import access
from mailing_app.app import create_app
from mailing_app.db import db
from mailing_app.models import Scope
from mailing_app.practice import PracticeGateway
from tests import soak
from tests.conftest import make_settings
from tests.factories import a_mailing, some_clients
from tests.processes.conftest import eventually, free_port, is_served

HERE = Path(__file__).parent
SPECTRAL = "@stoplight/spectral-cli@6.16.3"


def main() -> int:
    """Try everything, tell what is not as it should be; 1 if anything is."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--examples", type=int, default=25, help="the most of one operation in one phase")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.disable(logging.INFO)
    faults = []
    for number, database in enumerate(given.database or ["sqlite", "postgresql"]):
        with serving(database) as (site, token):
            if number == 0 and not is_well_written(f"{site}/apispec.json"):
                faults.append("spectral")
            if not is_true(f"{site}/apispec.json", token, given.examples, given.seed):
                faults.append(f"schemathesis on {database}")
    soak.say(f"faults: {', '.join(faults)}" if faults else "the service is as its document says")
    return int(bool(faults))


@contextmanager
def serving(database: str) -> Iterator[tuple[str, str]]:
    """`flask serve` on a database of its own with something in it: its address, and a token that may write."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mailing-conformance-")))
        url = f"sqlite:///{folder}/mailing.db" if database == "sqlite" else stack.enter_context(soak.postgresql(folder))
        app = create_app(make_settings(url, secret_key=soak.SECRET))
        stack.enter_context(app.app_context())
        upgrade()
        stack.callback(db.engine.dispose)
        stack.callback(db.session.remove)
        some_clients(5)
        a_mailing()
        gateway, port = stack.enter_context(PracticeGateway(keep=1000)), free_port()
        stack.enter_context(soak.serving(folder / "log", url, gateway.url, port))
        eventually(lambda: is_served(port))
        yield f"http://127.0.0.1:{port}", access.add_token("conformance", Scope.WRITE)


def is_well_written(document: str) -> bool:
    """Whether Spectral finds nothing in the document at this address. Without npm it is left out, and that is said."""
    soak.say("== spectral")
    if not shutil.which("npx"):
        soak.say("left out: there is no npm here (on Debian: apt-get install npm)")
        return True
    rules = ["--ruleset", HERE / "spectral.yaml", "--fail-severity", "hint"]
    # Nothing is kept outside this folder, and no package runs a script as it comes.
    kept = {"npm_config_cache": str(ROOT / ".venv" / "npm"), "npm_config_ignore_scripts": "true"}
    command = ["npx", "--yes", SPECTRAL, "lint", document, *rules]
    return subprocess.run(command, env=os.environ | kept, check=False).returncode == 0


def is_true(document: str, token: str, examples: int, seed: int) -> bool:
    """Whether schemathesis finds the service behind the document to do what it says."""
    soak.say("== schemathesis")
    command = [
        Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml",
        "run", document, "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful",
        "--max-examples", str(examples), "--seed", str(seed), "--header", f"Authorization: Bearer {token}",
    ]  # fmt: skip
    found = subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)
    return found.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
