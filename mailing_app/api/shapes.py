"""The schemas of the document: what goes in comes from the forms, what comes out is built on the same fields."""

from typing import Any

from mailing_app.clients import Became
from mailing_app.forms import BulkForm, ClientForm, MailingForm, PauseForm, StopForm
from mailing_app.mailings import Origin
from mailing_app.models import Hold, Phase, Status
from mailing_app.status import BREAKERS

Schema = dict[str, Any]

LARGEST_ID = 10**18 - 1
ID: Schema = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID, "examples": [17]}
COUNT: Schema = {"type": "integer", "minimum": 0, "examples": [0]}
TEXT: Schema = {"type": "string"}
MOMENT: Schema = {"type": "string", "format": "date-time", "pattern": "Z$", "examples": ["2030-01-31T06:00:00Z"]}
REQUEST_ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{16}$", "examples": ["5f0c6a2b9d3e4871"]}
FLAG: Schema = {"type": "boolean", "examples": [True]}
STATUSES = {
    Status.PENDING: "wait to be sent",
    Status.SENDING: "are on their way",
    Status.SENT: "the gateway accepted",
    Status.FAILED: "were refused for good",
    Status.EXPIRED: "were not sent before the end",
    Status.CANCELLED: "were withdrawn",
    Status.UNCERTAIN: "may or may not have arrived",
}


def ref(name: str) -> Schema:
    """A pointer to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def schemas() -> dict[str, Schema]:
    """Every schema by its name. Needs the application's context, since the forms do."""
    return _inputs() | _clients() | _mailings() | _preview() | _messages() | _sending() | _shared()


def _inputs() -> dict[str, Schema]:
    return {
        "ClientInput": _told("A client as it is to be.", ClientForm.schema()),
        "ClientChange": _told("What of a client is to change.", _optional(ClientForm.schema())),
        "BulkInput": _told("Clients as they are to be.", BulkForm.schema()),
        "MailingInput": _told("A mailing as it is to be.", MailingForm.schema()),
        "MailingChange": _told("What of a mailing is to change.", _optional(MailingForm.schema())),
        "PauseInput": _told("Why a mailing is paused.", PauseForm.schema()),
        "StopInput": _told("Why all sending is stopped.", StopForm.schema()),
    }


def _clients() -> dict[str, Schema]:
    fields = ClientForm.schema()["properties"]
    phone = {"type": "string", "pattern": "^7[0-9]{10}$", "examples": ["79001234567"]}
    own = {
        "phone": _told("As it is stored.", phone),
        "opted_out_at": _told("Since when the client wants no messages.", _or_null(MOMENT)),
    }
    counts = {
        "created": _told("How many were added.", COUNT),
        "updated": _told("How many were changed.", COUNT),
        "unchanged": _told("How many were so already.", COUNT),
        "rejected": _told("How many were no good.", COUNT),
    }
    fault = _object(
        "What is wrong with a row.",
        line=_told("The line of the file.", COUNT),
        field=_told("The column.", TEXT | {"examples": ["phone"]}),
        message=_told("What is wrong with it.", TEXT | {"examples": ["This phone number has too few digits."]}),
    )
    return {
        "Client": _object("Somebody who can be written to.", id=_id("client"), **fields | own, **_kept()),
        "ClientPage": _page("Client"),
        "ImportResult": _object("What became of a file.", **counts, errors=_list("The faults.", fault)),
        "BulkResult": _object(
            "What became of a list.",
            **counts,
            results=_list("One for each client, in their order.", ref("BulkOutcome")),
        ),
        "BulkOutcome": _object(
            "What became of a client of a list.",
            index=_told("Its place in the list, from zero.", COUNT),
            status=_told("What became of it.", _one_of(Became)),
            id=_told("Its number; null when it was rejected.", _or_null(ID)),
            errors=_faults(),
        ),
    }


def _mailings() -> dict[str, Schema]:
    derived = {
        "phase": _told("Where it stands; derived from the clock and the controls.", _one_of(Phase)),
        "pause_reason": _told("Why it is paused, if anybody said so.", TEXT | {"examples": [""]}),
        "statistics": ref("Statistics"),
        "version": _told("Counts its changes.", ID | {"examples": [1]}),
        "remainder_of": _told("The mailing whose unreached clients it goes to.", _or_null(ID) | {"examples": [None]}),
        "test": _told("Whether it goes to one client only, to try its text.", FLAG | {"examples": [False]}),
        "forgotten_at": _told("When its text and phones were erased.", _or_null(MOMENT) | {"examples": [None]}),
    }
    fields = MailingForm.schema()["properties"]
    text = {"type": "string", "examples": ["Hello!"], "description": "Empty once the mailing is forgotten."}
    figures = {status.value: _told(f"How many {words}.", COUNT) for status, words in STATUSES.items()}
    return {
        "Mailing": _object(
            "What is sent, to whom, and when.",
            id=_id("mailing"), **fields | {"text": text}, **derived, **_kept(),
        ),
        "MailingPage": _page("Mailing"),
        "Statistics": _object(
            "Messages by their status.", recipients=_told("The sum of the seven others.", COUNT), **figures
        ),
    }  # fmt: skip


def _preview() -> dict[str, Schema]:
    return {
        "Preview": _object(
            "What a mailing would come to.",
            audience=_told("How many clients the filter matches.", COUNT),
            reachable=_told("How many of them are not excluded.", COUNT),
            exclusions=_numbers("How many are excluded, by reason.", {"window_never_opens": 3}),
            parts=_parts(),
            on_the_air=_on_the_air(),
            strange_fields=_list("What stands in braces and is no merge field.", TEXT | {"examples": ["{name}"]}),
            hours=_hours(),
            forecast=_forecast(),
        )
    }


def _messages() -> dict[str, Schema]:
    phone = _or_null({"type": "string", "examples": ["79001234567"]})
    message = {
        "id": _id("message"),
        "mailing_id": _id("mailing"),
        "client_id": _id("client"),
        "phone": _told("Where it goes; null when the client was erased before.", phone),
        "text": _told("As its client reads it.", TEXT | {"examples": ["Hello!"]}),
        "status": _told("What became of it so far.", _one_of(Status)),
        "reason": _told("Why it is so, where that needs a reason.", TEXT | {"examples": ["client_opted_out"]}),
        "attempts": _told("How often it was tried.", COUNT),
        "created_at": _told("When it was planned.", MOMENT),
        "due_at": _told("When it is to be tried next, or was last.", MOMENT),
        "sent_at": _told("When the gateway accepted it.", _or_null(MOMENT)),
    }
    history = _list("Every attempt, the first one first.", ref("Attempt"))
    number = {"type": "integer", "examples": [200]}
    return {
        "Message": _object("One mailing to one client.", **message),
        "MessagePage": _page("Message"),
        "MessageWithHistory": _object("A message with its attempts.", **message, history=history),
        "Attempt": _object(
            "One request to the gateway.",
            number=_told("Counted from one.", ID | {"examples": [1]}),
            started_at=_told("When its first byte left; null when none did.", _or_null(MOMENT)),
            ended_at=_told("When its outcome was known.", _or_null(MOMENT)),
            outcome=_told("What came of it.", TEXT | {"examples": ["accepted"]}),
            http_status=_told("The status of the gateway's answer.", _or_null(number)),
            code=_told("The `code` of the gateway's answer.", _or_null(number | {"examples": [0]})),
            error=_told("What went wrong.", TEXT | {"examples": [""]}),
        ),
    }


def _sending() -> dict[str, Schema]:
    phases = {phase.value: _told(f"How many are {phase.value}.", COUNT) for phase in Phase}
    mailings = _object("Mailings by their phase.", **phases, total=_told("All of them.", COUNT))
    return {
        "Totals": _object("The figures over all mailings.", mailings=mailings, messages=ref("Statistics")),
        "Status": _object(
            "How the sending stands.",
            dispatchers=_list("Those that said no goodbye.", ref("Dispatcher")),
            in_flight=_told("How many requests are on the wire.", COUNT),
            backlog=_told("How many messages are pending.", COUNT),
            gateway=_gateway(),
        ),
        "Dispatcher": _dispatcher(),
    }


def _gateway() -> Schema:
    return _object(
        "What holds the sending.",
        practising=_told("Whether it is the bundled practice gateway.", FLAG),
        hold=_told("Why nothing leaves.", _one_of_or_null(Hold)),
        held_at=_told("Since when nothing leaves.", _or_null(MOMENT)),
        detail=_told("What the gateway told, or the operator's reason.", TEXT | {"examples": [""]}),
        probe_at=_told("When the next message tries whether it is over.", _or_null(MOMENT)),
        wait_until=_told("Before it the gateway asked not to be called.", _or_null(MOMENT)),
    )


def _dispatcher() -> Schema:
    return _object(
        "A process that sends.",
        id=_id("dispatcher"),
        host=_told("The name of its machine.", TEXT | {"examples": ["web-1"]}),
        pid=_told("Its number on that machine.", ID),
        alive=_told("Whether it beat within 15 seconds.", FLAG),
        beat_at=_told("When it last did.", MOMENT),
        started_at=_told("When it began.", MOMENT),
        in_flight=_told("Its requests on the wire.", COUNT),
        allowed=_told("How many it may have just now.", COUNT),
        seats=_told("How many it may have at the most.", COUNT | {"examples": [64]}),
        breaker=_told("Its circuit breaker.", {"type": "string", "enum": sorted(BREAKERS), "examples": ["closed"]}),
        flapping=_told("Whether repeats get a small share of the calls only.", FLAG | {"examples": [False]}),
    )


def _shared() -> dict[str, Schema]:
    problem = _object(
        "Why the answer is no (RFC 9457).",
        type=_told("The kind of problem.", {"type": "string", "format": "uri-reference", "examples": ["about:blank"]}),
        title=_told("The name of the status.", TEXT | {"examples": ["Not Found"]}),
        status=_told("The status.", {"type": "integer", "minimum": 400, "maximum": 599, "examples": [404]}),
        detail=_told("What is wrong, as a sentence.", TEXT | {"examples": ["There is nothing at this address."]}),
    )
    problem["properties"] |= {
        "errors": _faults(),
        "request_id": _told("Of a fault on our side: what its lines in the log share.", REQUEST_ID),
    }
    addresses = {"type": "object", "additionalProperties": TEXT, "examples": [{"clients": "/api/v1/clients"}]}
    return {"Problem": problem, "Resources": _told("The address of each resource by its name.", addresses)}


def _faults() -> Schema:
    sentences = {"type": "array", "items": TEXT, "minItems": 1}
    return {
        "type": "object", "additionalProperties": sentences, "examples": [{"phone": ["This field is required."]}],
        "description": "The sentences of each field at fault.",
    }  # fmt: skip


def _parts() -> Schema:
    counts = {
        "characters": "The characters of the text.",
        "units": "What they take in its encoding.",
        "parts": "The parts of the SMS.",
        "left": "The units that still fit into the last part.",
    }
    return _object(
        "What the text takes, as one of the clients reads it.",
        encoding=_told("How it is sent.", {"type": "string", "enum": ["GSM-7", "UCS-2"], "examples": ["GSM-7"]}),
        **{name: _told(words, COUNT) for name, words in counts.items()},
        forcing=_list("The characters that make the text dear.", TEXT | {"examples": ["\u2019"]}),
    )


def _on_the_air() -> Schema:
    return _object(
        "What the texts of all clients take.",
        by_parts=_numbers("How many clients get the text in how many parts.", {"1": 900, "2": 100}),
        total=_told("The parts of all together.", COUNT),
    )


def _hours() -> Schema:
    told = "How many clients can be reached first in each hour of their own day, from midnight on."
    evening = [0] * 23 + [3]
    return {"type": "array", "items": COUNT, "minItems": 24, "maxItems": 24, "description": told, "examples": [evening]}


def _forecast() -> Schema:
    rate = {"type": "number", "exclusiveMinimum": 0, "examples": [12.5]}
    missed = _object(
        "Clients of one zone who would not be reached.",
        offset=_told("Their offset at the start.", TEXT | {"examples": ["UTC+10"]}),
        number=_told("How many they are.", COUNT),
        reason=_told("Why they would not.", TEXT | {"examples": ["window_never_opens"]}),
    )
    return _object(
        "When it would be done, with nothing sent beside it.",
        rate=_told("Messages a second.", _or_null(rate)),
        rate_from=_told("What the rate was taken from.", _one_of_or_null(Origin)),
        reached=_told("How many would be reached by the end.", _or_null(COUNT)),
        finishes_at=_told("When the last one would be.", _or_null(MOMENT)),
        missed=_list("Those who would not be reached.", missed),
    )


def _kept() -> dict[str, Schema]:
    return {"created_at": _told("When it was added.", MOMENT), "updated_at": _told("When it last changed.", MOMENT)}


def _page(name: str) -> Schema:
    cursor = _told("The `after` of the next page; null on the last.", _or_null(TEXT) | {"examples": ["MTc"]})
    return _object("A page of a list.", items=_list("In their order.", ref(name)), next=cursor)


def _id(name: str) -> Schema:
    return _told(f"The number of the {name}.", ID)


def _told(words: str, schema: Schema) -> Schema:
    return schema | {"description": words}


def _object(words: str, **properties: Schema) -> Schema:
    return {
        "type": "object", "description": words, "properties": properties, "required": list(properties),
        "additionalProperties": False,
    }  # fmt: skip


def _list(words: str, items: Schema) -> Schema:
    return {"type": "array", "description": words, "items": items}


def _numbers(words: str, shown: dict[str, int]) -> Schema:
    return {"type": "object", "description": words, "additionalProperties": COUNT, "examples": [shown]}


def _optional(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key != "required"}


def _or_null(schema: Schema) -> Schema:
    return schema | {"type": [schema["type"], "null"]}


def _one_of(enum: Any) -> Schema:
    values = [member.value for member in enum]
    return {"type": "string", "enum": values, "examples": values[:1]}


def _one_of_or_null(enum: Any) -> Schema:
    schema = _one_of(enum)
    return _or_null(schema) | {"enum": [*schema["enum"], None]}
