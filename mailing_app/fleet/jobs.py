"""The jobs: in which lane each waits, when it comes round by itself, and which of them ask for others."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NamedTuple

from procrastinate import App
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status

from mailing_app.fleet.work import Rest, Work

log = logging.getLogger(__name__)


class Lane(NamedTuple):
    """A queue of its own, so that what takes long holds up nothing that is urgent; and how much of it a process does
    at a time."""

    name: str
    at_a_time: int
    listens: bool = True
    """Whether it is told of new jobs at once, which takes a connection; else it looks every few seconds."""


URGENT = Lane("urgent", 4)
SEND = Lane("send", 1)
"""One pump a process: who has one leaves the other jobs to other processes."""
BULK = Lane("bulk", 1, listens=False)
HOUSE = Lane("house", 1, listens=False)
LANES = (URGENT, SEND, BULK, HOUSE)

EACH_SECOND, EVERY_TWO_SECONDS, EVERY_TEN_SECONDS = "* * * * * *", "* * * * * */2", "* * * * * */10"
EACH_MINUTE, EVERY_TEN_MINUTES = "* * * * *", "*/10 * * * *"
"""As procrastinate reads them; a sixth field is of seconds."""

SILENT_AFTER = 15.0
"""Seconds without a sign of its worker after which a job is dropped: if it is needed still, it is asked for anew."""

Job = Callable[[], Awaitable[None]]


class Jobs:
    """What a queue is taught: `rest` waits so many seconds, and says whether to leave."""

    def __init__(self, queue: App, work: Work, rest: Rest):
        self._queue, self._work, self._rest = queue, work, rest
        self._teach("plan", URGENT, self._plan, EACH_SECOND)
        self._teach("inquire", URGENT, self._plainly(work.inquire), EVERY_TWO_SECONDS)
        self._teach("report", URGENT, self._plainly(work.report), EVERY_TEN_SECONDS)
        self._teach("drop the stalled", URGENT, self._drop_the_stalled, EVERY_TEN_SECONDS)
        self._teach("send", SEND, self._plainly(work.send))
        self._teach("advance", BULK, self._plainly(work.advance))
        self._teach("take in", BULK, self._take_in)
        self._teach("forget", HOUSE, self._plainly(work.forget), EACH_MINUTE)
        self._teach("keep house", HOUSE, self._plainly(work.keep_house), EVERY_TEN_MINUTES)

    def _teach(self, name: str, lane: Lane, job: Job, comes_round: str = "") -> None:
        """Make a job known. What a queue says when it comes round, the moment, is of no use here."""

        async def run(_: int = 0, **_named: Any) -> None:
            try:
                await job()
            except ConnectorException:
                pass  # the queue is away, and its workers notice
            except Exception as fault:
                log.error("fault of our own", exc_info=fault, extra={"job": name})

        task = self._queue.task(name=name, queue=lane.name, queueing_lock=name)(run)
        if comes_round:
            self._queue.periodic(cron=comes_round)(task)

    def _plainly(self, step: Callable[[Rest], None]) -> Job:
        async def job() -> None:
            await asyncio.to_thread(step, self._rest)

        return job

    async def _plan(self) -> None:
        needs = await asyncio.to_thread(self._work.plan, self._rest)
        await self._ask_for("send", needs.hands if needs.send else 0)
        await self._ask_for("advance", needs.hands if needs.advance else 0)
        await self._ask_for("take in", 1)

    async def _take_in(self) -> None:
        await self._ask_for("take in", await asyncio.to_thread(self._work.take_in, self._rest))

    async def _ask_for(self, name: str, number: int) -> None:
        """Let so many of these jobs wait in the queue; those that do already count."""
        if number:
            waiting = await self._queue.job_manager.list_jobs_async(task=name, status="todo")
            places = {f"{name} {place}" for place in range(number)} - {job.queueing_lock for job in waiting}
            for place in sorted(places):
                with suppress(AlreadyEnqueued):  # somebody else asks at this moment
                    await self._queue.configure_task(name, queueing_lock=place).defer_async()

    async def _drop_the_stalled(self) -> None:
        """Drop the jobs of workers that are gone; and the workers."""
        manager = self._queue.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_AFTER):
            with suppress(ConnectorException):  # it is gone already
                await manager.finish_job(job, Status.FAILED, delete_job=True)
        await manager.prune_stalled_workers(SILENT_AFTER)
