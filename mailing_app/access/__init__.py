"""Who may come in: operators with passwords and sign-ins, programs with tokens. Secrets are kept as hashes."""

from mailing_app.access.devices import device
from mailing_app.access.operators import (
    add_operator,
    anybody,
    change_operator,
    change_profile,
    deactivate,
    known_as,
    operator,
    operators,
    reactivate,
    set_password,
)
from mailing_app.access.sign_ins import (
    LONGEST,
    change_own_password,
    end_sign_ins,
    is_of,
    sign_in,
    sign_ins,
    sign_out,
    signed_in,
)
from mailing_app.access.tokens import add_token, find_token, revoke_token, token, tokens

__all__ = [
    "LONGEST",
    "add_operator",
    "add_token",
    "anybody",
    "change_operator",
    "change_own_password",
    "change_profile",
    "deactivate",
    "device",
    "end_sign_ins",
    "find_token",
    "is_of",
    "known_as",
    "operator",
    "operators",
    "reactivate",
    "revoke_token",
    "set_password",
    "sign_in",
    "sign_ins",
    "sign_out",
    "signed_in",
    "token",
    "tokens",
]
