"""A setting that makes no sense stops the start with one line that names it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config import ROOT, Settings

COMPOSE_ONLY = {"POSTGRES_PASSWORD"}
"""What `.env` may hold beside the settings: read by docker-compose.yml, unknown to the service."""

SENSELESS = [
    ("DATABASE_URL", "nonsense"),
    ("DATABASE_URL", "mysql://host/name"),
    ("DATABASE_URL", "postgresql://host:port/name"),
    ("DATABASE_URL", "sqlite://"),
    ("DATABASE_URL", "sqlite:///:memory:"),
    ("DATABASE_URL", "sqlite:///no/such/folder.db"),
    ("DATABASE_URL", "sqlite:///."),
    ("HOST", "http://localhost"),
    ("HOST", "300.1.1.1"),
    ("HOST", "two words"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("PORT", "http"),
    ("MODE", "prod"),
    ("TRUSTED_PROXIES", "-1"),
    ("TRUSTED_PROXIES", "all"),
    ("GATEWAY_URL", "gateway.example"),
    ("GATEWAY_URL", "ftp://gateway.example"),
    ("GATEWAY_URL", "http://"),
    ("GATEWAY_URL", "http://user:password@gateway.example"),
    ("GATEWAY_URL", "http://gateway.example/?key=1"),
    ("GATEWAY_URL", "http://gateway.example/a b"),
    ("GATEWAY_URL", "http://gateway.example:99999"),
    ("GATEWAY_URL", "http://[::1"),
    ("GATEWAY_TOKEN", "ключ"),
    ("GATEWAY_TIMEOUT", "0"),
    ("GATEWAY_TIMEOUT", "nan"),
    ("GATEWAY_TIMEOUT", "soon"),
    ("GATEWAY_CONNECT_TIMEOUT", "-1"),
    ("GATEWAY_CONCURRENCY", "0"),
    ("GATEWAY_CONCURRENCY", "2049"),
    ("GATEWAY_CONCURRENCY", "1.5"),
    ("GATEWAY_RATE", "0"),
    ("GATEWAY_DEDUPLICATES", "perhaps"),
    ("GATEWAY_LOOKUP", "sometimes"),
    ("PRACTICE_PORT", "0"),
    ("PRACTICE_PORT", "8000"),
    ("DISPATCHER", "on"),
    ("DISPATCHER", "fleet"),
    ("DEFAULT_TIMEZONE", "Moscow"),
    ("DEFAULT_TIMEZONE", "Europe"),
    ("DEFAULT_TIMEZONE", "../../etc/passwd"),
    ("DEFAULT_LANGUAGE", "de"),
    ("REPORT_EMAIL_TO", "nobody"),
    ("REPORT_EMAIL_TO", "a@example.org;b@example.org"),
    ("REPORT_EMAIL_TO", "a@example.org, "),
    ("SMTP_URL", "mail.example.org"),
    ("SMTP_URL", "https://mail.example.org"),
    ("SMTP_URL", "smtp://"),
    ("SMTP_URL", "smtp://mail.example.org:99999"),
    ("SMTP_URL", "smtp://[::1"),
    ("SMTP_URL", "smtp://user@mail.example.org"),
    ("SMTP_URL", "smtp://mail.example.org/inbox"),
    ("SMTP_URL", "smtp://mail.example.org?from=nobody"),
    ("SMTP_URL", "smtp://mail.example.org?to=a@example.org"),
    ("SMTP_URL", "smtp://почта.example.org"),
    ("REPORT_EMAIL_AT", "noon"),
    ("REPORT_EMAIL_AT", "24:00"),
    ("REPORT_EMAIL_AT", "9:30"),
    ("REPORT_EMAIL_AT", "64800"),
    ("PHONE_REGION", "XX"),
    ("RETENTION_DAYS", "0"),
    ("RETENTION_DAYS", "1.5"),
    ("RETENTION_DAYS", "99999"),
    ("ATTEMPTS_DAYS", "0"),
    ("ARCHIVE_DAYS", "29"),
    ("ARCHIVE_FOLDER", "config.py"),
    ("LOG_FORMAT", "xml"),
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project root without anybody's `.env` and `instance/`."""
    for name in ("config.py", "wsgi.py"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.mark.parametrize(("name", "value"), SENSELESS)
def test_a_senseless_value_ends_the_start_with_one_line_that_names_it(project: Path, name: str, value: str) -> None:
    ended = run(project, "import config; config.load()", **{name: value})
    assert ended.returncode != 0
    assert re.fullmatch(rf"{name}: [^\n]+\n", ended.stderr)


def test_the_application_does_not_start_either(project: Path) -> None:
    ended = start(project, PORT="none")
    assert ended.returncode != 0
    assert re.fullmatch(r"PORT: [^\n]+\n", ended.stderr)


def test_an_empty_value_means_the_default(project: Path) -> None:
    empty = {field.upper(): "" for field in Settings.model_fields}
    assert start(project, **empty).returncode == 0


LETTER = {"REPORT_EMAIL_TO": "a@example.org", "SMTP_URL": "smtp://mail.example.org", "REPORT_EMAIL_AT": "18:00"}


@pytest.mark.parametrize("missing", LETTER)
def test_a_daily_report_wants_all_three_of_its_settings(project: Path, missing: str) -> None:
    assert start(project, **LETTER).returncode == 0
    ended = start(project, **(LETTER | {missing: ""}))
    assert ended.returncode != 0
    assert re.fullmatch(rf"{missing}: [^\n]+\n", ended.stderr)


@pytest.mark.parametrize("exposed", [{"HOST": "0.0.0.0"}, {"MODE": "production"}, {"HOST": "::"}])
@pytest.mark.parametrize("key", ["", "too short"])
def test_production_wants_a_secret_key(project: Path, exposed: dict[str, str], key: str) -> None:
    ended = start(project, **exposed, SECRET_KEY=key)
    assert ended.returncode != 0
    assert re.fullmatch(r"SECRET_KEY: [^\n]+\n", ended.stderr)
    assert start(project, **exposed, SECRET_KEY="a key of enough characters").returncode == 0


def test_the_file_is_read_and_the_environment_wins(project: Path) -> None:
    (project / ".env").write_text("PORT=nonsense\nDEFAULT_LANGUAGE=ru\n")
    assert start(project).stderr.startswith("PORT: ")
    assert start(project, "print(app.config['SETTINGS'].default_language)", PORT="8001").stdout == "ru\n"


def test_a_file_that_is_no_text_is_named(project: Path) -> None:
    (project / ".env").write_bytes(b"PORT=\xff\n")
    ended = start(project)
    assert ended.returncode != 0
    assert re.fullmatch(r"[^\n]*\.env: [^\n]+\n", ended.stderr)


def test_the_key_of_a_development_machine_is_made_once_and_for_its_owner_only(project: Path) -> None:
    said = {start(project, "print(app.secret_key)").stdout for _ in range(2)}
    kept = project / "instance" / "secret_key"
    assert said == {kept.read_text() + "\n"}
    assert len(kept.read_text()) >= 32
    assert kept.stat().st_mode & 0o077 == 0


def test_the_folder_of_the_default_database_is_made_beside_a_key_of_ones_own(project: Path) -> None:
    assert start(project, SECRET_KEY="a key of enough characters").returncode == 0
    assert (project / "instance").is_dir()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sqlite:///here.db", f"sqlite:///{ROOT}/here.db"),
        ("sqlite:////tmp/there.db", "sqlite:////tmp/there.db"),
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql+psycopg://u:p@h:5433/d?sslmode=require", "postgresql+psycopg://u:p@h:5433/d?sslmode=require"),
    ],
)
def test_spellings_of_a_database(written: str, meant: str) -> None:
    assert plain(database_url=written).database_url == meant


def test_serving_strangers_wants_a_word_on_the_mode(project: Path) -> None:
    serve = "import mailing_app.serving as s; s.serve(app, '0.0.0.0', 8000, False)"
    ended = start(project, serve)
    assert ended.returncode != 0
    assert re.fullmatch(r"MODE: [^\n]+\n", ended.stderr)


def test_secrets_stay_out_of_the_line(project: Path) -> None:
    ended = start(project, DATABASE_URL="mysql://user:hush@host/name", GATEWAY_TOKEN="hush\u00e9")
    assert "hush" not in ended.stderr
    assert "hush" not in start(project, SMTP_URL="smtp://user:hush@mail.example.org/inbox").stderr


def test_the_example_names_each_setting_with_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / ".env.example").read_text()
    named = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))
    assert list(named) == [field.upper() for field in Settings.model_fields] + sorted(COMPOSE_ONLY)
    for name in named:
        monkeypatch.delenv(name, raising=False)
    assert Settings(_env_file=None, **{name.lower(): value for name, value in named.items() if value}) == plain()


def test_the_contract_names_each_setting() -> None:
    manual = (ROOT / "docs" / "contract.md").read_text()
    assert [field for field in Settings.model_fields if f"`{field.upper()}`" not in manual] == []


def start(project: Path, then: str = "pass", **given: str) -> subprocess.CompletedProcess[str]:
    """Load the application in a process of its own, and do something with it."""
    return run(project, f"from wsgi import app; {then}", **given)


def run(project: Path, code: str, **given: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the project's modules, knowing nothing of the environment but what is given."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"} | given,
        capture_output=True,
        text=True,
        check=False,
    )


def plain(**given: str) -> Settings:
    """Settings without anybody's file."""
    return Settings(_env_file=None, **given)
