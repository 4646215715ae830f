"""The form of a mailing as a flight check, in a browser."""

from datetime import timedelta
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from mailing_app import mailings
from tests.factories import some_clients
from tests.mailings.test_preview import sent


def test_a_plan_is_checked_while_it_is_typed_and_planned_all_the_same(visits: Any) -> None:
    some_clients(3, tag="vip")
    sent(600, timedelta(hours=1))
    visit = visits(bypass_csp=True)
    page = visit.go("/mailings/new")
    preview = page.locator("#preview")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/preview") else None)

    page.get_by_label("Text").press_sequentially("“Hi {tag}, dear {name}” " + "a" * 60, delay=5)
    expect(preview).to_contain_text("Replace them and save 3 parts")
    expect(preview).to_contain_text("“Hi vip, dear {name}”")
    assert len(asked) < 20, "it asks at every key"
    preview.get_by_role("button", name="Replace them").click()
    expect(page.get_by_label("Text")).to_have_value('"Hi {tag}, dear {name}" ' + "a" * 60)
    expect(page.get_by_label("Text")).to_be_focused()
    expect(preview).to_contain_text("1 part for each client")
    expect(page.locator("#preview-told")).to_have_text("3 clients, 3 parts in all")

    expect(preview).to_contain_text("Yes: all 3 clients are reached by")
    expect(preview.get_by_role("img")).to_be_visible()
    preview.get_by_text("The numbers").click()
    page.get_by_label("Tags").fill("vip")
    expect(preview.get_by_role("table")).to_be_visible()

    page.get_by_role("button", name="Schedule").click()
    box = page.get_by_role("region", name="Did you mean this?")
    expect(box).to_be_focused()
    expect(box).to_contain_text("{name}")
    assert Axe().run(page).generate_snapshot() == ""
    page.get_by_label("Operator codes").press(
        "Enter"
    )  # presses the first button, which must not be the one that confirms
    expect(box).to_be_visible()
    assert mailings.listing().items == []
    box.get_by_role("button", name="Plan it all the same").click()
    expect(page.get_by_text("The mailing is planned.")).to_be_visible()
