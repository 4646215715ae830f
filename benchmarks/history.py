"""What months of use leave behind: a hundred mailings with their messages, attempts and figures, put in by the bulk."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.engine import Connection

from mailing_app import clock
from mailing_app.db import db, stored
from mailing_app.figures import OF_CLIENTS, PLACES
from mailing_app.models import Mailing, Status, Trait
from tests.factories import a_filter

MAILINGS, LARGEST_SHARE = 100, 0.4
TAGS = ("", "vip", "new", "b2b", "returns-2026", "склад", "Постоянные клиенты", "розница; опт")
ZONES = ("Europe/Moscow", "Europe/Samara", "Asia/Omsk", "Asia/Novosibirsk", "Asia/Vladivostok")
CODES = 40
A_DAY, AN_HOUR = timedelta(days=1), timedelta(hours=1)


class Dialect(NamedTuple):
    """How a database spells a moment some milliseconds after another one, the minute of a moment, a moment given, and
    eleven digits of a phone.
    """

    later: Callable[[str, str], str]
    minute: Callable[[str], str]
    given: str
    digits: Callable[[str], str]


_DIALECTS = {
    "sqlite": Dialect(
        lambda moment, ms: (
            f"strftime('%Y-%m-%dT%H:%M:%S', {moment}, (({ms}) / 1000) || ' seconds')"
            f" || printf('.%03d000Z', ({ms}) % 1000)"
        ),
        lambda moment: f"substr({moment}, 1, 16) || '\\:00.000000Z'",
        ":now",
        lambda number: f"printf('%07d', {number})",
    ),
    "postgresql": Dialect(
        lambda moment, ms: f"{moment} + ({ms}) * interval '1 millisecond'",
        lambda moment: f"date_trunc('minute', {moment})",
        "CAST(:now AS timestamptz)",
        lambda number: f"lpad(CAST({number} AS text), 7, '0')",
    ),
}


def fill(messages: int) -> None:
    """So many messages of a hundred mailings, consistent with every table of figures.

    The largest mailing comes first and has two fifths of them; the last one is running, and has sent half.
    """
    sizes = _sizes(messages)
    with db.engine.begin() as connection:
        dialect = _DIALECTS[connection.dialect.name]
        if connection.dialect.name == "postgresql":  # to look up each reference would take longer than all the rest
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        _register(connection, sizes[0])
        _plan(connection, sizes)
        for statement in (_messages(dialect), _attempts(dialect), _TALLIES, _traffic(dialect), _METER, _MISSES):
            connection.execute(text(statement))
        for trait in Trait:
            connection.execute(text(_breakdown(trait)))
        if connection.dialect.name == "postgresql":
            connection.execute(text(_WRITTEN_AGAIN))
    look_over()


def register(number: int) -> None:
    """So many clients, of any tag, operator and zone."""
    with db.engine.begin() as connection:
        _register(connection, number)
    look_over()


def _register(connection: Connection, number: int) -> None:
    clients = text(_clients(_DIALECTS[connection.dialect.name]))
    connection.execute(clients, {"number": number, "now": stored(clock.now())})


def _sizes(messages: int) -> list[int]:
    """The largest has its share, the others divide the rest as 1 : 1/2 : 1/3 and so on."""
    weights = [1 / place for place in range(1, MAILINGS)]
    rest = messages * (1 - LARGEST_SHARE)
    sizes = [int(rest * weight / sum(weights)) for weight in weights]
    return [messages - sum(sizes), *sizes]


def _plan(connection: Connection, sizes: Sequence[int]) -> None:
    """One a day, twelve hours each; the last one began an hour ago."""
    now = clock.now().replace(microsecond=0)
    for number, size in enumerate(sizes, start=1):
        starts_at = now - (MAILINGS - number) * A_DAY - AN_HOUR
        ends_at = starts_at + A_DAY / 2
        plain = {"id": number, "name": f"Mailing {number}", "text": "Hello, {tag}!", "filter": a_filter()}
        moments = {"starts_at": starts_at, "ends_at": ends_at, "created_at": starts_at, "updated_at": starts_at}
        done = {"attempted_at": starts_at, "enrolled_at": starts_at, "enrolled_to": size}
        settled = {"settled_at": ends_at if number < MAILINGS else None}
        connection.execute(Mailing.__table__.insert(), plain | moments | done | settled)  # type: ignore[attr-defined]
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT setval(pg_get_serial_sequence('mailing', 'id'), max(id)) FROM mailing"))


def _clients(dialect: Dialect) -> str:
    tags = " ".join(f"WHEN {place} THEN '{tag}'" for place, tag in enumerate(TAGS))
    zones = " ".join(f"WHEN {place} THEN '{zone}'" for place, zone in enumerate(ZONES))
    code = f"CAST(900 + n % {CODES} AS text)"
    return f"""
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :number)
        INSERT INTO client (phone, operator_code, tag, timezone, version, created_at, updated_at)
        SELECT '7' || {code} || {dialect.digits("n")}, {code}, CASE n / {CODES} % {len(TAGS)} {tags} END,
            CASE n / {CODES * len(TAGS)} % {len(ZONES)} {zones} END, 1, {dialect.given}, {dialect.given}
        FROM numbers
    """


def _messages(dialect: Dialect) -> str:
    """A lot in a thousand decides what became of each; eight in a hundred of the attempted took two attempts."""
    sent_at = dialect.later("starts_at", "client_id * 5 + (attempts - 1) * 10000 + 45")
    return f"""
        INSERT INTO message (mailing_id, client_id, enrolled_code, enrolled_zone, enrolled_tag, status,
            reason, phone, frozen, attempts, tries, unknown, epoch, created_at, due_at, sent_at)
        SELECT mailing_id, client_id, operator_code, timezone, tag, status,
            CASE status WHEN 'failed' THEN 'refused' WHEN 'expired' THEN 'mailing_ended'
                WHEN 'cancelled' THEN 'client_opted_out' WHEN 'uncertain' THEN 'cut_off' ELSE '' END,
            CASE WHEN attempts > 0 THEN phone END, attempts > 0, attempts, attempts, status = 'uncertain', attempts,
            starts_at, starts_at, CASE WHEN status = 'sent' THEN {sent_at} END
        FROM (
            SELECT *, CASE WHEN status IN ('pending', 'expired', 'cancelled') THEN 0
                WHEN lot % 100 < 8 THEN 2 ELSE 1 END AS attempts
            FROM (
                SELECT *, CASE WHEN settled_at IS NULL AND client_id * 2 > enrolled_to THEN 'pending'
                    WHEN lot < 15 THEN 'failed' WHEN lot < 25 THEN 'expired' WHEN lot < 30 THEN 'cancelled'
                    WHEN lot < 35 THEN 'uncertain' ELSE 'sent' END AS status
                FROM (
                    SELECT mailing.id AS mailing_id, client.id AS client_id, client.operator_code, client.timezone,
                        client.tag, client.phone, mailing.starts_at, mailing.settled_at, mailing.enrolled_to,
                        (client.id * 31 + mailing.id * 17) % 1000 AS lot
                    FROM mailing JOIN client ON client.id <= mailing.enrolled_to
                ) AS drawn
            ) AS decided
        ) AS counted
        ORDER BY mailing_id, client_id
    """


def _attempts(dialect: Dialect) -> str:
    begun = "message.client_id * 5 + (tried.epoch - 1) * 10000"
    taken = f"{begun} + CASE message.client_id % 10 WHEN 0 THEN 140 WHEN 1 THEN 65 ELSE 45 END"
    return f"""
        INSERT INTO attempt (message_id, epoch, started_at, ended_at, outcome, http_status, code, error)
        SELECT message.id, tried.epoch, {dialect.later("mailing.starts_at", begun)},
            {dialect.later("mailing.starts_at", taken)},
            CASE WHEN tried.epoch < message.attempts THEN 'busy' WHEN message.status = 'sent' THEN 'accepted'
                WHEN message.status = 'failed' THEN 'refused' ELSE 'cut_off' END,
            CASE WHEN tried.epoch < message.attempts THEN 503 WHEN message.status = 'sent' THEN 200
                WHEN message.status = 'failed' THEN 400 END,
            CASE WHEN tried.epoch = message.attempts AND message.status = 'sent' THEN 0 END,
            CASE WHEN tried.epoch < message.attempts THEN 'HTTP 503: "busy", come again' ELSE '' END
        FROM message JOIN mailing ON mailing.id = message.mailing_id
            JOIN (SELECT 1 AS epoch UNION ALL SELECT 2) AS tried ON tried.epoch <= message.attempts
        ORDER BY message.id, tried.epoch
    """


def _number(condition: str) -> str:
    return f"SUM(CASE WHEN {condition} THEN 1 ELSE 0 END)"


_BY_STATUS = ", ".join(_number(f"message.status = '{status}'") for status in Status)

_TALLIES = f"""
    INSERT INTO tally (mailing_id, {", ".join(Status)}, attempts, repeats, opted_out, last_byte_at)
    SELECT mailing.id, {_BY_STATUS}, COALESCE(SUM(message.attempts), 0), {_number("message.attempts > 1")}, 0,
        MAX(message.sent_at)
    FROM mailing LEFT JOIN message ON message.mailing_id = mailing.id GROUP BY mailing.id
"""


def _traffic(dialect: Dialect) -> str:
    minute = dialect.minute("attempt.ended_at")
    up_to = "CASE message.client_id % 10 WHEN 0 THEN 150 WHEN 1 THEN 70 ELSE 50 END"
    return f"""
        INSERT INTO traffic (minute_at, mailing_id, dispatcher_id, outcome, up_to, number)
        SELECT {minute}, message.mailing_id, 1, attempt.outcome, {up_to}, COUNT(*)
        FROM attempt JOIN message ON message.id = attempt.message_id
        GROUP BY {minute}, message.mailing_id, attempt.outcome, {up_to}
    """


_METER = """
    INSERT INTO meter (dispatcher_id, outcome, up_to, number, milliseconds)
    SELECT dispatcher_id, outcome, up_to, SUM(number), SUM(number * up_to) FROM traffic
    GROUP BY dispatcher_id, outcome, up_to
"""

_WRITTEN_AGAIN = "UPDATE message SET epoch = epoch"
"""Nothing comes in by the bulk in life: each message is written three times, and what that leaves to be used again is
whole pages. Rows put in once leave room for one more in each page, and the next audience would be spread over them all.
"""

_MISSED = ("failed", "expired", "uncertain")
_MISSES = f"""
    INSERT INTO misses (client_id, number, {", ".join(_MISSED)})
    SELECT client_id, COUNT(*), {", ".join(_number(f"status = '{status}'") for status in _MISSED)}
    FROM message WHERE status IN ('failed', 'expired', 'uncertain') GROUP BY client_id
"""


def _breakdown(trait: Trait) -> str:
    is_reason = trait is Trait.REASON
    value = "message.reason" if is_reason else OF_CLIENTS[trait]
    which = "message.reason <> '' AND message.status NOT IN ('pending', 'sending')" if is_reason else "1 = 1"
    ends = [status for status in PLACES if status is not Status.PENDING]
    sums = ", ".join(_number(f"message.status = '{end}'") for end in ends)
    return f"""
        INSERT INTO breakdown (mailing_id, trait, value, pending, {", ".join(ends)})
        SELECT message.mailing_id, '{trait}', {value}, {_number("message.status IN ('pending', 'sending')")}, {sums}
        FROM message WHERE {which} GROUP BY message.mailing_id, {value}
    """


def look_over() -> None:
    """What autovacuum has done long before there are so many rows, and SQLite's housekeeping on its day."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if connection.dialect.name == "postgresql" else "ANALYZE")
