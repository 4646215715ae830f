"""A million messages from end to end, with `kill -9` in the middle: `python -m benchmarks.million [--messages N]
[--database sqlite|postgresql] [--seats N]`.

Told are the time, the repeats at the gateway, what was lost and the memory; every figure is recounted at the end.
"""

import time
from collections.abc import Iterator

import click

from benchmarks import history, machine
from benchmarks.gateway import Gateway
from benchmarks.processes import memory
from benchmarks.run import begin
from benchmarks.stage import Stage, check, reached, sent, stage, wait_until
from mailing_app import clock
from mailing_app.models import Mailing
from tests.factories import a_mailing

WITHIN, LOOK_EVERY = 7200.0, 0.2


@click.command()
@click.option("--messages", default=1_000_000, show_default=True)
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
@click.option("--seats", default=64, show_default=True)
@click.option("--latency", default=0.0, show_default=True, help="Seconds that the gateway takes for each.")
def main(messages: int, database: str, seats: int, latency: float) -> None:
    """Send them all, and print what came of it."""
    begin()
    click.echo(
        f"{messages:,} messages from end to end on {database}, {seats} seats, gateway of {latency * 1000:.0f} ms"
    )
    click.echo(f"  {machine.described()} {machine.moment()}")
    with stage(database) as here, Gateway(latency) as gateway:
        for what, figure in measured(here, gateway, messages, seats):
            click.echo(f"  {what:<44} {figure}")


def measured(here: Stage, gateway: Gateway, messages: int, seats: int) -> Iterator[tuple[str, str]]:
    """Enrol, send half, kill, send the rest, recount."""
    history.register(messages)
    began = time.monotonic()
    mailing = a_mailing(ends_at=clock.now() + history.A_DAY)
    yield "creation", f"{1000 * (time.monotonic() - began):.0f} ms"
    dispatcher = here.start_alone("dispatcher", gateway_url=gateway.url, gateway_concurrency=seats)
    wait_until(lambda: gateway.counts().received, WITHIN)
    yield "first message, the start of the process included", f"{time.monotonic() - began:.2f} s"
    wait_until(lambda: reached(mailing, Mailing.enrolled_at), WITHIN, LOOK_EVERY)
    yield "everybody enrolled after", f"{time.monotonic() - began:.1f} s"
    wait_until(lambda: sent(mailing) >= messages / 2, WITHIN, LOOK_EVERY)
    highest = memory(dispatcher.pid)
    dispatcher.kill()
    dispatcher.wait()
    killed, before = time.monotonic(), gateway.counts().distinct
    yield "killed after", f"{killed - began:.0f} s, {before:,} at the gateway, {sent(mailing):,} recorded"
    dispatcher = here.start_alone("dispatcher", gateway_url=gateway.url, gateway_concurrency=seats)
    wait_until(lambda: gateway.counts().distinct > before, WITHIN)
    yield "the next one, sending after", f"{time.monotonic() - killed:.1f} s"
    wait_until(lambda: sent(mailing) >= messages, WITHIN, LOOK_EVERY)
    took, counts = time.monotonic() - began, gateway.counts()
    yield "all sent after", f"{took:.0f} s, {messages / took:,.0f} a second over all"
    yield "lost, repeated", f"{messages - counts.distinct}, {counts.repeated}"
    yield "highest memory of a dispatcher", f"{max(highest, memory(dispatcher.pid)):.0f} MiB"
    here.stop()
    check()
    yield "figures that differ from a recount", "0"


if __name__ == "__main__":
    main()
