"""The tables, their enums, and tiny pure properties. Rules that must never break stand here as constraints."""

from mailing_app.models.clients import Client, ClientImport, ImportPiece
from mailing_app.models.figures import Breakdown, Meter, Misses
from mailing_app.models.kinds import (
    Action,
    ActorKind,
    Hold,
    Id,
    ImportState,
    MailState,
    Phase,
    ProcessKind,
    Role,
    Scope,
    Status,
    TokenState,
    Trait,
    Turn,
    WhenUncertain,
    Word,
)
from mailing_app.models.mailings import Draft, EnrolmentSpan, KeptAnswer, Mailing, RequestAtWork, Tally
from mailing_app.models.messages import Attempt, Inquiry, Message
from mailing_app.models.people import AuditEntry, Operator, SignIn, SignInFailure, Token
from mailing_app.models.sending import Dispatcher, GatewayEvent, GatewayState, RawAnswer, Traffic
from mailing_app.models.watching import Process, ReportMail

__all__ = [
    "Action",
    "ActorKind",
    "Attempt",
    "AuditEntry",
    "Breakdown",
    "Client",
    "ClientImport",
    "Dispatcher",
    "Draft",
    "EnrolmentSpan",
    "GatewayEvent",
    "GatewayState",
    "Hold",
    "Id",
    "ImportPiece",
    "ImportState",
    "Inquiry",
    "KeptAnswer",
    "MailState",
    "Mailing",
    "Message",
    "Meter",
    "Misses",
    "Operator",
    "Phase",
    "Process",
    "ProcessKind",
    "RawAnswer",
    "ReportMail",
    "RequestAtWork",
    "Role",
    "Scope",
    "SignIn",
    "SignInFailure",
    "Status",
    "Tally",
    "Token",
    "TokenState",
    "Traffic",
    "Trait",
    "Turn",
    "WhenUncertain",
    "Word",
]
