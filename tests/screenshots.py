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

from playwright.sync_api import Browser, sync_playwright

from config import ROOT
from mailing_app.app import create_app
from tests.browser.conftest import QUIET, Visit
from tests.browser.places import pages_of
from tests.conftest import CHROMIUM, PASSWORD, make_settings
from tests.processes.conftest import eventually, free_port, is_served

FOLDER = ROOT / "docs" / "screenshots"
WIDTHS, SCHEMES = (1280, 360), ("light", "dark")
IN_RUSSIAN = ("dashboard", "mailings-add")
"""The pages that are shown in Russian too, by day."""


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
    """Take them one by one: English in every shape, then some in Russian."""
    app = create_app(make_settings(url))
    for width in WIDTHS:
        visit = Visit(browser, site, width, color_scheme="light", reduced_motion="reduce")
        visit.sign_in()
        pages = dict(pages_of(visit, app))
        for scheme in SCHEMES:
            visit.page.emulate_media(color_scheme=scheme)
            for name, path in pages.items():
                yield photograph(visit, path, folder / f"{name}-{width}-{scheme}-en.png")
        visit.page.emulate_media(color_scheme="light")
        visit.page.get_by_role("button", name="Русский").click()
        for name in IN_RUSSIAN:
            yield photograph(visit, pages[name], folder / f"{name}-{width}-light-ru.png")
        visit.page.get_by_role("button", name="English").click()
        visit.context.close()


def photograph(visit: Visit, path: str, file: Path) -> Path:
    """The whole page in one picture."""
    visit.go(path).screenshot(path=file, full_page=True)
    return file


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
