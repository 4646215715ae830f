"""How long somebody else is kept from writing to an SQLite file: `python -m benchmarks.knock FILE`.

It says that it begins, asks for the write lock again and again, gives it back at once, and when its standard input ends
prints the longest time, in seconds, from one lock that it got to the next.
"""

import select
import sqlite3
import sys
import time

import click

EVERY = 0.0002
"""Seconds; between two transactions of one thread of ours lies more."""


def main(file: str) -> None:
    """Knock, and print."""
    connection = sqlite3.connect(file, timeout=0, isolation_level=None)
    click.echo("knocking")
    longest, got = 0.0, time.perf_counter()
    while not select.select([sys.stdin], [], [], EVERY)[0]:
        if is_mine(connection):
            longest, got = max(longest, time.perf_counter() - got), time.perf_counter()
    click.echo(max(longest, time.perf_counter() - got))


def is_mine(connection: sqlite3.Connection) -> bool:
    """Whether the lock was to be had; it is given back."""
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as fault:
        if fault.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    connection.execute("ROLLBACK")
    return True


if __name__ == "__main__":
    main(sys.argv[1])
