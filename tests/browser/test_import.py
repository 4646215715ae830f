"""The story of an import, with what Excel does to a file of clients."""

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from mailing_app import clients
from mailing_app.db import db

FILE = (
    "ФИО;Моб. тел.;Группа;Часовой пояс\r\n"
    "Анна;8\u00a0(900)\u00a0123-45-67;осень;Asia/Omsk\r\n"
    "Борис;7,9E+10;осень;\r\n"
    "Вера;79001234568;#Н/Д;Europe/Moscow\r\n"
    "Глеб;'+7 900 123 45 69;;Омск\r\n"
    "Дина;9001234570;весна;\r\n"
)


def test_a_damaged_file_is_brought_and_its_good_rows_imported(visits: Any, tmp_path: Path) -> None:
    file = tmp_path / "клиенты.csv"
    file.write_bytes(FILE.encode("cp1251"))
    visit = visits(width=360, bypass_csp=True)
    page = visit.go("/clients/import")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload and check").click()

    shortened = page.get_by_role("region", name="Faulty rows").get_by_role("cell", name="7,9E+10")
    expect(shortened).to_contain_text("Excel shortened this number; the digits are lost.", timeout=10_000)
    expect(page.get_by_label("ФИО")).to_have_value("")
    expect(page.get_by_label("Моб. тел.")).to_have_value("phone")
    expect(page.get_by_role("button", name="Import the 2 good rows")).to_be_visible(timeout=10_000)
    expect(page.get_by_role("region", name="Faulty rows").locator("td.faulty")).to_have_count(3)
    assert Axe().run(page).generate_snapshot() == ""

    page.get_by_role("button", name="Import the 2 good rows").click()
    expect(page.get_by_role("heading", name="Imported", exact=True)).to_be_visible(timeout=10_000)
    db.session.commit()
    assert [(client.phone, client.tag, client.timezone) for client in clients.listing().items] == [
        ("79001234567", "осень", "Asia/Omsk"),
        ("79001234570", "весна", "Europe/Moscow"),
    ]

    with page.expect_download() as started:
        page.get_by_role("link", name="Download the 3 faulty rows").click()
    lines = Path(started.value.path()).read_bytes().decode("utf-8-sig").splitlines()
    assert lines[0] == "ФИО;Моб. тел.;Группа;Часовой пояс;What is wrong"
    assert [line.split(";")[0] for line in lines[1:]] == ["Борис", "Вера", "Глеб"]
