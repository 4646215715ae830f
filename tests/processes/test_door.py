"""The door of several served processes: one count of failures, and addresses as the proxies before each tell them."""

import http.cookiejar
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from flask import Flask

from mailing_app.access import throttle
from tests.factories import an_operator
from tests.processes.conftest import Start, eventually, free_port, is_served
from tests.web.pages import fields

GUESSES = 16
FORGED = "203.0.113.9"


def test_processes_count_together_and_hear_of_addresses_only_from_proxies_that_stand_before_them(
    app: Flask, start: Start, tmp_path: Path
) -> None:
    an_operator("Ada")
    ports = [free_port(), free_port()]
    for proxies, port in enumerate(ports):
        start("serve", "--no-dispatcher", "--port", str(port), trusted_proxies=proxies)
    eventually(lambda: all(is_served(port) for port in ports))

    told: list[int] = []
    ready = threading.Barrier(GUESSES)
    threads = [threading.Thread(target=guess, args=(ports[each % 2], ready, told)) for each in range(GUESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    judged = throttle.FREE["name"] + 1
    assert sorted(told) == [409] * judged + [429] * (GUESSES - judged)
    heard = [{line["address"] for line in lines(tmp_path / f"{number}.log")} for number in (0, 1)]
    assert heard == [{"127.0.0.1"}, {FORGED}]


def guess(port: int, ready: threading.Barrier, told: list[int]) -> None:
    """A guess from a browser of its own, sent when all others are about to."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    with browser.open(f"http://127.0.0.1:{port}/login", timeout=30) as page:
        form = fields(page.read().decode(), "password") | {"name": "Ada", "password": "a wrong password"}
    body, headers = urllib.parse.urlencode(form).encode(), {"X-Forwarded-For": FORGED}
    ready.wait()
    try:
        browser.open(urllib.request.Request(f"http://127.0.0.1:{port}/login", body, headers), timeout=60).close()
    except urllib.error.HTTPError as error:
        with error:
            told.append(error.code)


def lines(log: Path) -> list[dict[str, Any]]:
    """What a process told about sign-ins."""
    facts = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [fact for fact in facts if fact["message"].startswith("sign-in")]
