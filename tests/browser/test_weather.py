"""The gateway turns bad and good again, as an operator sees it."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from mailing_app.practice import PracticeGateway
from tests.factories import a_crowd, a_mailing


def test_the_gateway_turns_bad_and_good_again(visits: Any, gateway: PracticeGateway) -> None:
    gateway.set_weather("401")
    a_crowd(30)
    visit = visits(width=360, color_scheme="dark", bypass_csp=True)
    page = visit.go("/gateway")
    expect(page.get_by_text("Nothing was sent yet.")).to_be_visible()
    a_mailing(name="Autumn")
    expect(page.get_by_role("heading", name="On hold since")).to_be_visible(timeout=15_000)
    expect(page.get_by_text("The gateway refuses our token.").first).to_be_visible()
    expect(page.get_by_role("img", name="Attempts by the minute and what they came to")).to_be_visible()
    page.get_by_text("The numbers").click()
    expect(page.get_by_text("HTTP 401").first).to_be_visible()

    gateway.set_weather("fair")
    page.get_by_role("button", name="Let sending go on").click()
    expect(page.get_by_text("Sending goes on.")).to_be_visible()
    expect(page.get_by_role("heading", name="Well: messages go through")).to_be_visible(timeout=15_000)
    expect(page.get_by_text("An operator let the sending go on.")).to_be_visible(timeout=15_000)
    assert gateway.wait_for_requests(31, timeout=15)

    for path in ("/gateway", "/gateway?span=day", "/mailings/1", "/mailings/1/report"):
        page = visit.go(path)
        results = Axe().run(page)
        assert not results.violations_count, results.generate_report()
