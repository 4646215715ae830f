"""The dashboard, the alerts and the page of metrics speak of what the service really tells."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from config import ROOT
from mailing_app import pulse
from mailing_app.models import ProcessKind
from mailing_app.pulse.disk import show_disks
from tests.web.things import one_of_everything

PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = [rule for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
TRIALS = (PROMETHEUS / "alerts_test.yml").read_text()
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "dashboard.json").read_text())
PAGE = (ROOT / "docs" / "metrics.md").read_text()

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(not PROMTOOL, reason="there is no promtool (on Debian: apt-get install prometheus)")

NAME = re.compile(r"\bmailing_\w+")


@pytest.fixture
def told(app: Flask, visitor: FlaskClient) -> str:
    """What a scrape gets from a service in which everything happened once."""
    one_of_everything()
    show_disks(app)
    pulse.noting("plan", lambda: None, 1.0)
    visitor.get("/healthz")
    pulse.Pulse(app, ProcessKind.BOTH).beat()
    return visitor.get("/metrics").text


def families(told: str) -> list[Metric]:
    return list(text_string_to_metric_families(told))


def names(told: str) -> set[str]:
    """Every series by its name, the parts of a histogram too, and a family that has none yet by its own."""
    samples = {sample.name for family in families(told) for sample in family.samples}
    return samples | set(re.findall(r"^# TYPE (\S+)", told, re.MULTILINE))


def expressions() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel.get("targets", []))
    for rule in RULES:
        yield rule["expr"]
        yield from re.findall(r'query "([^"]+)"', rule["annotations"]["description"].replace("\\", ""))


def test_every_metric_of_dashboard_and_alerts_is_told(told: str) -> None:
    asked = {name for expression in expressions() for name in NAME.findall(expression)}
    assert len(asked) > 25
    assert asked - names(told) == set()


def test_the_page_of_metrics_lists_them_all_with_type_and_labels(told: str) -> None:
    listed = re.findall(r"^\| `(\w+)` \| (\w+) \|(.*?)\|", PAGE, re.MULTILINE)
    written = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in listed}
    typed = dict(re.findall(r"^# TYPE (\S+) (\S+)", told, re.MULTILINE))
    assert {name: kind for name, (kind, _) in written.items()} == typed
    for family in families(told):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        for sample in family.samples:
            assert sample.labels.keys() - {"le"} == written[name][1], name


def test_no_metric_has_a_label_that_has_no_bound(told: str) -> None:
    labels = {label for family in families(told) for sample in family.samples for label in sample.labels}
    assert not labels & {"mailing_id", "client_id", "message_id", "path", "phone", "tag", "address", "request_id"}


def test_every_alert_says_what_is_wrong_how_bad_it_is_and_what_to_do_and_is_tried() -> None:
    for rule in RULES:
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert all(rule["annotations"][name].strip() for name in ("summary", "description", "runbook"))
        assert TRIALS.count(rule["alert"]) >= 2, f"{rule['alert']} is not tried"
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


def test_the_dashboard_can_be_imported() -> None:
    panels: list[dict[str, Any]] = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
    drawn = [panel for panel in panels if panel["type"] != "row"]
    assert {panel["datasource"]["uid"] for panel in drawn} == {"${datasource}"}
    assert [each["name"] for each in DASHBOARD["templating"]["list"]] == ["datasource"]


@needs_promtool
@pytest.mark.parametrize("words", ["check config prometheus.yml", "test rules alerts_test.yml"])
def test_promtool_finds_nothing_wrong(words: str) -> None:
    subprocess.run([PROMTOOL or "", *words.split()], cwd=PROMETHEUS, check=True, capture_output=True)


@needs_promtool
def test_promtool_takes_our_metrics_for_well_made(told: str) -> None:
    asked = [PROMTOOL or "", "check", "metrics"]
    judged = subprocess.run(asked, input=told, text=True, capture_output=True, check=True)
    assert judged.stderr == ""
