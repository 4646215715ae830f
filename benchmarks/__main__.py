"""`make bench`: every row of the table in docs/performance.md, each beside its limit and its peer in one run."""

import importlib
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import click

from benchmarks import machine
from benchmarks.run import Run, begin
from benchmarks.table import HEAD, Row, write
from config import ROOT

MODULES = ("pipeline", "exchange", "peers", "kannel", "enrolment", "register", "large", "files", "beside", "memory")
"""In the order of the table; each has `rows`."""


@click.command()
@click.option("--only", multiple=True, type=click.Choice(MODULES), help="Leave out the others; may be given again.")
@click.option("--scale", default=1.0, show_default=True, help="Less than 1 for a smaller run.")
@click.option("--rounds", default=5, show_default=True, help="How often each is measured, once warm.")
@click.option("--into", type=click.Path(path_type=Path), help="The document to write; docs/performance.md if whole.")
def main(only: tuple[str, ...], scale: float, rounds: int, into: Path | None) -> None:
    """Measure, print each row, and write the table."""
    document = into or (ROOT / "docs" / "performance.md" if scale == 1 else None)
    begin()
    click.echo("\n".join([machine.described(), *HEAD]))
    failed = False
    for name in only or MODULES:
        began = time.monotonic()
        try:
            for row in measured(name, Run(scale, rounds)):
                line = row.line(machine.moment())
                click.echo(line)
                if document:
                    write(document, machine.described(), [line])
        except Exception:
            failed = True
            traceback.print_exc()
        click.echo(f"{name}: {time.monotonic() - began:.0f} s", err=True)
    sys.exit(failed)


def measured(name: str, run: Run) -> Iterator[Row]:
    """The rows of one module."""
    found: Iterator[Row] = importlib.import_module(f"benchmarks.{name}").rows(run)
    return found


if __name__ == "__main__":
    main()
