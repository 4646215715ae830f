"""The documentation at /docs: authorize and try it out, in a real browser, under our own policy."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect

from mailing_app import access
from mailing_app.models import Scope
from tests.browser.conftest import Visit
from tests.factories import a_client


@pytest.fixture
def docs(app: Flask, site: str, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The documentation, opened by nobody in particular, in a window as the test says; it must have caused no fault
    when it is closed."""
    visit = Visit(chromium, site, **getattr(request, "param", {}))
    yield visit.go("/docs/")
    visit.context.close()
    assert visit.faults == []


def authorize(page: Page, token: str) -> None:
    """Give the token to Swagger UI, as a person does."""
    page.get_by_role("button", name="Authorize").click()
    page.get_by_label("auth-bearer-value").fill(token)
    page.get_by_role("button", name="Apply credentials").click()
    page.get_by_role("button", name="Close").first.click()


def opened(page: Page, operation: str) -> Locator:
    """An operation by its tag and id, ready to be tried."""
    block = page.locator(f"#operations-{operation}")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    return block


def answered(block: Locator, status: int) -> Locator:
    """Carry it out; the answer, which must have this status."""
    block.get_by_role("button", name="Execute").click()
    told = block.locator(".live-responses-table .response")
    expect(told.locator(".response-col_status")).to_have_text(str(status))
    return told


def test_operations_can_be_tried_with_a_token(docs: Page) -> None:
    client = a_client()
    authorize(docs, access.add_token("docs", Scope.WRITE))
    listed = opened(docs, "clients-list_clients")
    for field in listed.locator("tr[data-param-in] input").all():
        field.fill("")
    expect(answered(listed, 200)).to_contain_text(client.phone)
    added = opened(docs, "clients-add_client")
    body = added.locator("textarea.body-param__text")
    body.fill('{"phone": "+7 901 000-00-01"}')
    expect(answered(added, 201)).to_contain_text('"phone": "79010000001"')
    body.fill('{"phone": "12"}')
    expect(answered(added, 422)).to_contain_text("This phone number has too few digits.")


def test_a_file_can_be_uploaded(docs: Page, tmp_path: Path) -> None:
    (tmp_path / "clients.csv").write_text("phone,tag\r\n+7 901 000-00-01,vip\r\n")
    authorize(docs, access.add_token("docs", Scope.WRITE))
    imported = opened(docs, "bulk-import_clients")
    imported.get_by_label("Request content type").select_option("multipart/form-data")
    imported.locator("input[type=file]").set_input_files(tmp_path / "clients.csv")
    expect(answered(imported, 200)).to_contain_text('"created": 1')


def test_the_token_is_kept_nowhere(docs: Page) -> None:
    authorize(docs, access.add_token("docs", Scope.READ))
    answered(opened(docs, "status-read_status"), 200)
    assert docs.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    docs.reload()
    answered(opened(docs, "status-read_status"), 401)


@pytest.mark.looks
@pytest.mark.parametrize(
    ("docs", "scheme"), [({"width": 360, "color_scheme": each}, each) for each in ("light", "dark")], indirect=["docs"]
)
def test_the_documentation_can_be_read_on_a_phone(docs: Page, scheme: str) -> None:
    authorize(docs, access.add_token("docs", Scope.READ))
    added = opened(docs, "clients-add_client")
    answered(added, 403)
    assert docs.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    shade = "getComputedStyle(document.documentElement).colorScheme"
    assert ("dark" in docs.evaluate(shade)) == (scheme == "dark")
