"""What people call the members of the enums: a table for each."""

from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from mailing_app.language import Language
from mailing_app.lines import Grain
from mailing_app.models import (
    Action,
    ActorKind,
    Hold,
    ImportState,
    MailState,
    Phase,
    ProcessKind,
    Role,
    Scope,
    Status,
    TokenState,
    WhenUncertain,
    Word,
)
from mailing_app.periods import Unit
from mailing_app.spreadsheet import Delimiter, Encoding

# A table for each enum: members of two enums with one value are equal, and Russian tells their genders apart.
MEMBERS: dict[type[StrEnum], dict[Any, Any]] = {
    Status: {
        Status.PENDING: _l("Pending"),
        Status.SENDING: _l("Sending"),
        Status.SENT: _l("Sent"),
        Status.FAILED: _l("Failed"),
        Status.EXPIRED: _l("Expired"),
        Status.CANCELLED: lazy_pgettext("message", "Cancelled"),
        Status.UNCERTAIN: _l("Uncertain"),
    },
    Phase: {
        Phase.SCHEDULED: _l("Scheduled"),
        Phase.RUNNING: _l("Running"),
        Phase.PAUSED: _l("Paused"),
        Phase.FINISHED: _l("Finished"),
        Phase.CANCELLED: lazy_pgettext("mailing", "Cancelled"),
    },
    Role: {
        Role.VIEWER: _l("Viewer: may only look"),
        Role.OPERATOR: _l("Operator: clients and mailings"),
        Role.ADMIN: _l("Admin: everything"),
    },
    Scope: {
        Scope.READ: _l("Read only"),
        Scope.WRITE: _l("Read and write"),
    },
    TokenState: {
        TokenState.WORKS: _l("Works"),
        TokenState.EXPIRED: lazy_pgettext("token", "Expired"),
        TokenState.REVOKED: _l("Revoked"),
    },
    Language: {
        Language.EN: "English",
        Language.RU: "Русский",
    },
    ActorKind: {
        ActorKind.OPERATOR: _l("An operator in the pages"),
        ActorKind.TOKEN: _l("A program at the API"),
        ActorKind.CONSOLE: _l("The console"),
        ActorKind.SERVICE: _l("The service itself"),
    },
    Action: {
        Action.CLIENT_ADDED: _l("Added a client"),
        Action.CLIENT_CHANGED: _l("Changed a client"),
        Action.CLIENT_ERASED: _l("Erased a client"),
        Action.CLIENT_OPTED_OUT: _l("Put a client on the opt-out list"),
        Action.CLIENT_OPTED_IN: _l("Took a client off the opt-out list"),
        Action.CLIENTS_IMPORTED: _l("Imported clients"),
        Action.CLIENTS_RETAGGED: _l("Gave clients another tag"),
        Action.CLIENTS_ERASED: _l("Erased clients"),
        Action.CLIENTS_EXPORTED: _l("Exported clients"),
        Action.MAILING_ADDED: _l("Planned a mailing"),
        Action.MAILING_CHANGED: _l("Changed a mailing"),
        Action.MAILING_PAUSED: _l("Paused a mailing"),
        Action.MAILING_RESUMED: _l("Resumed a mailing"),
        Action.MAILING_CANCELLED: _l("Cancelled a mailing"),
        Action.MAILING_DELETED: _l("Deleted a mailing"),
        Action.MAILING_FORGOTTEN: _l("Erased the text and the phones of an old mailing"),
        Action.MAILING_ARCHIVED: _l("Put the messages of an old mailing into a file and removed them"),
        Action.ATTEMPTS_THINNED: _l("Removed all but the last attempts of an old mailing"),
        Action.HOUSEKEPT: _l("Kept house: what is old takes less room"),
        Action.UNCERTAIN_SENT_AGAIN: _l("Sent the uncertain messages again"),
        Action.GATEWAY_ASKED: _l("Asked the gateway what became of uncertain messages"),
        Action.GATEWAY_TOLD: _l("Was told by the gateway what became of uncertain messages"),
        Action.TEST_SENT: _l("Sent a test message"),
        Action.LETTER_SENT_AGAIN: _l("Had the daily letter sent again"),
        Action.SENDING_STOPPED: _l("Stopped all sending"),
        Action.SENDING_WENT_ON: _l("Let sending go on"),
        Action.OPERATOR_ADDED: _l("Added an operator"),
        Action.OPERATOR_CHANGED: _l("Changed an operator"),
        Action.OPERATOR_DEACTIVATED: _l("Deactivated an operator"),
        Action.OPERATOR_REACTIVATED: _l("Reactivated an operator"),
        Action.PASSWORD_CHANGED: _l("Set a new password"),
        Action.TOKEN_ADDED: _l("Added a token"),
        Action.TOKEN_REVOKED: _l("Revoked a token"),
        Action.SIGNED_IN: _l("Signed in"),
        Action.SIGN_INS_ENDED: _l("Ended sign-ins"),
    },
    Hold: {
        Hold.TOKEN_REFUSED: _l("The gateway refuses our token."),
        Hold.WRONG_ADDRESS: _l("There is no gateway at the address we were given."),
        Hold.SUSPECT: _l("The gateway refuses every message; something is wrong with them or with it."),
        Hold.OPERATOR: _l("An operator stopped all sending."),
    },
    ImportState: {
        ImportState.RECEIVING: lazy_pgettext("import", "Being received"),
        ImportState.CHECKING: lazy_pgettext("import", "Being checked"),
        ImportState.CHECKED: lazy_pgettext("import", "Checked"),
        ImportState.STORING: lazy_pgettext("import", "Being imported"),
        ImportState.DONE: lazy_pgettext("import", "Imported"),
        ImportState.DROPPED: lazy_pgettext("import", "Dropped"),
        ImportState.FAILED: lazy_pgettext("import", "Failed"),
    },
    ProcessKind: {
        ProcessKind.WEB: _l("Pages and API"),
        ProcessKind.DISPATCHER: lazy_pgettext("process", "Sending"),
        ProcessKind.BOTH: _l("Pages, API and sending"),
    },
    Word: {
        Word.ACCEPTED: _l("The gateway has it"),
        Word.NEVER_CAME: _l("It never came"),
        Word.NOTHING: _l("No clear answer"),
    },
    Unit: {
        Unit.DAY: lazy_pgettext("by", "Day"),
        Unit.WEEK: lazy_pgettext("by", "Week"),
        Unit.MONTH: lazy_pgettext("by", "Month"),
    },
    MailState: {
        MailState.WAITING: lazy_pgettext("letter", "Waiting"),
        MailState.HANDED_OVER: lazy_pgettext("letter", "Being handed over"),
        MailState.SENT: lazy_pgettext("letter", "Sent"),
        MailState.FAILED: lazy_pgettext("letter", "Not sent"),
    },
    WhenUncertain: {
        WhenUncertain.HOLD: _l("Keep it for an operator to decide"),
        WhenUncertain.SEND_AGAIN: _l("Send it again, even if it may arrive twice"),
    },
    Grain: {
        Grain.MESSAGES: lazy_pgettext("line", "Message"),
        Grain.ATTEMPTS: lazy_pgettext("line", "Attempt"),
    },
    Delimiter: {
        Delimiter.COMMA: _l("Comma"),
        Delimiter.SEMICOLON: _l("Semicolon"),
    },
    Encoding: {
        Encoding.UTF_8: "UTF-8",
        Encoding.CP1251: "Windows-1251",
    },
}
