"""The life of a mailing, and what a slip of the hand gets: in a browser, as operators do it."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from mailing_app import holds, mailings
from mailing_app.db import db, transaction
from mailing_app.models import SignIn
from tests.browser.conftest import schedule
from tests.factories import some_clients
from tests.processes.conftest import eventually


def test_draft_schedule_pause_copy_and_send_again(visits: Any) -> None:
    some_clients(2, tag="vip")
    holds.stop("so that nobody is reached")
    visit = visits(bypass_csp=True)
    page = visit.go("/mailings/new")
    page.get_by_label("Name").fill("Autumn")
    page.get_by_label("Tags").fill("vip")
    page.get_by_role("button", name="Save as draft").click()
    page.get_by_role("link", name="Autumn", exact=True).click()
    expect(page.get_by_label("Tags")).to_have_value("vip")
    page.get_by_label("Text").fill("Hello!")
    schedule(page)
    page.get_by_role("link", name="Pause").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused since")).to_be_visible()
    page.get_by_role("link", name="Copy").click()
    expect(page.get_by_label("Name")).to_have_value("Autumn (copy)")
    eventually(lambda: mailings.get(1).tally.pending == 2 or db.session.rollback())
    mailings.cancel(1)
    page = visit.go("/mailings/1")
    page.get_by_role("link", name="Send again to those not reached").click()
    expect(page.get_by_text("To the 2 clients who were not reached by Autumn.")).to_be_visible()
    expect(page.locator("#preview")).to_contain_text("2 clients")
    schedule(page)
    expect(page.get_by_role("heading", name="Autumn (again)")).to_be_visible()
    for path in ("/mailings", "/mailings/drafts", "/mailings/1/remainder", "/mailings/test?of=1"):
        assert Axe().run(visit.go(path)).generate_snapshot() == "", path


def test_signed_out_while_typing_and_a_double_click(visits: Any) -> None:
    some_clients(1, tag="vip")
    visit = visits(bypass_csp=True, width=360)
    page = visit.go("/mailings/new")
    page.get_by_label("Not before").fill("00:00")  # with hours of the day nobody is asked about the night
    page.get_by_label("Not after").fill("23:59")
    page.get_by_label("Text").fill("Hello!\nAnd more")
    page.get_by_label("Tags").fill("vip")
    with transaction() as session:
        session.query(SignIn).delete()
    page.get_by_role("button", name="Schedule").click()
    expect(page.get_by_text("Nothing you typed is lost")).to_be_visible()
    assert Axe().run(page).generate_snapshot() == ""
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("what you had typed is still here")).to_be_visible()
    expect(page.get_by_label("Text")).to_have_value("Hello!\nAnd more")
    expect(page.get_by_label("Tags")).to_have_value("vip")
    assert mailings.listing().items == []
    page.get_by_role("button", name="Schedule").dblclick()
    expect(page.get_by_role("heading", name="Mailing 1")).to_be_visible()
    db.session.rollback()
    assert len(mailings.listing().items) == 1
    page.go_back()
    expect(page.get_by_role("heading", name="Plan a mailing")).to_be_visible()
    expect(page.get_by_text("it was sent, or deleted")).to_be_visible()
