"""The routes of the API, read from the application itself: a new one is in every sweep at once."""

from flask import Flask


def operations(app: Flask) -> list[tuple[str, str]]:
    """Every method and rule under /api/v1."""
    return [
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def address(rule: str) -> str:
    """An address under the rule, with an id that nothing has."""
    return rule.replace("<id:client_id>", "99").replace("<id:mailing_id>", "99").replace("<id:message_id>", "99")
