"""The schemas of the document: what goes in comes from the forms, what comes out is built on the same fields."""

from mailing_app.api import preview, report, standing
from mailing_app.api.schema import (
    COUNT,
    FLAG,
    ID,
    MOMENT,
    REQUEST_ID,
    TEXT,
    Schema,
    a_list,
    an_object,
    id_of,
    one_of,
    one_of_or_null,
    optional,
    or_null,
    ref,
    told,
)
from mailing_app.clients import Became
from mailing_app.forms import BulkForm, ClientForm, MailingForm, PauseForm, StopForm
from mailing_app.models import Phase, Status, Word

STATUSES = {
    Status.PENDING: "wait to be sent",
    Status.SENDING: "are on their way",
    Status.SENT: "the gateway accepted",
    Status.FAILED: "were refused for good",
    Status.EXPIRED: "were not sent before the end",
    Status.CANCELLED: "were withdrawn",
    Status.UNCERTAIN: "may or may not have arrived",
}


def schemas() -> dict[str, Schema]:
    """Every schema by its name. Needs the application's context, since the forms do."""
    own = _inputs() | _clients() | _mailings() | _messages() | _totals() | _shared()
    return own | preview.schemas() | report.schemas() | standing.schemas()


def _inputs() -> dict[str, Schema]:
    return {
        "ClientInput": told("A client as it is to be.", ClientForm.schema()),
        "ClientChange": told("What of a client is to change.", optional(ClientForm.schema())),
        "BulkInput": told("Clients as they are to be.", BulkForm.schema()),
        "MailingInput": told("A mailing as it is to be.", MailingForm.schema()),
        "MailingChange": told("What of a mailing is to change.", optional(MailingForm.schema())),
        "PauseInput": told("Why a mailing is paused.", PauseForm.schema()),
        "StopInput": told("Why all sending is stopped.", StopForm.schema()),
    }


def _clients() -> dict[str, Schema]:
    fields = ClientForm.schema()["properties"]
    phone = {"type": "string", "pattern": "^7[0-9]{10}$", "examples": ["79001234567"]}
    own = {
        "phone": told("As it is stored.", phone),
        "opted_out_at": told("Since when the client wants no messages.", or_null(MOMENT)),
    }
    counts = {
        "created": told("How many were added.", COUNT),
        "updated": told("How many were changed.", COUNT),
        "unchanged": told("How many were so already.", COUNT),
        "rejected": told("How many were no good.", COUNT),
    }
    fault = an_object(
        "What is wrong with a row.",
        line=told("The line of the file.", COUNT),
        field=told("The column.", TEXT | {"examples": ["phone"]}),
        message=told("What is wrong with it.", TEXT | {"examples": ["This phone number has too few digits."]}),
    )
    return {
        "Client": an_object("Somebody who can be written to.", id=id_of("client"), **fields | own, **_kept()),
        "ClientPage": _page("Client"),
        "ImportResult": an_object("What became of a file.", **counts, errors=a_list("The faults.", fault)),
        "BulkResult": an_object(
            "What became of a list.",
            **counts,
            results=a_list("One for each client, in their order.", ref("BulkOutcome")),
        ),
        "BulkOutcome": an_object(
            "What became of a client of a list.",
            index=told("Its place in the list, from zero.", COUNT),
            status=told("What became of it.", one_of(Became)),
            id=told("Its number; null when it was rejected.", or_null(ID)),
            errors=_faults(),
        ),
    }


def _mailings() -> dict[str, Schema]:
    derived = {
        "phase": told("Where it stands; derived from the clock and the controls.", one_of(Phase)),
        "pause_reason": told("Why it is paused, if anybody said so.", TEXT | {"examples": [""]}),
        "statistics": ref("Statistics"),
        "version": told("Counts its changes.", ID | {"examples": [1]}),
        "remainder_of": told("The mailing whose unreached clients it goes to.", or_null(ID) | {"examples": [None]}),
        "test": told("Whether it goes to one client only, to try its text.", FLAG | {"examples": [False]}),
        "archived_at": told("When its messages were archived.", or_null(MOMENT) | {"examples": [None]}),
        "forgotten_at": told("When its text and phones were erased.", or_null(MOMENT) | {"examples": [None]}),
    }
    fields = MailingForm.schema()["properties"]
    text = {"type": "string", "examples": ["Hello!"], "description": "Empty once the mailing is forgotten."}
    figures = {status.value: told(f"How many {words}.", COUNT) for status, words in STATUSES.items()}
    return {
        "Mailing": an_object(
            "What is sent, to whom, and when.",
            id=id_of("mailing"), **fields | {"text": text}, **derived, **_kept(),
        ),
        "MailingPage": _page("Mailing"),
        "Statistics": an_object(
            "Messages by their status.", recipients=told("The sum of the seven others.", COUNT), **figures
        ),
    }  # fmt: skip


def _messages() -> dict[str, Schema]:
    phone = or_null({"type": "string", "examples": ["79001234567"]})
    message = {
        "id": id_of("message"),
        "mailing_id": id_of("mailing"),
        "client_id": id_of("client"),
        "phone": told("Where it goes; null when the client was erased before.", phone),
        "text": told("As its client reads it.", TEXT | {"examples": ["Hello!"]}),
        "status": told("What became of it so far.", one_of(Status)),
        "reason": told("Why it is so, where that needs a reason.", TEXT | {"examples": ["client_opted_out"]}),
        "attempts": told("How often it was tried.", COUNT),
        "created_at": told("When it was planned.", MOMENT),
        "due_at": told("When it is to be tried next, or was last.", MOMENT),
        "sent_at": told("When the gateway accepted it.", or_null(MOMENT)),
    }
    history = a_list("Every attempt, the first one first.", ref("Attempt"))
    number = {"type": "integer", "examples": [200]}
    return {
        "Message": an_object("One mailing to one client.", **message),
        "MessagePage": _page("Message"),
        "MessageWithHistory": an_object(
            "A message with its attempts.",
            **message,
            history=history,
            gateway_asked_at=told("When somebody last wanted to know what became of it.", or_null(MOMENT)),
            gateway_word=told("What the gateway said: `nothing` is no clear answer.", one_of_or_null(Word)),
        ),
        "Asked": an_object("What is asked.", asked=told("About how many messages.", COUNT)),
        "Attempt": an_object(
            "One request to the gateway.",
            number=told("Counted from one.", ID | {"examples": [1]}),
            started_at=told("When its first byte left; null when none did.", or_null(MOMENT)),
            ended_at=told("When its outcome was known.", or_null(MOMENT)),
            outcome=told("What came of it.", TEXT | {"examples": ["accepted"]}),
            http_status=told("The status of the gateway's answer.", or_null(number)),
            code=told("The `code` of the gateway's answer.", or_null(number | {"examples": [0]})),
            error=told("What went wrong.", TEXT | {"examples": [""]}),
        ),
    }


def _totals() -> dict[str, Schema]:
    phases = {phase.value: told(f"How many are {phase.value}.", COUNT) for phase in Phase}
    mailings = an_object("Mailings by their phase.", **phases, total=told("All of them.", COUNT))
    return {
        "Totals": an_object("The figures over all mailings.", mailings=mailings, messages=ref("Statistics")),
    }


def _shared() -> dict[str, Schema]:
    problem = an_object(
        "Why the answer is no (RFC 9457).",
        type=told("The kind of problem.", {"type": "string", "format": "uri-reference", "examples": ["about:blank"]}),
        title=told("The name of the status.", TEXT | {"examples": ["Not Found"]}),
        status=told("The status.", {"type": "integer", "minimum": 400, "maximum": 599, "examples": [404]}),
        detail=told("What is wrong, as a sentence.", TEXT | {"examples": ["There is nothing at this address."]}),
    )
    problem["properties"] |= {
        "errors": _faults(),
        "request_id": told("Of a fault on our side: what its lines in the log share.", REQUEST_ID),
    }
    addresses = {"type": "object", "additionalProperties": TEXT, "examples": [{"clients": "/api/v1/clients"}]}
    return {"Problem": problem, "Resources": told("The address of each resource by its name.", addresses)}


def _faults() -> Schema:
    sentences = {"type": "array", "items": TEXT, "minItems": 1}
    return {
        "type": "object", "additionalProperties": sentences, "examples": [{"phone": ["This field is required."]}],
        "description": "The sentences of each field at fault.",
    }  # fmt: skip


def _kept() -> dict[str, Schema]:
    return {"created_at": told("When it was added.", MOMENT), "updated_at": told("When it last changed.", MOMENT)}


def _page(name: str) -> Schema:
    cursor = told("The `after` of the next page; null on the last.", or_null(TEXT) | {"examples": ["MTc"]})
    return an_object("A page of a list.", items=a_list("In their order.", ref(name)), next=cursor)
