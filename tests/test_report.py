"""The report of a mailing: what its page, its JSON and its files tell is one, through its whole life."""

import csv
import io
import re
from collections import Counter
from datetime import time, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from mailing_app import clients, clock, reports, retention
from mailing_app.db import db
from mailing_app.dispatch.parts import Outcome
from mailing_app.dispatch.record import record
from mailing_app.local_time import Window
from mailing_app.models import Mailing, Role, Status, Trait
from mailing_app.reports import breakdown
from tests.conftest import signed_in
from tests.dispatch.test_storage import claim, enrol_all, enrolled, result, settle_all
from tests.factories import a_client, a_mailing, some_clients
from tests.test_reports import end_at

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def every_end() -> Mailing:
    """A mailing that is over, with a message for every end, two of them failed for different reasons."""
    for code, zone, tag in zip(("900", "901") * 4, ("Asia/Omsk", "Europe/Moscow") * 4, ("vip", "") * 4, strict=True):
        a_client(operator_code=code, timezone=zone, tag=tag)
    clients.opt_out(a_client().id)
    mailing = enrolled()
    sent, refused, coded, doubtful, withdrawn, again, *late = claim(8)
    record([
        result(sent, Status.SENT),
        result(refused, Status.FAILED, Outcome.REFUSED, reason="refused"),
        result(coded, Status.FAILED, Outcome.REFUSED_CODE, reason="refused_code"),
        result(doubtful, Status.UNCERTAIN, Outcome.CUT_OFF, reason="cut_off"),
        result(again, Status.PENDING, Outcome.BUSY, reason="busy", due_at=clock.now()),
        *(result(each, Status.PENDING, Outcome.BUSY, reason="busy", due_at=clock.now() + HOUR)
          for each in (withdrawn, *late)),
    ])  # fmt: skip
    record([result(envelope, Status.SENT) for envelope in claim()])
    clients.opt_out(withdrawn.client_id)
    db.session.rollback()
    ended = end_at(mailing, clock.now() + SECOND)
    settle_all(clock.now() + 2 * SECOND)
    return ended


def told(reader: FlaskClient, mailing: Mailing) -> dict[str, Any]:
    db.session.rollback()
    answer: dict[str, Any] = reader.get(f"/api/v1/mailings/{mailing.id}/report").json
    return answer


def lines(reader: FlaskClient, mailing: Mailing) -> list[dict[str, str]]:
    text = reader.get(f"/api/v1/mailings/{mailing.id}/report.csv").text
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table under the heading with this id."""
    table = page.split(f'id="{heading}"')[1].split("<tbody>")[1].split("</tbody>", maxsplit=1)[0]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in table.split("</tr>")[:-1]]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in cells]


def test_page_json_and_file_tell_the_same_of_every_end(app: Flask, reader: FlaskClient, operator: FlaskClient) -> None:
    mailing = every_end()
    report, file = told(reader, mailing), lines(reader, mailing)
    counted = Counter((line["status"], line["reason"]) for line in file)
    assert {(each["status"], each["reason"]): each["number"] for each in report["outcomes"]} == counted
    assert {"sent", "failed", "expired", "cancelled", "uncertain"} == {status for status, _ in counted}
    assert report["attempts"] == {
        "total": sum(int(line["attempts"]) for line in file),
        "repeats": sum(max(int(line["attempts"]) - 1, 0) for line in file),
    }
    page = operator.get(f"/mailings/{mailing.id}/report").text
    assert [int(row[2]) for row in rows(page, "outcomes")] == [each["number"] for each in report["outcomes"]]
    for trait in ("operator_code", "timezone", "tag"):
        shown = [[int(cell) for cell in row[2:]] for row in rows(page, trait)]
        kept = [[number for name, number in each.items() if name != "value"] for each in report[f"by_{trait}"]]
        assert shown == kept
        assert sum(row[0] for row in shown) == report["mailing"]["statistics"]["recipients"] == len(file)
    assert [row[0] for row in rows(page, "tag")] == ["without a tag", "vip"]


def test_the_states_add_up_to_the_statistics(app: Flask, reader: FlaskClient) -> None:
    mailing = every_end()
    report, sums = told(reader, mailing), Counter[str]()
    for each in report["outcomes"]:
        sums[each["status"]] += each["number"]
    statistics = reader.get(f"/api/v1/mailings/{mailing.id}/statistics").json
    assert statistics == {"recipients": sum(sums.values())} | {status.value: sums[status.value] for status in Status}
    assert report["mailing"]["statistics"] == statistics


def test_a_running_mailing_says_that_it_runs(app: Flask, reader: FlaskClient, operator: FlaskClient) -> None:
    some_clients(2)
    mailing = a_mailing()
    assert "The audience is not complete yet" in operator.get(f"/mailings/{mailing.id}/report").text
    enrol_all()
    record([result(claim(1)[0], Status.SENT)])
    report = told(reader, mailing)
    assert (report["is_final"], report["mailing"]["phase"]) == (False, "running")
    assert report["happened"] == {"reached": 1, "rate": pytest.approx(1 / 60), "finished_at": None}
    assert "the figures still move" in operator.get(f"/mailings/{mailing.id}/report").text
    settle_all(clock.now() + 2 * HOUR)
    end_at(mailing, clock.now() - SECOND)
    assert told(reader, mailing)["is_final"]
    assert "every message has found its end" in operator.get(f"/mailings/{mailing.id}/report").text


def test_before_anything_was_sent_there_is_nothing_to_tell(reader: FlaskClient) -> None:
    report = told(reader, a_mailing())
    assert (report["outcomes"], report["latency"], report["course"], report["forecast"]) == ([], None, None, None)
    assert report["by_tag"] == []
    assert report["proof"]["last_first_byte_at"] is None
    assert reader.get("/api/v1/mailings/99/report").status_code == 404


def test_the_forecast_stands_beside_what_happened(app: Flask, reader: FlaskClient, operator: FlaskClient) -> None:
    some_clients(3)
    mailing = enrolled(window=Window(time(0), time(23, 59)))
    record([result(envelope, Status.SENT) for envelope in claim(3)])
    report = told(reader, mailing)
    assert report["forecast"]["recipients"] == 3
    assert report["forecast"]["ends_at"] == report["mailing"]["ends_at"]
    assert report["happened"]["reached"] == 3
    assert report["happened"]["finished_at"] == report["proof"]["last_first_byte_at"]
    page = operator.get(f"/mailings/{mailing.id}/report").text
    assert rows(page, "forecast")[0][:2] == ["Reached by the end", "nobody knew"]
    assert "Made on" in page


def test_exclusions_are_told_by_reason(app: Flask, reader: FlaskClient, operator: FlaskClient) -> None:
    """At noon in Omsk it is six in London and nine in Moscow: a window until ten, a term of an hour."""
    some_clients(2, timezone="Asia/Omsk")
    a_client(timezone="Europe/Moscow")
    some_clients(3, timezone="Europe/London")
    clients.opt_out(a_client(timezone="Europe/Moscow").id)
    noon = clock.now().replace(year=2050, month=1, day=10, hour=6, minute=0, second=0, microsecond=0)
    mailing = a_mailing(starts_at=noon, ends_at=noon + HOUR, window=Window(time(6, 30), time(10)))
    enrol_all(noon)
    report = reports.report(mailing.id, noon)
    assert report.audience.matched == 7
    assert report.audience.exclusions == {"opted_out": 1, "window_never_opens": 2}
    assert report.audience.waiting == 3  # until half past six in London
    assert reports.report(mailing.id, noon + HOUR / 2).audience.waiting == 0
    assert told(reader, mailing)["audience"]["exclusions"] == {"opted_out": 1, "window_never_opens": 2}
    page = operator.get(f"/mailings/{mailing.id}/report").text
    assert "2: window and term do not overlap" in page
    assert "1: opted out" in page


def test_whoever_came_too_late_is_told_so(app: Flask) -> None:
    some_clients(2)
    mailing = a_mailing(ends_at=clock.now() - SECOND)
    enrol_all()
    settle_all(clock.now())
    assert reports.report(mailing.id, clock.now()).audience.exclusions == {"term_is_over": 2}


def test_latencies_and_course_are_of_this_mailing(app: Flask, reader: FlaskClient) -> None:
    some_clients(2)
    mailing = enrolled()
    record([result(envelope, Status.SENT) for envelope in claim(2)])
    report = told(reader, mailing)
    assert report["course"]["accepted"][-1] == 2
    assert len(report["course"]["moments"]) == len(report["course"]["failed"])
    assert set(report["latency"]) == {"p50", "p95", "p99"}
    assert report["latency"]["p99"]["up_to"] >= report["latency"]["p50"]["about"]


def test_the_proof_is_told_in_words_to_the_millisecond(app: Flask, operator: FlaskClient) -> None:
    mailing = every_end()
    page = " ".join(operator.get(f"/mailings/{mailing.id}/report").text.split())
    moment = r"\d+ \w+ \d+, \d\d:\d\d:\d\d\.\d{3}"
    assert re.search(rf"Last first byte {moment}, end {moment}, after it: 0\.", page)


def test_many_values_are_told_as_the_largest_and_all_others(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breakdown, "MOST_PARTS", 2)
    for tag, number in (("a", 3), ("b", 2), ("c", 1), ("d", 1)):
        some_clients(number, tag=tag)
    mailing = enrolled()
    record([result(envelope, Status.SENT) for envelope in claim(7)])
    parts = reports.report(mailing.id, clock.now()).parts[Trait.TAG]
    assert {value: counts.total() for value, counts in parts.items()} == {"a": 3, "b": 2, None: 2}
    assert sum(counts["sent"] for counts in parts.values()) == 7


def test_no_statement_of_the_report_touches_a_message(app: Flask, operator: FlaskClient) -> None:
    mailing = every_end()
    for path in (f"/mailings/{mailing.id}/report", "/reports", "/reports/over-time?by=week", "/reports/not-reached"):
        seen = statements(lambda path=path: operator.get(path))
        assert [each for each in seen if re.search(r"\b(message|attempt)\b", each)] == [], path


def test_the_figures_are_read_at_once(app: Flask, operator: FlaskClient) -> None:
    """Each statement is a way there and back: one for all that is kept by trait, two for what attempts came to."""
    mailing = every_end()
    seen = statements(lambda: operator.get(f"/mailings/{mailing.id}/report"))
    assert sum("breakdown" in each for each in seen) == 1
    assert sum("traffic" in each for each in seen) == 2


def statements(work: Any) -> list[str]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return seen


def test_viewers_read_it_and_find_it(app: Flask) -> None:
    viewer, mailing = signed_in(app, Role.VIEWER), every_end()
    for path in (f"/mailings/{mailing.id}", "/reports"):
        assert f'href="/mailings/{mailing.id}/report"' in viewer.get(path).text
    assert viewer.get(f"/mailings/{mailing.id}/report").status_code == 200


def test_a_forgotten_mailing_is_reported_without_its_text(app: Flask, reader: FlaskClient) -> None:
    mailing = every_end()
    before = told(reader, mailing)
    assert retention.forget(mailing.id, lambda _: False)
    after = told(reader, mailing)
    assert after["mailing"]["text"] == ""
    assert {name: after[name] for name in ("outcomes", "by_tag", "audience", "attempts")} == {
        name: before[name] for name in ("outcomes", "by_tag", "audience", "attempts")
    }


def test_on_paper_there_is_nothing_to_click(operator: FlaskClient) -> None:
    with operator.get("/static/css/print.css") as answer:
        css = answer.text
    assert "@media print" in css
    for name in (".top", "footer", ".actions", ".tabs", ".filters"):
        assert re.search(rf"^  {re.escape(name)},$", css, re.MULTILINE)
    assert "css/print.css" in operator.get(f"/mailings/{a_mailing().id}/report").text


def test_the_mailing_in_it_is_the_mailing_of_the_api(app: Flask, reader: FlaskClient) -> None:
    mailing = every_end()
    assert told(reader, mailing)["mailing"] == reader.get(f"/api/v1/mailings/{mailing.id}").json
