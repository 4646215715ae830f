"""The tables, their enums, and tiny pure properties. Rules that must never break stand here as constraints."""

from mailing_app.models.clients import Client, ClientImport, ImportPiece
from mailing_app.models.kinds import (
    Action,
    ActorKind,
    Hold,
    Id,
    ImportState,
    Phase,
    Role,
    Scope,
    Status,
    TokenState,
    Turn,
    WhenUncertain,
)
from mailing_app.models.mailings import Draft, KeptAnswer, Mailing, RequestAtWork, Tally
from mailing_app.models.messages import Attempt, Message
from mailing_app.models.people import AuditEntry, Operator, SignIn, SignInFailure, Token
from mailing_app.models.sending import Dispatcher, GatewayEvent, GatewayState, RawAnswer, Traffic

__all__ = [
    "Action",
    "ActorKind",
    "Attempt",
    "AuditEntry",
    "Client",
    "ClientImport",
    "Dispatcher",
    "Draft",
    "GatewayEvent",
    "GatewayState",
    "Hold",
    "Id",
    "ImportPiece",
    "ImportState",
    "KeptAnswer",
    "Mailing",
    "Message",
    "Operator",
    "Phase",
    "RawAnswer",
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
    "Turn",
    "WhenUncertain",
]
