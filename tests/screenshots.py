"""Photographs every page with the invented data on it into docs/screenshots: `python -m tests.screenshots [folder]`.

The pages are taken from the routes (`tests/browser/places.py`); pictures of pages that are no more are removed.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from config import ROOT
from mailing_app.app import create_app
from tests.browser.conftest import QUIET, Visit
from tests.browser.places import pages_of
from tests.conftest import CHROMIUM, PASSWORD, make_settings
from tests.processes.conftest import eventually, free_port, is_served

FOLDER = ROOT / "docs" / "screenshots"
SHAPES = ((1280, "light"), (360, "light"), (1280, "dark"), (360, "dark"))
"""Width and theme: each page in all of them."""

WHOLE = IN_RUSSIAN = ("dashboard", "mailings-draft")
"""Pages in their full height, and by day in Russian too."""

PREVIEW_WITHIN = 900
"""Milliseconds after which the form of a mailing shows what it comes to."""

TALLEST = 800
"""Pixels of the other pictures: long tables go on as they began."""

AFTER_PRESSING = {
    "clients-add-faulty": ("/clients/new", "Save"),
    "mailings-guards": ("/mailings/new?draft=1", "Schedule"),
}
"""What a page answers to its own button."""


def main(folder: Path) -> None:
    """Make all pictures, then drop the old ones that were not made again."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        url = f"sqlite:///{place}/mailing.db"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        with served(url) as site:
            made = set(pictures(browser, site, url, folder))
    for old in set(folder.glob("*.png")) - made:
        old.unlink()


@contextmanager
def served(url: str) -> Iterator[str]:
    """The service with its practice gateway, sending slowly enough to be seen at it; its address."""
    port, practice_port = free_port(), free_port()
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {
        "FLASK_SKIP_DOTENV": "1", "DATABASE_URL": url, "SECRET_KEY": "x" * 32, "GATEWAY_RATE": "10",
        "PORT": str(port), "PRACTICE_PORT": str(practice_port),
    }  # fmt: skip
    flask = [sys.executable, "-m", "flask"]

    def run(*command: str, said: str = "") -> None:
        subprocess.run([*flask, *command], cwd=ROOT, env=environment, input=said, text=True, check=True)

    run("db", "upgrade")
    run("operators", "add", "admin", "--role", "admin", "--password-stdin", said=PASSWORD)
    run("demo")
    process = subprocess.Popen([*flask, "serve"], cwd=ROOT, env=environment)
    try:
        eventually(lambda: is_served(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def pictures(browser: Browser, site: str, url: str, folder: Path) -> Iterator[Path]:
    """Take them one by one: every page in all shapes, and some in Russian."""
    app, pages = create_app(make_settings(url)), dict[str, str]()
    for width, scheme in SHAPES:
        visit = Visit(browser, site, width, color_scheme=scheme, reduced_motion="reduce")
        visit.sign_in("admin")
        pages = pages or dict(pages_of(visit, app))
        yield from (photograph(visit.go(path), folder, name, width, scheme, "en") for name, path in pages.items())
        yield from (photograph(each, folder, name, width, scheme, "en") for name, each in states(visit))
        visit.context.close()
    for width in sorted({width for width, _ in SHAPES}):
        visit = Visit(browser, site, width, color_scheme="light", reduced_motion="reduce")
        visit.sign_in("admin")
        visit.page.get_by_role("button", name="Русский").click()
        for name in IN_RUSSIAN:
            yield photograph(visit.go(pages[name]), folder, name, width, "light", "ru")
        visit.page.get_by_role("button", name="English").click()  # the operator's language outlives the window
        visit.context.close()


def states(visit: Visit) -> Iterator[tuple[str, Page]]:
    """Pages that no address shows: a form sent back, one that asks once more, and the login that keeps a form."""
    yield "nowhere", visit.go("/nowhere")
    for name, (path, button) in AFTER_PRESSING.items():
        page = visit.go(path)
        page.get_by_role("button", name=button).click()
        yield name, page
    page = visit.go("/mailings/new?draft=1")
    visit.context.clear_cookies()
    page.get_by_role("button", name="Schedule").click()
    yield "session-login-kept", page


def photograph(page: Page, folder: Path, name: str, width: int, scheme: str, language: str) -> Path:
    """The page in one picture, with the preview of its form if it has one."""
    if page.locator("form[data-preview]").count():
        page.wait_for_timeout(PREVIEW_WITHIN)
    height = page.evaluate("document.documentElement.scrollHeight")
    file = folder / f"{name}-{width}-{scheme}-{language}.png"
    shown = height if name in WHOLE else min(height, TALLEST)
    part: Any = {"x": 0, "y": 0, "width": width, "height": shown}
    page.screenshot(path=file, full_page=True, clip=part)
    return file


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
