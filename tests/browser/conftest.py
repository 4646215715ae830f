"""The service in threads of this process, and Debian's Chromium before it. Console errors and foreign requests are
failures. How the service lives as a process is proved in tests/processes.
"""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from waitress import wasyncore

from mailing_app import access, webserver
from mailing_app.models import Role
from mailing_app.practice import PracticeGateway
from mailing_app.scheduler import Schedule
from tests.conftest import CHROMIUM, PASSWORD, make_settings
from tests.processes.conftest import gateway

__all__ = ["gateway"]  # a fixture that the tests here share with those of the processes

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run"]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pages(migrated_app: Flask) -> Iterator[str]:
    """The address of the web server, the same for all tests: what it knows it reads from the database each time."""
    server = webserver.create(migrated_app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, name="web")
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
    thread.join()
    server.task_dispatcher.shutdown()


@pytest.fixture
def site(
    app: Flask, gateway: PracticeGateway, database_url: str, pages: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The address of the service, with an admin who may sign in and a dispatcher of this test's own."""
    monkeypatch.setitem(app.config, "SETTINGS", make_settings(database_url, gateway_url=gateway.url))
    access.add_operator("admin", PASSWORD, Role.ADMIN)
    others = set(threading.enumerate())
    schedule = Schedule(app, paced=True)
    schedule.start()
    yield pages
    gateway.vanish()  # nobody waits for its answers any more
    schedule.stop()
    for thread in set(threading.enumerate()) - others:
        thread.join()  # else the next test would find its tables written to


class Visit:
    """A browser window that remembers whatever should not have happened in it."""

    def __init__(self, browser: Browser, site: str, width: int = 1280, **options: Any):
        self.site, self.faults = site, list[str]()
        self.context: BrowserContext = browser.new_context(viewport={"width": width, "height": 800}, **options)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        self.page.on("request", self._see)

    def _hear(self, told: Any) -> None:
        # A form sent back with its faults answers 4xx, and the console notes that too.
        if told.type == "error" and "responded with a status of 4" not in told.text:
            self.faults.append(told.text)

    def _see(self, asked: Any) -> None:
        if not asked.url.startswith((self.site, "data:")):
            self.faults.append(asked.url)

    def go(self, path: str) -> Page:
        """Open a page of the service; it must fit the width of the window."""
        self.page.goto(self.site + path)
        # Playwright's own script runs where the page's may not.
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} pixels too wide"
        return self.page

    def sign_in(self, name: str) -> None:
        page = self.go("/login")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Dashboard").wait_for()


def schedule(page: Page) -> None:
    """Plan the mailing of the form that is open, also when its page asks whether that was meant: at night it does."""
    page.get_by_role("button", name="Schedule").click()
    asked, planned = (
        page.get_by_role("button", name="Plan it all the same"),
        page.get_by_text("The mailing is planned."),
    )
    expect(asked.or_(planned)).to_be_visible()
    if asked.is_visible():
        asked.click()
    expect(planned).to_be_visible()


@pytest.fixture
def visits(chromium: Browser, site: str) -> Iterator[Any]:
    """Opens signed-in windows, and in the end asks each whether anything was amiss."""
    opened: list[Visit] = []

    def visit(name: str = "admin", **options: Any) -> Visit:
        window = Visit(chromium, site, **options)
        opened.append(window)
        window.sign_in(name)
        return window

    yield visit
    for window in opened:
        window.context.close()
    assert [window.faults for window in opened if window.faults] == []
