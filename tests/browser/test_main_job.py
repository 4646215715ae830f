"""The main job as an operator does it, in a browser, wide and narrow, with scripts and without."""

from typing import Any

import pytest
from playwright.sync_api import expect

from mailing_app.practice import PracticeGateway
from tests.browser.conftest import schedule
from tests.factories import a_mailing
from tests.processes.conftest import eventually


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scripts", [True, False])
def test_from_a_client_to_the_report(visits: Any, gateway: PracticeGateway, width: int, scripts: bool) -> None:
    visit = visits(width=width, java_script_enabled=scripts)
    page = visit.go("/clients/new")
    page.get_by_label("Phone").fill("12345")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("This phone number has too few digits.")).to_be_visible()
    page.get_by_label("Phone").fill("8 (900) 123-45-67")
    page.get_by_label("Tag").fill("vip")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("+7 900 123-45-67").first).to_be_visible()

    page = visit.go("/mailings/new")
    page.get_by_label("Text").fill("Hello!")
    page.get_by_label("Tags").fill("vip")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("1 client", exact=True)).to_be_visible()
    assert gateway.inbox == []
    schedule(page)
    expect(page.get_by_text("Hello!").first).to_be_visible()
    assert gateway.wait_for_requests(1, timeout=10)
    if not scripts:
        eventually(lambda: page.reload() and page.get_by_text("1 of 1").is_visible())
    expect(page.get_by_text("1 of 1")).to_be_visible(timeout=10_000)  # with scripts by itself, nobody reloads the page
    assert [(seen.phone, seen.text) for seen in gateway.inbox] == [(79001234567, "Hello!")]

    page = visit.go("/mailings/1")
    with page.expect_download() as download:
        page.get_by_role("link", name="Report as CSV").click()
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert ",79001234567,sent," in lines[1]


def test_pause_and_resume(visits: Any) -> None:
    a_mailing(name="Autumn")
    page = visits().go("/mailings/1")
    page.get_by_role("link", name="Pause").or_(page.get_by_role("button", name="Pause")).first.click()
    page.get_by_label("Reason").fill("lunch")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("lunch").first).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Running").first).to_be_visible()


def test_the_documentation_works_under_the_strict_policy(visits: Any) -> None:
    page = visits().go("/docs")
    expect(page.get_by_text("/clients/import").first).to_be_visible()
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_text("Available authorizations")).to_be_visible()
