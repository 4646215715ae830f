"""What an import costs those beside it: `python -m benchmarks.imports [--database sqlite|postgresql] [--rows N]`.

A file is brought through the page while the embedded dispatcher of the same process sends a mailing as fast as its
brake lets it.
"""

import http.client
import re
import time
import uuid
from collections.abc import Callable, Iterator

import click

from benchmarks.faults import cookie, latencies, serve
from benchmarks.processes import memory
from benchmarks.stage import Stage, an_audience, sent, stage, wait_until
from mailing_app import imports
from mailing_app.db import db
from mailing_app.models import ImportState, Mailing
from tests.processes.conftest import free_port

AUDIENCE = 100_000
BEFORE = 10.0
"""Seconds in which the mailing's rate is taken before the import."""
ONE_FAULTY_IN = 100
WITHIN = 1200.0


@click.command()
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
@click.option("--rows", default=200_000, show_default=True)
def main(database: str, rows: int) -> None:
    """Measure, and print a table."""
    click.echo(f"an import of {rows} rows beside a mailing, on {database}")
    with stage(database) as here:
        for what, figure in measured(here, rows):
            click.echo(f"  {what:<44} {figure}")


def measured(here: Stage, rows: int) -> Iterator[tuple[str, str]]:
    """Send, bring the file, have it checked and stored."""
    gateway_port = free_port()
    here.start("practice-gateway", "--port", str(gateway_port))
    port = serve(here, f"http://127.0.0.1:{gateway_port}")
    pid, browser, file = here.last.pid, cookie(here), a_file(rows)
    mailing = an_audience(AUDIENCE)
    wait_until(lambda: sent(mailing) > 500)
    yield "the mailing before", rate(mailing, wait_until_over(BEFORE))
    yield "pages before", str(latencies(port, browser))
    yield "memory of the process before", f"{memory(pid, 'VmRSS'):.0f} MiB"
    began = time.monotonic()
    yield "upload", f"{bring(port, browser, file):.1f} s for {len(file) / 2**20:.1f} MiB"
    yield "check: the mailing", rate(mailing, lambda: reached(ImportState.CHECKED))
    yield "upload and check", f"{time.monotonic() - began:.1f} s"
    began = time.monotonic()
    imports.begin(1)
    yield "pages while it is stored", str(latencies(port, browser))
    yield "store: the mailing", rate(mailing, lambda: reached(ImportState.DONE))
    yield "store", f"{time.monotonic() - began:.1f} s"
    done = imports.get(1)
    yield "stored, faulty", f"{done.created}, {done.bad}"
    yield "highest memory of the process", f"{memory(pid):.0f} MiB"


def a_file(rows: int) -> bytes:
    """New clients, as a spreadsheet writes them, a few of them damaged."""
    lines = (
        f"7,9E+10;тег {n % 20};Asia/Omsk\r\n"
        if n % ONE_FAULTY_IN == 0
        else f"+7 (901) {n // 10**4:03}-{n // 100 % 100:02}-{n % 100:02};тег {n % 20};Asia/Omsk\r\n"
        for n in range(rows)
    )
    return ("Телефон;Метка;Часовой пояс\r\n" + "".join(lines)).encode("cp1251")


def bring(port: int, browser: str, file: bytes) -> float:
    """Upload the file as its page does; the seconds until the answer."""
    page, cookie_then = asked(port, "GET", "/clients/import", {"Cookie": browser})
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    edge = uuid.uuid4().hex
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token[1]}\r\n'
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="clients.csv"\r\n\r\n'
    )
    body = head.encode() + file + f"\r\n--{edge}--\r\n".encode()
    began = time.monotonic()
    headers = {"Cookie": cookie_then, "Content-Type": f"multipart/form-data; boundary={edge}"}
    asked(port, "POST", "/clients/import", headers, body)
    return time.monotonic() - began


def asked(port: int, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> tuple[str, str]:
    """The answer's text, and the cookie that it sets."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    assert answer.status in (200, 302), text
    connection.close()
    return text, (answer.getheader("Set-Cookie") or "").partition(";")[0]


def rate(mailing: Mailing, over: Callable[[], bool]) -> str:
    """Messages a second until it is over."""
    before, began = sent(mailing), time.monotonic()
    wait_until(over, WITHIN)
    return f"{(sent(mailing) - before) / (time.monotonic() - began):.0f} messages a second"


def wait_until_over(seconds: float) -> Callable[[], bool]:
    """Whether so many seconds have passed from now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def reached(state: ImportState) -> bool:
    """Whether the import stands there; asked for seldom, so that the asking costs nothing."""
    time.sleep(0.2)
    db.session.commit()
    return imports.get(1).state is state


if __name__ == "__main__":
    main()
