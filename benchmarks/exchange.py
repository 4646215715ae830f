"""One exchange with the gateway, safe as the product makes it, against `Session().post(json=…)`."""

from collections.abc import Iterator

from benchmarks import bare
from benchmarks.gateway import Gateway
from benchmarks.run import Run
from benchmarks.table import Goal, Row

CALLS, LEAST = 8_000, 2_000
THREADS = (1, 32)


def rows(run: Run) -> Iterator[Row]:
    """Processor time a call at a gateway that answers at once, by one thread and by many."""
    number = run.of(CALLS, LEAST)
    with Gateway() as gateway:
        for threads in THREADS:
            legs = run.in_turns(
                lambda threads=threads: bare.loop("own", gateway, threads, number),
                lambda threads=threads: bare.loop("plain", gateway, threads, number),
            )
            yield Row(
                f"processor time a call, deadline, caps and first-byte rule in force, threads: {threads}",
                Goal(0.5, at_most=True), [own.cost for own, _ in legs], "ms",
                [plain.cost for _, plain in legs], "plain `Session.post`",
            )  # fmt: skip
