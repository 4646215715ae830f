"""People and programs come and go: as an admin and a viewer do it, in a browser."""

import urllib.error
import urllib.request
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.factories import PASSWORD, a_client, a_mailing

NEW_PASSWORD = "staple of green ideas"


def test_a_viewer_comes_and_a_token_goes(visits: Any, site: str) -> None:
    a_client()
    a_mailing(name="Autumn")
    admin = visits()
    page = admin.go("/operators/new")
    page.get_by_label("Name").fill("Anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Role").select_option("viewer")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Anna")).to_be_visible()

    anna = visits(name="Anna", width=360)
    page = anna.go("/mailings/1")
    for name in ("Pause", "Cancel", "Edit", "History of this mailing", "Audit trail", "Operators"):
        expect(page.get_by_role("link", name=name)).to_have_count(0)
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Anna").click()
    page.get_by_label("Time zone").fill("Asia/Vladivostok")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("All times are in Asia/Vladivostok (UTC+10).")).to_be_visible()
    page.get_by_role("link", name="Change your password").click()
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()

    secret = new_token(admin)
    assert status(site, secret) == 200
    page = admin.go("/operators")
    expect(page.get_by_text(secret)).to_have_count(0)
    page.get_by_role("link", name="Revoke").click()
    page.get_by_role("button", name="Revoke for good").click()
    expect(page.get_by_role("cell", name="Revoked")).to_be_visible()
    assert status(site, secret) == 401

    page = admin.go("/audit?actor=Anna")
    for words in ("Set a new password", "Asia/Vladivostok"):
        expect(page.get_by_role("table").get_by_text(words).first).to_be_visible()


def new_token(window: Visit) -> str:
    page: Page = window.go("/operators/tokens/new")
    page.get_by_label("Name").fill("shop")
    page.get_by_label("Works until").fill("2090-01-31")
    page.get_by_role("button", name="Save").click()
    return page.locator(".secret").inner_text()


def status(site: str, secret: str) -> int:
    """What the API answers to this token."""
    asked = urllib.request.Request(f"{site}/api/v1/", headers={"Authorization": f"Bearer {secret}"})
    try:
        with urllib.request.urlopen(asked) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code
