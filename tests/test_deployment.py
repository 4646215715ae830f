"""What is shipped makes sense, as far as that can be known without an engine to run it."""

import json
import re
import shlex
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from flask import Flask

from config import ROOT, Settings

NAMES = {field.upper() for field in Settings.model_fields}
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(SERVICES.keys() - {"db"})


def test_the_services_are_what_the_design_says() -> None:
    assert sorted(SERVICES) == ["db", "dispatcher", "migrate", "web", "worker"]
    assert {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service} == {
        "worker": ["fleet"]
    }


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_may_do_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "/tmp" in service["tmpfs"]
    assert service["stop_grace_period"]
    assert not service.keys() & {"privileged", "cap_add", "pid", "ipc", "network_mode", "userns_mode", "devices"}
    assert all(not volume.startswith((".", "/")) for volume in service.get("volumes", []))


def test_pages_go_before_senders() -> None:
    """Docker's shares are 1,024 unless given."""
    given = {name: service.get("cpu_shares", 1024) for name, service in SERVICES.items()}
    assert max(given["dispatcher"], given["worker"]) < given["web"]


@pytest.mark.parametrize("name", OURS)
def test_a_service_knows_the_settings_and_nothing_else(name: str) -> None:
    given = SERVICES[name]["environment"]
    assert given.keys() == NAMES - {"HOST", "PORT"}
    for setting, value in given.items():
        read = set(re.findall(r"\$\{([A-Z_]+)", value))
        assert read <= {setting, "POSTGRES_PASSWORD"}


def test_the_settings_it_is_given_make_sense() -> None:
    for name, dispatcher in (("web", "off"), ("dispatcher", "off"), ("worker", "fleet")):
        given = {setting.lower(): interpolated(value) for setting, value in SERVICES[name]["environment"].items()}
        settings = Settings(_env_file=None, **{setting: value for setting, value in given.items() if value})
        assert settings.production
        assert settings.dispatcher == dispatcher


def test_secrets_have_to_be_given() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for secret in ("SECRET_KEY", "POSTGRES_PASSWORD"):
        assert set(re.findall(rf"\$\{{{secret}(..)", text)) == {":?"}


def test_everyone_waits_for_who_is_before_them() -> None:
    assert SERVICES["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    for name in ("web", "dispatcher", "worker"):
        assert SERVICES[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_what_lives_on_is_started_again() -> None:
    assert {name: service["restart"] for name, service in SERVICES.items()} == {
        "db": "unless-stopped",
        "migrate": "no",
        "web": "unless-stopped",
        "dispatcher": "unless-stopped",
        "worker": "unless-stopped",
    }


def test_only_this_machine_reaches_what_speaks_plain_http() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"web"}
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["web"]["ports"])


def test_commands_of_the_containers_exist(app: Flask) -> None:
    lines = [line for name in OURS for line in parts(SERVICES[name]["command"])]
    lines += [line for found in re.findall(r"^CMD (\[.*\])$", dockerfile(), re.MULTILINE) for line in parts(found)]
    assert len(lines) == 7
    for line in lines:
        parsed(app, line)


def test_commands_of_the_readme_exist(app: Flask) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in ROOT.glob("README*.md"):
        commands = re.findall(r"(?:^|[`$|&] ?)((?:make|flask) [^`\n|#&]+)", page.read_text(), re.MULTILINE)
        for words in map(shlex.split, commands):
            if words[0] == "make":
                assert {word for word in words[1:] if "=" not in word} <= targets, f"{page.name}: {words}"
            else:
                parsed(app, words)


def test_images_are_pinned() -> None:
    images = re.findall(r"^FROM (\S+)", dockerfile(), re.MULTILINE)
    images += [SERVICES["db"]["image"], pipeline()["default"]["image"]]
    assert [image for image in images if not re.fullmatch(r"[a-z]+:\d[\w.]*-(slim-)?bookworm", image)] == []


def test_the_image_runs_as_nobody_in_particular() -> None:
    users = re.findall(r"^USER (\S+)", dockerfile(), re.MULTILINE)
    assert users == ["10001:10001"]
    assert dockerfile().index("USER ") < dockerfile().index("CMD [")
    assert SERVICES["db"]["user"] == "postgres"
    assert all("user" not in SERVICES[name] for name in OURS)


def test_the_image_installs_before_it_copies_the_sources() -> None:
    assert (
        dockerfile().index("COPY requirements.lock")
        < dockerfile().index("pip install")
        < dockerfile().index("COPY . .")
    )


def test_the_image_keeps_no_settings_but_the_open_host() -> None:
    assert {name for name in NAMES if re.search(rf"\b{name}=", dockerfile())} == {"HOST"}


def test_the_image_takes_what_the_service_needs_and_no_more() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    taken = {line[1:] for line in lines if line.startswith("!")}
    locks = {"requirements.lock", "requirements-build.lock"}
    assert taken == locks | {"config.py", "wsgi.py", "mailing_app", "migrations", "static", "templates"}


def test_the_image_installs_only_what_is_locked() -> None:
    [command] = re.findall(r'install="\S+/pip install ([^"]+)"', dockerfile())
    assert {"--require-hashes", "--no-deps"} <= set(shlex.split(command))
    installed = re.findall(r"\$install (.*) -r (\S+)", dockerfile())
    assert installed == [
        ("--only-binary :all:", "requirements-build.lock"),
        ("--no-build-isolation", "requirements.lock"),
    ]
    assert len(re.findall(r"(pip|\$)\S* install|\$install", dockerfile())) == 1 + len(installed)


def test_the_lock_holds_what_the_service_asks_for() -> None:
    asked = re.findall(r"^([\w-]+)(?:\[\w+\])?==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert asked
    assert [pin for pin in asked if pin not in locked("requirements.lock")] == []


def test_everything_is_installed_in_one_version() -> None:
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    assert [(name, pin) for name, pin in locked("requirements.lock") if pinned[name] != pin] == []
    del pinned["colorama"]  # Windows only
    assert {name: version(name) for name in pinned} == pinned


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-build.lock"])
def test_every_entry_of_a_lock_is_one_version_with_its_hashes(name: str) -> None:
    text = (ROOT / name).read_text()
    entries = re.split(r"^(?=\w)", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE), flags=re.MULTILINE)[1:]
    assert len(entries) == len(locked(name)) >= 1
    one = re.compile(r"[a-z0-9-]+==\S+( ; [^\\\n]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+\n")
    assert [entry for entry in entries if not one.fullmatch(entry)] == []


def test_uploads_wait_on_a_disk_and_not_in_memory() -> None:
    [folder] = re.findall(r"^ENV TMPDIR=(\S+)$", dockerfile(), re.MULTILINE)
    [volumes] = re.findall(r"^VOLUME (.+)$", dockerfile(), re.MULTILINE)
    assert folder in json.loads(volumes)
    assert all(folder not in " ".join(SERVICES[name]["tmpfs"]) for name in OURS)


def test_the_health_check_asks_the_documented_door() -> None:
    [check] = re.findall(r"HEALTHCHECK .*\\\n +CMD (\[.*\])$", dockerfile(), re.MULTILINE)
    python, option, code = json.loads(check)
    assert (python, option) == ("python", "-c")
    compile(code, "HEALTHCHECK", "exec")
    assert "/healthz" in code


def test_the_pipeline_does_what_ci_run_does() -> None:
    jobs = {name: job for name, job in pipeline().items() if "script" in job}
    assert list(jobs) == pipeline()["stages"] == ["build", "test"]
    assert [job["script"] for job in jobs.values()] == [[".ci/run build"], [".ci/run test"]]
    assert all(job["stage"] == name for name, job in jobs.items())


def test_ci_run_is_a_sound_script() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "set -euo pipefail" in script.read_text()
    subprocess.run(["bash", "-n", script], check=True)


def test_make_knows_what_to_do_without_doing_it() -> None:
    for target in ("run", "demo", "test", "check", "mutations", "soak", "conformance"):
        told = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True)
        assert ".venv/bin/python" in told.stdout


def parts(command: str | list[str]) -> list[list[str]]:
    """The `flask` commands inside a container's command, each as its words."""
    words = json.loads(command) if isinstance(command, str) else command
    script = words[2].replace("$$", "$") if words[:2] == ["sh", "-c"] else shlex.join(words)
    return [shlex.split(found) for found in re.findall(r"flask [^&|;]+", script)]


def parsed(app: Flask, words: list[str]) -> None:
    """Read a `flask` command line to its end without running it; unknown commands and options raise."""
    assert words[0] == "flask"
    command: click.Command = app.cli
    rest = words[1:]
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), rest[0])
        assert found, f"no such command: {shlex.join(words)}"
        command, rest = found, rest[1:]
    command.make_parser(click.Context(command)).parse_args(rest)


def interpolated(value: str) -> str:
    """A value as compose would give it with the secrets set and nothing else."""
    return re.sub(r"\$\{[A-Z_]+:([-?])([^}]*)\}", lambda found: found[2] if found[1] == "-" else "a" * 32, value)


def locked(name: str) -> list[tuple[str, str]]:
    """The packages of a lock and their versions."""
    return re.findall(r"^([a-z0-9-]+)==([^ ]+)", (ROOT / name).read_text(), re.MULTILINE)


def dockerfile() -> str:
    return Path(ROOT / "Dockerfile").read_text()


def pipeline() -> dict[str, Any]:
    return yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
