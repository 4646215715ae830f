"""The queue: procrastinate's tables in a schema of their own, and the way to them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from procrastinate import App, PsycopgConnector
from procrastinate.periodic import PeriodicRegistry
from psycopg_pool import AsyncConnectionPool

from mailing_app.db import PATIENCE, libpq

SCHEMA = "procrastinate"

CONNECTIONS = 3
"""At most for a worker's talk with the queue, beside those on which it listens."""


class NotLaid(Exception):
    """The database has no tables for the queue."""


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[App]:
    """The queue of that database, fit for use. The connections are its own, and are closed at the end.

    Raises NotLaid, and psycopg's or procrastinate's own error where the database is not to be had.
    """
    address, manners = libpq(url, SCHEMA)
    pool = AsyncConnectionPool(
        address,
        kwargs=manners,
        min_size=1,
        max_size=CONNECTIONS,
        timeout=PATIENCE,
        open=False,
    )
    async with pool:
        connector = PsycopgConnector()
        await connector.open_async(pool)
        queue = App(connector=connector)
        if not await queue.check_connection_async():
            raise NotLaid("the database has no queue: flask db upgrade")
        yield queue


def without_rounds(queue: App) -> App:
    """The same queue to a worker that runs jobs and leaves it to another one to say when they come round."""
    quiet = queue.with_connector(queue.connector)
    quiet.periodic_registry = PeriodicRegistry()
    return quiet
