"""The proof that nothing leaves at or after the end, and where it stands."""

import csv
import io
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import event, select

from mailing_app import clock, mailings, reports
from mailing_app.db import db, transaction
from mailing_app.dispatch.parts import Outcome
from mailing_app.dispatch.record import record
from mailing_app.models import Attempt, Mailing, Status
from tests.dispatch.test_storage import claim, enrolled, result
from tests.factories import a_mailing, some_clients

MINUTE = timedelta(minutes=1)


def tried(*outcomes: Outcome) -> Mailing:
    """A running mailing with an attempt for each outcome, all begun in this minute."""
    some_clients(len(outcomes))
    mailing = enrolled()
    record([result(each, Status.FAILED, outcome) for each, outcome in zip(claim(len(outcomes)), outcomes, strict=True)])
    return mailing


def end_at(mailing: Mailing, moment: datetime) -> Mailing:
    """Move the end, as somebody in a hurry does."""
    return mailings.change(mailing.id, ends_at=moment)


def statements(work: Any) -> int:
    """How many statements the database was given."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


def test_a_mailing_that_kept_its_end_is_proved_without_a_query(app: Flask) -> None:
    mailing = mailings.get(tried(Outcome.ACCEPTED, Outcome.REFUSED).id)
    [last] = db.session.scalars(select(Attempt.started_at).order_by(Attempt.started_at.desc()).limit(1))
    assert reports.proof(mailing) == reports.Proof(last, mailing.ends_at, 0)
    assert statements(lambda: reports.proof(mailing)) == 0


def test_without_a_byte_there_is_nothing_to_prove(app: Flask) -> None:
    mailing = a_mailing()
    assert reports.proof(mailing) == reports.Proof(None, mailing.ends_at, 0)


def test_an_end_moved_to_before_what_had_left_is_told_by_number(app: Flask) -> None:
    mailing = tried(Outcome.ACCEPTED, Outcome.CUT_OFF, Outcome.NOT_SENT, Outcome.NOT_BEGUN)
    tried(Outcome.ACCEPTED)  # of another mailing
    moved = end_at(mailing, mailing.starts_at + timedelta(microseconds=1))
    assert reports.proof(moved).after_end == 2
    with transaction() as session:
        first = session.scalars(select(Attempt).order_by(Attempt.message_id)).first()
        assert first
        first.started_at = moved.starts_at
    assert reports.proof(mailings.get(mailing.id)).after_end == 1


def test_a_byte_at_the_very_end_counts(app: Flask) -> None:
    mailing = tried(Outcome.ACCEPTED)
    last = db.session.get_one(Mailing, mailing.id).tally.last_byte_at
    assert last
    for moment, count in ((last, 1), (last + timedelta(microseconds=1), 0)):
        assert reports.proof(end_at(mailing, moment)).after_end == count


def test_the_file_of_mailings_ends_with_the_proof(app: Flask) -> None:
    kept, moved, fresh = tried(Outcome.ACCEPTED), tried(Outcome.ACCEPTED), a_mailing()
    end_at(moved, moved.starts_at + timedelta(seconds=1))
    rows = list(csv.DictReader(io.StringIO(b"".join(reports.mailings_csv()).decode("utf-8-sig"))))
    assert list(rows[0])[-3:] == ["last_first_byte_at", "first_bytes_after_end", "forgotten_at"]
    assert [(row["id"], row["first_bytes_after_end"]) for row in rows] == [
        (str(kept.id), "0"), (str(moved.id), "1"), (str(fresh.id), "0"),
    ]  # fmt: skip
    assert rows[2]["last_first_byte_at"] == ""
    last = datetime.fromisoformat(rows[0]["last_first_byte_at"])
    assert abs(clock.now() - last) < MINUTE
