"""Who may do what: every address of the service with every method that it takes. A new one is not finished before it
stands here.
"""

from enum import StrEnum

from mailing_app.models import Role, Scope


class Caller(StrEnum):
    """Who can come to the door."""

    ANONYMOUS = "anonymous"
    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    READ_TOKEN = "read token"
    WRITE_TOKEN = "write token"


EVERYONE = frozenset(Caller)
SIGNED_IN = frozenset({Caller.VIEWER, Caller.OPERATOR, Caller.ADMIN})
OPERATORS = frozenset({Caller.OPERATOR, Caller.ADMIN})
ADMINS = frozenset({Caller.ADMIN})
READING = frozenset({Caller.READ_TOKEN, Caller.WRITE_TOKEN})
WRITING = frozenset({Caller.WRITE_TOKEN})

ROLES = {Caller.VIEWER: Role.VIEWER, Caller.OPERATOR: Role.OPERATOR, Caller.ADMIN: Role.ADMIN}
SCOPES = {Caller.READ_TOKEN: Scope.READ, Caller.WRITE_TOKEN: Scope.WRITE}

Policy = dict[str, dict[str, frozenset[Caller]]]


def _of(rules: dict[str, dict[str, frozenset[Caller]]]) -> Policy:
    """GET stands for HEAD too."""
    return {rule: methods | ({"HEAD": methods["GET"]} if "GET" in methods else {}) for rule, methods in rules.items()}


def _page(may: frozenset[Caller]) -> dict[str, frozenset[Caller]]:
    return {"GET": may}


def _button(may: frozenset[Caller]) -> dict[str, frozenset[Caller]]:
    return {"POST": may}


def _form(may: frozenset[Caller]) -> dict[str, frozenset[Caller]]:
    return {"GET": may, "POST": may}


_CLIENT, _IMPORT, _MAILING = "/clients/<id:client_id>", "/clients/imports/<id:import_id>", "/mailings/<id:mailing_id>"
_PERSON = "/operators/<id:operator_id>"

PAGES = _of({
    "/": _page(SIGNED_IN),
    "/live": _page(SIGNED_IN),
    "/login": _form(EVERYONE),
    "/logout": _button(SIGNED_IN),
    "/language": _button(EVERYONE),
    "/profile": _form(SIGNED_IN),
    "/profile/password": _form(SIGNED_IN),
    "/profile/end-others": _button(SIGNED_IN),
    "/clients": _page(SIGNED_IN),
    "/clients/export.csv": _page(SIGNED_IN),
    "/clients/new": _form(OPERATORS),
    "/clients/retag": _form(OPERATORS),
    "/clients/delete": _form(OPERATORS),
    "/clients/opt-outs": _page(SIGNED_IN),
    "/clients/opt-outs/new": _form(OPERATORS),
    _CLIENT: _page(SIGNED_IN),
    f"{_CLIENT}/left-out": _page(SIGNED_IN),
    f"{_CLIENT}/edit": _form(OPERATORS),
    f"{_CLIENT}/opt-out": _button(OPERATORS),
    f"{_CLIENT}/opt-in": _form(OPERATORS),
    f"{_CLIENT}/delete": _form(OPERATORS),
    "/clients/import": _form(OPERATORS),
    "/clients/imports": _page(SIGNED_IN),
    _IMPORT: _page(SIGNED_IN),
    f"{_IMPORT}/live": _page(SIGNED_IN),
    f"{_IMPORT}/faulty": _page(SIGNED_IN),
    f"{_IMPORT}/faulty.csv": _page(SIGNED_IN),
    f"{_IMPORT}/columns": _button(OPERATORS),
    f"{_IMPORT}/store": _button(OPERATORS),
    f"{_IMPORT}/drop": _form(OPERATORS),
    "/search": _page(SIGNED_IN),
    "/mailings": _page(SIGNED_IN),
    "/mailings/new": _form(OPERATORS),
    "/mailings/preview": _button(OPERATORS),
    "/mailings/test": _form(OPERATORS),
    "/mailings/drafts": _page(SIGNED_IN),
    "/mailings/drafts/<id:draft_id>/delete": _form(OPERATORS),
    _MAILING: _page(SIGNED_IN),
    f"{_MAILING}/live": _page(SIGNED_IN),
    f"{_MAILING}/report": _page(SIGNED_IN),
    f"{_MAILING}/report.csv": _page(SIGNED_IN),
    f"{_MAILING}/edit": _form(OPERATORS),
    f"{_MAILING}/pause": _form(OPERATORS),
    f"{_MAILING}/resume": _button(OPERATORS),
    f"{_MAILING}/cancel": _form(OPERATORS),
    f"{_MAILING}/send-uncertain": _form(OPERATORS),
    f"{_MAILING}/uncertain": _page(SIGNED_IN),
    f"{_MAILING}/uncertain/ask": _button(OPERATORS),
    f"{_MAILING}/delete": _form(OPERATORS),
    f"{_MAILING}/copy": _form(OPERATORS),
    f"{_MAILING}/remainder": _form(OPERATORS),
    "/messages/<id:message_id>": _page(SIGNED_IN),
    "/gateway": _page(SIGNED_IN),
    "/gateway/live": _page(SIGNED_IN),
    "/gateway/stop": _form(OPERATORS),
    "/gateway/go-on": _button(OPERATORS),
    "/status": _page(SIGNED_IN),
    "/status/live": _page(SIGNED_IN),
    "/reports": _page(SIGNED_IN),
    "/reports/mailings.csv": _page(SIGNED_IN),
    "/reports/over-time": _page(SIGNED_IN),
    "/reports/not-reached": _page(SIGNED_IN),
    "/reports/messages.csv": _page(SIGNED_IN),
    "/reports/letters": _page(SIGNED_IN),
    "/reports/letters/<id:stamp>/send-again": _button(OPERATORS),
    "/audit": _page(OPERATORS),
    "/operators": _page(ADMINS),
    "/operators/new": _form(ADMINS),
    _PERSON: _form(ADMINS),
    f"{_PERSON}/password": _form(ADMINS),
    f"{_PERSON}/deactivate": _form(ADMINS),
    f"{_PERSON}/reactivate": _button(ADMINS),
    f"{_PERSON}/end-sign-ins": _button(ADMINS),
    "/operators/tokens/new": _form(ADMINS),
    "/operators/tokens/<id:token_id>/revoke": _form(ADMINS),
})  # fmt: skip

OPEN = _of({
    "/healthz": _page(EVERYONE),
    "/readyz": _page(EVERYONE),
    "/metrics": _page(EVERYONE),
    "/static/<path:filename>": _page(EVERYONE),
    "/bootstrap/static/<path:filename>": _page(EVERYONE),
    "/docs/": _page(EVERYONE),
    "/docs/assets/<path:filename>": _page(EVERYONE),
    "/apispec.json": _page(EVERYONE),
    "/api": _page(EVERYONE),
})  # fmt: skip

_A_CLIENT, _A_MAILING = f"/api/v1{_CLIENT}", f"/api/v1{_MAILING}"
_READ_AND_ADD = {"GET": READING, "POST": WRITING}
_READ_AND_CHANGE = {"GET": READING, "PUT": WRITING, "PATCH": WRITING, "DELETE": WRITING}

API = _of({
    "/api/v1": _page(READING),
    "/api/v1/": _page(READING),
    "/api/v1/clients": _READ_AND_ADD,
    "/api/v1/clients/import": _button(WRITING),
    "/api/v1/clients/bulk": _button(WRITING),
    "/api/v1/clients.csv": _page(READING),
    _A_CLIENT: _READ_AND_CHANGE,
    f"{_A_CLIENT}/opt-out": _button(WRITING),
    f"{_A_CLIENT}/opt-in": _button(WRITING),
    "/api/v1/mailings": _READ_AND_ADD,
    "/api/v1/mailings/preview": _button(WRITING),
    _A_MAILING: _READ_AND_CHANGE,
    f"{_A_MAILING}/pause": _button(WRITING),
    f"{_A_MAILING}/resume": _button(WRITING),
    f"{_A_MAILING}/cancel": _button(WRITING),
    f"{_A_MAILING}/send-uncertain": _button(WRITING),
    f"{_A_MAILING}/ask-gateway": _button(WRITING),
    f"{_A_MAILING}/statistics": _page(READING),
    f"{_A_MAILING}/messages": _page(READING),
    f"{_A_MAILING}/report.csv": _page(READING),
    f"{_A_MAILING}/report": _page(READING),
    "/api/v1/mailings.csv": _page(READING),
    "/api/v1/messages.csv": _page(READING),
    "/api/v1/messages/<id:message_id>": _page(READING),
    "/api/v1/statistics": _page(READING),
    "/api/v1/statistics/over-time": _page(READING),
    "/api/v1/statistics/not-reached": _page(READING),
    "/api/v1/status": _page(READING),
    "/api/v1/gateway/stop": _button(WRITING),
    "/api/v1/gateway/go-on": _button(WRITING),
})  # fmt: skip

POLICY = PAGES | OPEN | API
