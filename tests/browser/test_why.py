"""Why did, or didn't, she get it? As an operator asks, in a browser."""

from datetime import timedelta
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from mailing_app import clients, clock, mailings
from mailing_app.db import db, transaction
from mailing_app.models import Attempt, GatewayEvent
from mailing_app.practice import PracticeGateway
from tests.factories import a_client, a_filter, a_mailing, some_clients
from tests.processes.conftest import eventually


def test_from_an_odd_spelling_to_every_attempt_and_out(visits: Any, gateway: PracticeGateway) -> None:
    her = a_client(phone="79001234567", tag="vip", timezone="Asia/Vladivostok")
    some_clients(2, tag="old")
    gateway.script(1, [b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 12\r\n\r\nupstream <b>"])
    a_mailing(name="Autumn", filter=a_filter(tags=["vip"]))
    a_mailing(name="For others", filter=a_filter(tags=["old"]))
    eventually(lambda: mailings.get(1).tally.sent or db.session.rollback())
    with transaction() as session:
        first = session.get_one(Attempt, (1, 1)).ended_at
        session.add(GatewayEvent(kind="breaker_open", turned_at=first, detail="half of the last 20 calls failed"))
    visit = visits(width=360, bypass_csp=True)
    page = visit.go("/mailings")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("searchbox", name="Find a client").fill("8 (900) 123\u00a045\u201367")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="+7 900 123-45-67")).to_be_visible()
    steps = page.locator(".timeline li")
    expect(steps.nth(1)).to_contain_text("Attempt 1 → 502")
    expect(steps.nth(1)).to_contain_text("upstream <b>")
    expect(steps.nth(1)).to_contain_text("Asia/Vladivostok")
    expect(steps.nth(2)).to_contain_text("half of the last 20 calls failed")
    expect(steps.nth(3)).to_contain_text("Attempt 2 → 200")
    expect(steps.nth(4)).to_contain_text("Sent")
    for path in (f"/clients/{her.id}", f"/clients/{her.id}/left-out", "/messages/1", "/search?phone=4", "/clients"):
        assert Axe().run(visit.go(path)).generate_snapshot() == ""
    page = visit.go(f"/clients/{her.id}")
    page.get_by_role("link", name="What was not, and why").click()
    expect(page.get_by_role("region", name="For others")).to_contain_text("old is wanted, the client has vip")
    page.get_by_role("button", name="Opt out").click()
    expect(page.get_by_text("Opted out since")).to_be_visible()
    a_mailing(name="Next", starts_at=clock.now() + timedelta(hours=1), ends_at=clock.now() + timedelta(hours=2))
    page.get_by_role("link", name="What was not, and why").click()
    expect(page.get_by_role("region", name="Next")).to_contain_text("has opted out and will not be written to")
    assert mailings.preview(**values_of(a_filter(tags=["vip"]))).exclusions == {"opted_out": 1}


def test_a_tag_is_changed_for_a_whole_list_with_the_number_confirmed(visits: Any) -> None:
    some_clients(3, tag="old")
    visit = visits(width=360, bypass_csp=True)
    page = visit.go("/clients?tag=old")
    page.get_by_role("link", name="Change the tag").click()
    expect(page.get_by_role("heading", name="Change the tag of 3 clients?")).to_be_visible()
    a_client(tag="old")
    page.get_by_label("New tag").fill("new")
    page.get_by_role("button", name="Change the tag").click()
    expect(page.get_by_role("heading", name="Change the tag of 4 clients?")).to_be_visible()
    expect(page.get_by_text("Their number has changed meanwhile.")).to_be_visible()
    assert Axe().run(page).generate_snapshot() == ""
    page.get_by_role("button", name="Change the tag").click()
    expect(page.get_by_text("The tag of 4 clients is changed.")).to_be_visible()
    assert clients.count(tag="new") == 4


def values_of(chosen: dict[str, list[str]]) -> dict[str, Any]:
    now = clock.now()
    return {"text": "Hi", "filter": chosen, "window": None, "starts_at": now, "ends_at": now + timedelta(hours=1)}
