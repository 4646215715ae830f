"""The things of the service as the API shows them: from a model to the JSON of the contract."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from mailing_app import clock, reports, status
from mailing_app.clients import Became, ImportResult, Outcome
from mailing_app.health import Health, Presence
from mailing_app.local_time import Window
from mailing_app.mailings import Preview, numbered
from mailing_app.models import Attempt, Client, Dispatcher, GatewayState, Inquiry, Mailing, MailState, Message
from mailing_app.paging import Page
from mailing_app.traffic import Latencies
from mailing_app.version import VERSION


def moment(at: datetime | None) -> str | None:
    """ISO 8601 in UTC, to the microsecond: what GET gives, PUT takes back unchanged."""
    return at.isoformat().replace("+00:00", "Z") if at else None


def page(found: Page, resource: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """A page of a list."""
    return {"items": [resource(item) for item in found.items], "next": found.next}


def client(shown: Client) -> dict[str, Any]:
    """Somebody who can be written to."""
    return {
        "id": shown.id,
        "phone": shown.phone,
        "operator_code": shown.operator_code,
        "tag": shown.tag,
        "timezone": shown.timezone,
        "opted_out_at": moment(shown.opted_out_at),
        "created_at": moment(shown.created_at),
        "updated_at": moment(shown.updated_at),
    }


def imported(result: ImportResult) -> dict[str, Any]:
    """What became of the rows of a file."""
    return asdict(result)


def bulk(results: Sequence[Outcome | Mapping[str, list[str]]]) -> dict[str, Any]:
    """What became of each client of a list, or the faults of its fields; and how many of each."""
    told = [{"index": index} | _result(result) for index, result in enumerate(results)]
    figures = Counter(each["status"] for each in told)
    return {each.value: figures[each.value] for each in Became} | {"results": told}


def mailing(shown: Mailing) -> dict[str, Any]:
    """A mailing with its figures, in the phase of this moment."""
    return {
        "id": shown.id,
        "name": shown.name,
        "text": shown.text,
        "starts_at": moment(shown.starts_at),
        "ends_at": moment(shown.ends_at),
        "filter": shown.filter,
        "window": _window(shown.window),
        "when_uncertain": shown.when_uncertain.value,
        "phase": shown.phase(clock.now()).value,
        "pause_reason": shown.pause_reason,
        "remainder_of": shown.remainder_of,
        "test": shown.only_client_id is not None,
        "forgotten_at": moment(shown.forgotten_at),
        "archived_at": moment(shown.archived_at),
        "statistics": reports.statistics(shown.tally),
        "version": shown.version,
        "created_at": moment(shown.created_at),
        "updated_at": moment(shown.updated_at),
    }


def preview(shown: Preview) -> dict[str, Any]:
    """What a mailing would come to."""
    return {
        "audience": shown.audience,
        "reachable": shown.reachable,
        "exclusions": shown.exclusions,
        "parts": asdict(shown.parts),
        "on_the_air": {"by_parts": _by_parts(shown.on_the_air.by_parts), "total": shown.on_the_air.total},
        "strange_fields": list(shown.strange_fields),
        "hours": list(shown.hours),
        "forecast": {
            "rate": shown.rate,
            "rate_from": shown.rate_from.value if shown.rate_from else None,
            "reached": shown.forecast.reached,
            "finishes_at": moment(shown.finishes_at),
            "missed": [asdict(each) for each in shown.forecast.missed],
        },
    }


def report(shown: reports.Report) -> dict[str, Any]:
    """A mailing at one moment, with all that there is to tell of it."""
    return {
        "mailing": mailing(shown.mailing),
        "made_at": moment(shown.made_at),
        "is_final": shown.is_final,
        "outcomes": [each._asdict() for each in shown.outcomes],
        "audience": asdict(shown.audience),
        "attempts": {"total": shown.mailing.tally.attempts, "repeats": shown.mailing.tally.repeats},
        "latency": _latencies(shown.latencies) if shown.latencies else None,
        "course": _course(shown.course) if shown.course else None,
        **{f"by_{trait.value}": _parts(parts) for trait, parts in shown.parts.items()},
        "proof": {
            "last_first_byte_at": moment(shown.proof.last_first_byte_at),
            "ends_at": moment(shown.proof.ends_at),
            "first_bytes_after_end": shown.proof.after_end,
        },
        "forecast": _with_moments(asdict(shown.forecast)) if shown.forecast else None,
        "happened": _with_moments(asdict(shown.happened)),
    }


def over_time(shown: reports.OverTime) -> dict[str, Any]:
    """The figures period by period, and week against week."""
    return {
        "by": shown.by.value,
        "timezone": shown.timezone,
        "periods": [_figures(each) for each in shown.periods],
        "total": _figures(shown.total),
        "week": _figures(shown.week),
        "week_before": _figures(shown.week_before),
    }


def message(shown: Message) -> dict[str, Any]:
    """One mailing to one client; its phone is gone when either was forgotten."""
    return {
        "id": shown.id,
        "mailing_id": shown.mailing_id,
        "client_id": shown.client_id,
        "phone": shown.addressee,
        "text": shown.text,
        "status": shown.status.value,
        "reason": shown.reason,
        "attempts": shown.attempts,
        "created_at": moment(shown.created_at),
        "due_at": moment(shown.due_at),
        "sent_at": moment(shown.sent_at),
    }


def history(attempts: Sequence[Attempt], made: int) -> list[dict[str, Any]]:
    """The attempts of a message that are kept, the last ones of as many as were made."""
    return [{"number": number} | _attempt(attempt) for number, attempt in numbered(made, attempts)]


def inquiry(shown: Inquiry | None) -> dict[str, Any]:
    """When the gateway was asked about a message, and its word."""
    word = shown.word.value if shown and shown.word else None
    return {"gateway_asked_at": moment(shown.asked_at) if shown else None, "gateway_word": word}


def standing(shown: status.Standing, now: datetime, practising: bool) -> dict[str, Any]:
    """How the sending stands."""
    return {
        "dispatchers": [_dispatcher(dispatcher, now) for dispatcher in shown.dispatchers],
        "in_flight": shown.in_flight,
        "backlog": shown.backlog,
        "gateway": {"practising": practising} | _gateway(shown.gateway or GatewayState(detail="")),
    }


def health(shown: Health) -> dict[str, Any]:
    """What the service runs on, and how the work goes."""
    return {
        "backlog_oldest_due_at": moment(shown.oldest_due_at),
        "scheduler_lag": shown.late,
        "processes": list(map(_process, shown.processes)),
        "database": {
            "kind": shown.database.kind,
            "size_bytes": shown.database.size,
            "migration": shown.database.revision,
            "at_head": shown.database.is_at_head,
        },
        "disks": [{"place": each.place, "free_bytes": each.free, "size_bytes": each.size} for each in shown.disks],
        "report_emails": {state.value: shown.mails.get(state, 0) for state in MailState},
        "version": VERSION,
    }


def _process(shown: Presence) -> dict[str, Any]:
    process = shown.process
    return {
        "id": process.id,
        "kind": process.kind.value,
        "host": process.host,
        "pid": process.pid,
        "alive": shown.is_alive,
        "beat_at": moment(process.beat_at),
        "started_at": moment(process.started_at),
        "in_flight": shown.in_flight,
    }


def _latencies(shown: Latencies) -> dict[str, Any]:
    quantiles = {"p50": shown.p50, "p95": shown.p95, "p99": shown.p99}
    return {name: each._asdict() if each else None for name, each in quantiles.items()}


def _course(shown: reports.Course) -> dict[str, Any]:
    return {"moments": [moment(at) for at in shown.moments], **shown.series}


def _parts(shown: reports.Parts) -> list[dict[str, Any]]:
    return [{"value": value, "recipients": counts.total(), **counts} for value, counts in shown.items()]


def _figures(shown: reports.Figures) -> dict[str, Any]:
    period = shown.period
    whole = {"day": period.day.isoformat(), "begins_at": moment(period.begins_at), "ends_at": moment(period.ends_at)}
    return whole | {"mailings": shown.mailings, "messages": shown.counts}


def _with_moments(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: moment(value) if isinstance(value, datetime) else value for name, value in shown.items()}


def _result(shown: Outcome | Mapping[str, list[str]]) -> dict[str, Any]:
    if isinstance(shown, Outcome):
        return {"status": shown.became.value, "id": shown.id, "errors": {}}
    return {"status": Became.REJECTED.value, "id": None, "errors": shown}


def _by_parts(shown: Mapping[int, int]) -> dict[str, int]:
    return {str(parts): number for parts, number in shown.items()}


def _window(shown: Window | None) -> dict[str, str] | None:
    return {"from": shown.opens.isoformat("minutes"), "to": shown.closes.isoformat("minutes")} if shown else None


def _attempt(shown: Attempt) -> dict[str, Any]:
    return {
        "started_at": moment(shown.started_at),
        "ended_at": moment(shown.ended_at),
        "outcome": shown.outcome,
        "http_status": shown.http_status,
        "code": shown.code,
        "error": shown.error,
    }


def _dispatcher(shown: Dispatcher, now: datetime) -> dict[str, Any]:
    return {
        "id": shown.id,
        "host": shown.host,
        "pid": shown.pid,
        "alive": status.is_alive(shown, now),
        "beat_at": moment(shown.beat_at),
        "started_at": moment(shown.started_at),
        "in_flight": shown.in_flight,
        "allowed": shown.allowed,
        "seats": shown.seats,
        "breaker": shown.breaker,
        "flapping": shown.flapping,
    }


def _gateway(shown: GatewayState) -> dict[str, Any]:
    return {
        "hold": shown.hold.value if shown.hold else None,
        "held_at": moment(shown.held_at),
        "detail": shown.detail,
        "probe_at": moment(shown.probe_at),
        "wait_until": moment(shown.wait_until),
    }
