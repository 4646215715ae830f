"""A shift: the queue's workers in this process, from when it is to be had until somebody ends them or it is away."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker
from psycopg.errors import ForeignKeyViolation

from mailing_app.dispatch.outage import Outage
from mailing_app.fleet.jobs import LANES, SILENT_AFTER, URGENT, Jobs, Lane
from mailing_app.fleet.queue import opened, without_rounds
from mailing_app.fleet.work import Work

log = logging.getLogger(__name__)

BEAT_EVERY = SILENT_AFTER / 3
LOOK_EVERY = 2.0
"""Seconds between two looks into the queue by who is not told of new jobs, or missed the word."""

NEVER = 3600.0
"""Nobody asks to abort a job."""

HEED_EVERY = 0.2
"""Seconds between two looks at whether the shift is over."""


class Shift:
    """Runs once. Its jobs leave when it ends, so they may be run by the next one."""

    def __init__(self, url: str, work: Work, outage: Outage):
        self._url, self._work, self._outage = url, work, outage
        self._over = Event()

    def end(self) -> None:
        """Let it end; returns at once."""
        self._over.set()

    def run(self) -> None:
        """Work until the end. The fault that ends it before is raised, where one is known; the database's own."""
        try:
            asyncio.run(self._run())
        except ConnectorException as fault:
            if not isinstance(fault.__cause__, ForeignKeyViolation):
                raise fault.__cause__ or fault from None
            log.warning("the queue has forgotten this worker; it enters anew")

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        # A thread for every job that there may be at a time, so that none waits for one of another lane.
        loop.set_default_executor(ThreadPoolExecutor(sum(lane.at_a_time for lane in LANES), "job"))
        loop.set_exception_handler(_tell)
        async with opened(self._url) as queue:
            self._outage.end()
            Jobs(queue, self._work, self._over.wait)
            quiet = without_rounds(queue)
            await self._until_over([_worker(queue if lane is URGENT else quiet, lane) for lane in LANES])

    async def _until_over(self, workers: Sequence[Worker]) -> None:
        runs = [asyncio.create_task(worker.run()) for worker in workers]
        try:
            # Waits first, also where it is over already: a worker that is told to stop before it has begun forgets it.
            while True:
                await asyncio.sleep(HEED_EVERY)
                if self._over.is_set() or any(run.done() for run in runs):
                    break
        finally:
            self._over.set()
            for worker in workers:
                worker.stop()
            await asyncio.wait(runs)
        for run in runs:
            run.result()


def _worker(queue: App, lane: Lane) -> Worker:
    return Worker(
        queue,
        queues=[lane.name],
        concurrency=lane.at_a_time,
        listen_notify=lane.listens,
        fetch_job_polling_interval=LOOK_EVERY,
        abort_job_polling_interval=NEVER,
        update_heartbeat_interval=BEAT_EVERY,
        stalled_worker_timeout=SILENT_AFTER,
        delete_jobs="always",
        install_signal_handlers=False,
    )


def _tell(_loop: Any, context: dict[str, Any]) -> None:
    """Tell of what nobody waited for. That a job's end could not be noted is none of it: it was dropped, or will be."""
    fault = context.get("exception")
    if not isinstance(fault, ConnectorException):
        log.error("fault of our own", exc_info=fault, extra={"error": context["message"]})
