"""The schema of how the service stands, and of all that is in it."""

from mailing_app.api.schema import (
    COUNT,
    FLAG,
    ID,
    MOMENT,
    TEXT,
    Schema,
    a_list,
    an_object,
    id_of,
    one_of,
    one_of_or_null,
    or_null,
    ref,
    told,
)
from mailing_app.models import Hold, MailState, ProcessKind
from mailing_app.pulse import DATA, UPLOADS
from mailing_app.status import BREAKERS

_BYTES: Schema = {"type": "integer", "minimum": 0, "examples": [1073741824]}


def schemas() -> dict[str, Schema]:
    """How the service stands, by its name."""
    return {"Status": _status(), "Dispatcher": _dispatcher(), "Process": _process()}


def _status() -> Schema:
    seconds: Schema = {"type": ["number", "null"], "minimum": 0, "examples": [0]}
    mails = {state.value: told(f"How many are {state.value}.", COUNT) for state in MailState}
    return an_object(
        "How the service stands.",
        dispatchers=a_list("Those that said no goodbye.", ref("Dispatcher")),
        in_flight=told("How many requests are on the wire.", COUNT),
        backlog=told("How many messages are pending.", COUNT),
        gateway=_gateway(),
        backlog_oldest_due_at=told("Since when the oldest message of a running mailing is due.", or_null(MOMENT)),
        scheduler_lag=told("By how many seconds the schedule is late; null where no process keeps one.", seconds),
        processes=a_list("Those that said no goodbye.", ref("Process")),
        database=_database(),
        disks=a_list("The disks of the process that answers.", _disk()),
        report_emails=an_object("Daily reports by e-mail, by where they stand.", **mails),
        version=told("The version of the service.", TEXT | {"examples": ["1.0.0"]}),
    )


def _process() -> Schema:
    return an_object(
        "A process of the service.",
        id=id_of("process"),
        kind=told("What it does: pages and API, sending, or both.", one_of(ProcessKind)),
        host=told("The name of its machine.", TEXT | {"examples": ["web-1"]}),
        pid=told("Its number on that machine.", ID),
        alive=told("Whether it beat within 15 seconds.", FLAG),
        beat_at=told("When it last did.", MOMENT),
        started_at=told("When it began.", MOMENT),
        in_flight=told("Its requests on the wire; null where it does not send.", or_null(COUNT)),
    )


def _database() -> Schema:
    return an_object(
        "The database.",
        kind=told("Which one it is.", {"type": "string", "enum": ["sqlite", "postgresql"], "examples": ["postgresql"]}),
        size_bytes=told("How large it is.", _BYTES),
        migration=told("The migration at which it is.", or_null(TEXT | {"examples": ["0005"]})),
        at_head=told("Whether that is the latest.", FLAG),
    )


def _disk() -> Schema:
    return an_object(
        "A disk.",
        place=told("What is on it.", {"type": "string", "enum": [DATA, UPLOADS], "examples": [DATA]}),
        free_bytes=told("What it has left.", _BYTES),
        size_bytes=told("How large it is.", _BYTES),
    )


def _gateway() -> Schema:
    return an_object(
        "What holds the sending.",
        practising=told("Whether it is the bundled practice gateway.", FLAG),
        hold=told("Why nothing leaves.", one_of_or_null(Hold)),
        held_at=told("Since when nothing leaves.", or_null(MOMENT)),
        detail=told("What the gateway told, or the operator's reason.", TEXT | {"examples": [""]}),
        probe_at=told("When the next message tries whether it is over.", or_null(MOMENT)),
        wait_until=told("Before it the gateway asked not to be called.", or_null(MOMENT)),
    )


def _dispatcher() -> Schema:
    return an_object(
        "A process that sends.",
        id=id_of("dispatcher"),
        host=told("The name of its machine.", TEXT | {"examples": ["web-1"]}),
        pid=told("Its number on that machine.", ID),
        alive=told("Whether it beat within 15 seconds.", FLAG),
        beat_at=told("When it last did.", MOMENT),
        started_at=told("When it began.", MOMENT),
        in_flight=told("Its requests on the wire.", COUNT),
        allowed=told("How many it may have just now.", COUNT),
        seats=told("How many it may have at the most.", COUNT | {"examples": [64]}),
        breaker=told("Its circuit breaker.", {"type": "string", "enum": sorted(BREAKERS), "examples": ["closed"]}),
        flapping=told("Whether repeats get a small share of the calls only.", FLAG | {"examples": [False]}),
    )
