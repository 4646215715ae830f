"""Nobody is shown a link or a button to where the own role may not go."""

import re

import pytest
from flask import Flask

from mailing_app.models import Role
from tests.conftest import signed_in
from tests.web.test_pages import FILLED


@pytest.mark.parametrize("role", list(Role))
def test_what_a_page_offers_is_for_who_sees_it(app: Flask, filled: None, role: Role) -> None:
    browser = signed_in(app, role)
    offered: dict[tuple[str, str], str] = {}
    for path in FILLED:
        page = browser.get(path, buffered=True)
        if page.status_code != 403 and page.mimetype == "text/html":
            offered |= dict.fromkeys(offers(page.text), path)
    refused = {}
    for (kind, target), path in offered.items():
        # A form without the token of its page changes nothing; where the role may not go, that is said first.
        answer = browser.get(target, buffered=True) if kind == "href" else browser.post(target)
        if answer.status_code == 403:
            refused[target] = path
    assert refused == {}
    assert len(offered) > 10


def offers(html: str) -> set[tuple[str, str]]:
    """Where the links and the buttons of a page lead, on this service."""
    found = re.findall(r'\s(href|action|formaction)="(/[^"#]*)', html)
    return {
        (kind, target.replace("&amp;", "&")) for kind, target in found if not target.startswith(("/static", "/boot"))
    }
