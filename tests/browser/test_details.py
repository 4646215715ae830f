"""What one notices only with a page in front of one."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from mailing_app import holds, mailings
from mailing_app.db import db
from mailing_app.practice import PracticeGateway
from tests.factories import a_client, a_mailing
from tests.processes.conftest import eventually


def test_a_page_follows_what_happens_elsewhere(visits: Any) -> None:
    a_mailing(name="Autumn")
    page = visits().go("/mailings/1")
    page.get_by_role("link", name="Edit").focus()
    mailings.pause(1, "lunch")
    expect(page.get_by_text("Paused since")).to_be_visible()
    expect(page.get_by_role("link", name="Edit")).to_be_focused()


def test_the_preview_follows_the_typing(visits: Any) -> None:
    a_client(tag="vip")
    page = visits().go("/mailings/new")
    page.get_by_label("Text").fill("Привет")
    page.get_by_label("Tags").fill("vip")
    expect(page.locator("#preview")).to_contain_text("1 part for each client")
    page.get_by_label("Tags").fill("nobody")
    expect(page.locator("#preview")).to_contain_text("Nobody matches")
    assert mailings.listing().items == []


def test_a_comma_offers_the_next_tag(visits: Any) -> None:
    a_client(tag="vip")
    page = visits().go("/mailings/new")
    page.get_by_label("Tags").press_sequentially("old,")
    assert page.locator("#tags option").get_attribute("value") == "old, vip"


def test_the_keyboard_comes_first_to_the_content(visits: Any) -> None:
    page = visits().go("/clients")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_first_bad_field_has_the_focus(visits: Any) -> None:
    page = visits().go("/clients/new")
    page.get_by_label("Phone").fill("79001234567")
    page.get_by_label("Time zone").fill("Mars")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Time zone")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("scripts", [True, False])
def test_all_sending_is_stopped_and_goes_on(visits: Any, gateway: PracticeGateway, scheme: str, scripts: bool) -> None:
    visit = visits(color_scheme=scheme, java_script_enabled=scripts, bypass_csp=scripts)
    page = visit.go("/")
    page.get_by_role("link", name="Stop all sending").click()
    page.get_by_label("Reason").fill("legal looks at it")
    page.get_by_role("button", name="Stop all sending").click()
    expect(page.get_by_text("Reason: legal looks at it")).to_be_visible()
    expect(page.get_by_role("link", name="Stop all sending")).to_have_count(0)
    a_client()
    a_mailing(name="Autumn")
    eventually(lambda: mailings.get(1).tally.pending or db.session.rollback())
    page = visit.go("/mailings/1")
    expect(page.get_by_text("An operator stopped all sending.")).to_be_visible()
    if scripts:  # axe is one itself
        for path in ("/", "/gateway/stop", "/mailings/1"):
            assert Axe().run(visit.go(path)).generate_snapshot() == ""
    assert gateway.inbox == []
    page.get_by_role("button", name="Let sending go on").click()
    assert gateway.wait_for_requests(1, timeout=10)
    expect(page.get_by_text("Sending goes on.")).to_be_visible()
    expect(page.get_by_text("An operator stopped all sending.")).to_have_count(0)


def test_a_hold_appears_on_an_open_page_and_keeps_the_focus(visits: Any) -> None:
    page = visits().go("/")
    holds.stop("lunch")
    button = page.get_by_role("button", name="Let sending go on")
    expect(button).to_be_visible()
    button.focus()
    with page.expect_response(lambda answer: answer.url.endswith("/live")):
        holds.go_on()
        holds.stop("a longer lunch")
    expect(page.get_by_text("Reason: a longer lunch")).to_be_visible()
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Sending goes on.")).to_be_visible()
