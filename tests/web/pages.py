"""Pages as a browser reads them: their forms, filled in, are what is sent back."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

UNSENT = ("submit", "checkbox")
"""The types of inputs that a browser sends only when they were pressed or are checked."""


class Forms(HTMLParser):
    """The forms of a page: each the names and values that its submission would send; not the search of the top."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self._area = self._choice = ""
        self._aside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "form":
            self.found.append({})
            self._aside = given.get("action") == "/search"
        elif tag == "input" and name and not self._aside and (given.get("type") not in UNSENT or "checked" in given):
            self.found[-1][name] = value
        elif tag == "textarea":
            self._area = name
            self.found[-1][name] = ""
        elif tag == "select":
            self._choice = name
        elif tag == "option" and self._choice and ("selected" in given or self._choice not in self.found[-1]):
            self.found[-1][self._choice] = value

    def handle_data(self, data: str) -> None:
        if self._area:
            self.found[-1][self._area] += data.removeprefix("\r\n")

    def handle_endtag(self, tag: str) -> None:
        self._area = "" if tag == "textarea" else self._area
        self._choice = "" if tag == "select" else self._choice


def fields(html: str, having: str) -> dict[str, str]:
    """What the form with this field would send as it stands."""
    return next(form for form in Forms(html).found if having in form)


def submit(
    browser: FlaskClient, path: str, changed: dict[str, Any], having: str = "", insist: bool = False
) -> TestResponse:
    """Open the page, change fields of its form, send it."""
    sent = fields(browser.get(path).text, having or next(iter(changed))) | changed
    return send(browser, path, sent) if insist else browser.post(path, data=sent)


def send(browser: FlaskClient, path: str, form: dict[str, Any]) -> TestResponse:
    """Send a form, and where the page asks whether that was meant, press its button that says so."""
    answer = browser.post(path, data=form)
    asked = re.search(r'name="confirmed" value="([^"]+)"', answer.text)
    return browser.post(path, data=form | {"confirmed": asked[1]}) if asked else answer


def press(browser: FlaskClient, path: str, page: str = "/") -> TestResponse:
    """Press a button that sends nothing but the token of the page it stands on."""
    token = fields(browser.get(page).text, "csrf_token")["csrf_token"]
    return browser.post(path, data={"csrf_token": token})


def faults(html: str) -> Iterator[str]:
    """The sentences beside the fields."""
    for piece in html.split('<p class="fault">')[1:]:
        yield piece.split("</p>")[0]
