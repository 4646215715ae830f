"""Every page, wide and narrow, by day and by night: axe finds nothing, nothing is too wide, nothing leaves the host."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page

from mailing_app import demo
from tests.browser.conftest import Visit
from tests.browser.places import pages_of

WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 360, "height": 800}
VIOLATIONS: dict[str, Any] = {"resultTypes": ["violations"]}
AXE = Axe().axe_script


@pytest.fixture
def app(app: Flask) -> Flask:
    """The application with the invented data."""
    demo.fill()
    return app


@pytest.mark.looks
@pytest.mark.timeout(300)
def test_every_page_satisfies_axe_and_fits(app: Flask, visits: Any) -> None:
    visit: Visit = visits(color_scheme="light", reduced_motion="reduce", bypass_csp=True)
    pages = dict(pages_of(visit, app)) | {"nowhere": "/nowhere"}
    found = {name: list(looked_at(visit.go(path))) for name, path in pages.items()}
    for name, path, button in (("a form with a fault", "/clients/new", "Save"),
                               ("a form that asks back", "/mailings/new?draft=1", "Schedule")):  # fmt: skip
        page = visit.go(path)
        page.get_by_role("button", name=button).click()
        found[name] = list(looked_at(page))
    assert {name: told for name, told in found.items() if told} == {}


@pytest.mark.looks
def test_every_page_in_russian_fits_a_phone(app: Flask, visits: Any) -> None:
    visit: Visit = visits(width=360)
    visit.page.get_by_role("button", name="Русский").click()
    for _, path in pages_of(visit, app):
        assert visit.go(path).locator("html").get_attribute("lang") == "ru"


def test_the_menu_of_a_phone_needs_no_script(visits: Any) -> None:
    page = visits(width=360, java_script_enabled=False).go("/")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Clients").click()
    page.get_by_role("heading", name="Clients").wait_for()


def test_a_chosen_theme_stays_with_the_browser(visits: Any) -> None:
    page = visits(color_scheme="light").go("/")
    page.get_by_role("button", name="Dark").click()
    page.reload()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    page.get_by_role("button", name="System").click()
    assert page.locator("html").get_attribute("data-bs-theme") == "light"


def looked_at(page: Page) -> Iterator[str]:
    """What is wrong with the open page, wide by day and narrow by night; it is not loaded anew for that.

    A theme changes colours and a width the arrangement, neither what the other does: two looks see all four.
    """
    page.evaluate(AXE)
    for scheme, size in (("light", WIDE), ("dark", NARROW)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            yield f"{wide} pixels too wide at {size['width']}"
        for each in page.evaluate("asked => axe.run(asked)", VIOLATIONS)["violations"]:
            yield f"{scheme}, {size['width']}: {each['id']}: {[node['html'][:120] for node in each['nodes'][:3]]}"
    page.emulate_media(color_scheme="light")
