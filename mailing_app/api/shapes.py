"""The schemas of the document: what goes in comes from the forms, what comes out is built on the same fields."""

from typing import Any

from mailing_app.clients import Became
from mailing_app.forms import BulkForm, ClientForm, MailingForm, PauseForm, StopForm
from mailing_app.mailings import Origin
from mailing_app.models import Hold, Phase, Status
from mailing_app.status import BREAKERS

Schema = dict[str, Any]

ID: Schema = {"type": "integer", "minimum": 1, "examples": [17]}
VERSION: Schema = {"type": "integer", "minimum": 1, "examples": [1]}
COUNT: Schema = {"type": "integer", "minimum": 0, "examples": [0]}
TEXT: Schema = {"type": "string"}
MOMENT: Schema = {"type": "string", "format": "date-time", "examples": ["2030-01-31T06:00:00Z"]}
FLAG: Schema = {"type": "boolean"}


def ref(name: str) -> Schema:
    """A pointer to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def schemas() -> dict[str, Schema]:
    """Every schema by its name. Needs the application's context, since the forms do."""
    return _inputs() | _clients() | _mailings() | _messages() | _sending() | _shared()


def _inputs() -> dict[str, Schema]:
    return {
        "ClientInput": ClientForm.schema(),
        "ClientChange": _optional(ClientForm.schema()),
        "BulkInput": BulkForm.schema(),
        "MailingInput": MailingForm.schema(),
        "MailingChange": _optional(MailingForm.schema()),
        "PauseInput": PauseForm.schema(),
        "StopInput": StopForm.schema(),
    }


def _clients() -> dict[str, Schema]:
    fields = ClientForm.schema()["properties"]
    phone = fields["phone"] | {"type": "string", "pattern": "^7[0-9]{10}$", "description": "As it is stored."}
    opted_out_at = _or_null(MOMENT) | {"description": "Since when the client wants no messages."}
    client = fields | {"phone": phone, "opted_out_at": opted_out_at} | _kept()
    fault = _object(line=COUNT, field=TEXT, message=TEXT)
    counts = dict.fromkeys(_values(Became), COUNT)
    return {
        "Client": _object(id=ID, **client),
        "ClientPage": _page("Client"),
        "ImportResult": _object(**counts, errors={"type": "array", "items": fault}),
        "BulkResult": _object(**counts, results={"type": "array", "items": ref("BulkOutcome")}),
        "BulkOutcome": _object(
            index=COUNT, status=_one_of(Became), id=_or_null(ID),
            errors={"type": "object", "additionalProperties": {"type": "array", "items": TEXT}},
        ),
    }  # fmt: skip


def _mailings() -> dict[str, Schema]:
    derived = {
        "phase": _one_of(Phase),
        "pause_reason": TEXT,
        "statistics": ref("Statistics"),
        "version": VERSION,
        "remainder_of": _or_null(ID),
        "test": {"type": "boolean"},
        "forgotten_at": _or_null(MOMENT) | {"description": "When its text and phones were erased."},
    }
    fields = MailingForm.schema()["properties"]
    text = {"type": "string", "examples": ["Hello!"], "description": "Empty once the mailing is forgotten."}
    exclusions = {"type": "object", "additionalProperties": COUNT, "examples": [{"window_never_opens": 3}]}
    return {
        "Mailing": _object(id=ID, **fields | {"text": text} | derived, **_kept()),
        "MailingPage": _page("Mailing"),
        "Statistics": _object(recipients=COUNT, **dict.fromkeys(_values(Status), COUNT)),
        "Preview": _object(
            audience=COUNT, reachable=COUNT, exclusions=exclusions, parts=_parts(), on_the_air=_on_the_air(),
            strange_fields={"type": "array", "items": TEXT}, hours=_hours(), forecast=_forecast(),
        ),
    }  # fmt: skip


def _messages() -> dict[str, Schema]:
    phone = _or_null({"type": "string", "examples": ["79001234567"]})
    message = {
        "id": ID, "mailing_id": ID, "client_id": ID, "phone": phone, "text": TEXT | {"examples": ["Hello!"]},
        "status": _one_of(Status), "reason": TEXT, "attempts": COUNT,
        "created_at": MOMENT, "due_at": MOMENT, "sent_at": _or_null(MOMENT),
    }  # fmt: skip
    return {
        "Message": _object(**message),
        "MessagePage": _page("Message"),
        "MessageWithHistory": _object(**message, history={"type": "array", "items": ref("Attempt")}),
        "Attempt": _object(
            number=ID, started_at=_or_null(MOMENT), ended_at=_or_null(MOMENT), outcome=TEXT,
            http_status=_or_null({"type": "integer"}), code=_or_null({"type": "integer"}), error=TEXT,
        ),
    }  # fmt: skip


def _sending() -> dict[str, Schema]:
    phases = _object(**dict.fromkeys([*_values(Phase), "total"], COUNT))
    hold = _one_of(Hold)
    return {
        "Totals": _object(mailings=phases, messages=ref("Statistics")),
        "Status": _object(
            dispatchers={"type": "array", "items": ref("Dispatcher")}, in_flight=COUNT, backlog=COUNT,
            gateway=_object(
                practising=FLAG, hold=_or_null(hold) | {"enum": [*hold["enum"], None]}, held_at=_or_null(MOMENT),
                detail=TEXT, probe_at=_or_null(MOMENT), wait_until=_or_null(MOMENT),
            ),
        ),
        "Dispatcher": _object(
            id=ID, host=TEXT, pid=ID, alive=FLAG, beat_at=MOMENT, started_at=MOMENT,
            in_flight=COUNT, allowed=COUNT, seats=COUNT,
            breaker={"type": "string", "enum": sorted(BREAKERS)}, flapping=FLAG,
        ),
    }  # fmt: skip


def _shared() -> dict[str, Schema]:
    told = {"type": "array", "items": TEXT}
    problem = _object(type=TEXT, title=TEXT, status={"type": "integer"}, detail=TEXT)
    problem["properties"] |= {
        "errors": {
            "type": "object", "additionalProperties": told, "description": "The sentences of each field at fault.",
        },
        "request_id": TEXT | {"description": "Of a fault on our side: what its lines in the log have in common."},
    }  # fmt: skip
    return {"Problem": problem, "Resources": {"type": "object", "additionalProperties": TEXT}}


def _parts() -> Schema:
    encoding = {"type": "string", "enum": ["GSM-7", "UCS-2"]}
    forcing = {"type": "array", "items": TEXT, "description": "The characters that make the text dear."}
    return _object(encoding=encoding, **dict.fromkeys(("characters", "units", "parts", "left"), COUNT), forcing=forcing)


def _on_the_air() -> Schema:
    by_parts = {
        "type": "object", "additionalProperties": COUNT, "examples": [{"1": 900, "2": 100}],
        "description": "How many clients get the text in how many parts.",
    }  # fmt: skip
    return _object(by_parts=by_parts, total=COUNT | {"description": "The parts of all together."})


def _hours() -> Schema:
    told = "How many clients can be reached first in each hour of their own day, from midnight on."
    evening = [0] * 23 + [3]
    return {"type": "array", "items": COUNT, "minItems": 24, "maxItems": 24, "description": told, "examples": [evening]}


def _forecast() -> Schema:
    rate_from = _one_of(Origin)
    missed = _object(offset=TEXT | {"examples": ["UTC+10"]}, number=COUNT, reason=TEXT)
    return _object(
        rate=_or_null({"type": "number"}),
        rate_from=_or_null(rate_from) | {"enum": [*rate_from["enum"], None]},
        reached=_or_null(COUNT),
        finishes_at=_or_null(MOMENT),
        missed={"type": "array", "items": missed},
    )


def _kept() -> dict[str, Schema]:
    return {"created_at": MOMENT, "updated_at": MOMENT}


def _page(name: str) -> Schema:
    cursor = _or_null(TEXT) | {"description": "The `after` of the next page; null on the last."}
    return _object(items={"type": "array", "items": ref(name)}, next=cursor)


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False,
    }  # fmt: skip


def _optional(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key != "required"}


def _or_null(schema: Schema) -> Schema:
    return schema | {"type": [schema["type"], "null"]}


def _one_of(enum: Any) -> Schema:
    return {"type": "string", "enum": _values(enum)}


def _values(enum: Any) -> list[str]:
    return [member.value for member in enum]
