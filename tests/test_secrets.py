"""No secret lies about: none in what is kept under version control, and those that are made are shown once."""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from config import ROOT

NOT_OURS = {".git", ".venv", "instance", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis",
            "node_modules", "test-results"}  # fmt: skip
"""Folders that no checkout has."""

LOOKS_SECRET = re.compile(
    "|".join([
        r"-----BEGIN [A-Z ]*PRIVATE KEY",
        r"\$(argon2|2[aby]|scrypt|pbkdf2)[a-z0-9]*\$[^\s\"']+\$[A-Za-z0-9+/.]{16,}",
        r"\b(AKIA|ASIA)[A-Z0-9]{16}\b",
        r"\b(ghp|gho|ghs|glpat|xox[abp]|sk_live|sk-ant)[_-][A-Za-z0-9_-]{16,}",
        r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.",
        # A key, token or password that is given outright and not asked for, nor made up for a test.
        r"(?i:\b[A-Z_]*(SECRET_KEY|PASSWORD|TOKEN))\s*[:=]\s*[\"']?(?=[^\s\"']*[0-9])[A-Za-z0-9+/_-]{16,}",
        # As long and as mixed as what secrets.token_urlsafe(32) makes.
        r"(?<![\w/+.-])(?=[\w-]*[0-9])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[A-Za-z0-9_-]{43}(?![\w/+=.-])",
    ])
)  # fmt: skip


def texts() -> Iterator[tuple[Path, str]]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [each for each in folders if each not in NOT_OURS]
        for file in (Path(folder, name) for name in names):
            if file.name != ".env" and b"\0" not in (content := file.read_bytes()):
                yield file.relative_to(ROOT), content.decode(errors="replace")


def test_nothing_in_the_repository_looks_like_a_secret() -> None:
    found = [f"{file}: {match[0]}" for file, text in texts() for match in LOOKS_SECRET.finditer(text)]
    assert found == []


@pytest.mark.parametrize("text", [
    "-----BEGIN RSA PRIVATE" + " KEY-----", "SECRET_KEY=" + "0123456789abcdef" * 2, "token = '" + "a1" * 10 + "'",
    "x = " + "Ab1_" * 10 + "Ab1", "$argon2id$v=19$" + "m=65536,t=3,p=4$" + "c29tZXNhbHQ" * 2, "AKIA" + "A1" * 8,
])  # fmt: skip
def test_what_looks_like_a_secret_is_seen(text: str) -> None:
    assert LOOKS_SECRET.search(text)


def test_there_is_nobody_by_default_and_the_first_ones_are_shown_once_and_never_logged(tmp_path: Path) -> None:
    flask(tmp_path, "db", "upgrade")
    assert people(tmp_path) == [0, 0]
    first, again = flask(tmp_path, "setup"), flask(tmp_path, "setup")
    password, token = (line.split()[-1] for line in first.stdout.splitlines())
    assert (len(password), len(token)) == (24, 43)
    assert again.stdout == ""
    assert people(tmp_path) == [1, 1]
    assert "operator added" in first.stderr
    for ended in (first, again):
        assert password not in ended.stderr
        assert token not in ended.stderr
    database = b"".join(file.read_bytes() for file in tmp_path.glob("mailing.db*"))
    assert b"first" in database
    assert password.encode() not in database
    assert token.encode() not in database


def flask(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command of the service on a database of its own, which ends well."""
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": f"sqlite:///{folder}/mailing.db", "LOG_FORMAT": "json",
                   "SECRET_KEY": "x" * 32, "FLASK_SKIP_DOTENV": "1"}  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "flask", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )


def people(folder: Path) -> list[int]:
    """How many operators and tokens there are."""
    with closing(sqlite3.connect(folder / "mailing.db")) as database:
        return [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("operator", "token")]
