"""What a process that only sends takes of its machine, and what it leaves to others."""

import os
import resource

from flask import Flask
from sqlalchemy import func, select

from mailing_app.db import db
from mailing_app.models import Message
from mailing_app.practice import PracticeGateway
from tests.dispatch.test_storage import figures
from tests.factories import a_crowd, a_mailing
from tests.processes.conftest import Start, eventually, free_port, is_served

FEW = 64
"""Descriptors that a shell gives."""


def test_a_seat_finds_a_descriptor_where_a_shell_gives_few(app: Flask, start: Start, gateway: PracticeGateway) -> None:
    gateway.latency = 0.3  # long enough for all seats to be taken at once
    audience = a_crowd(8 * FEW)
    dispatcher = start("dispatcher", gateway_concurrency=2 * FEW)
    _, most = resource.prlimit(dispatcher.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(dispatcher.pid, resource.RLIMIT_NOFILE, (FEW, most))  # it has yet to load what it runs on
    mailing = a_mailing()
    eventually(lambda: figures(mailing) == {"sent": audience})
    assert db.session.scalar(select(func.max(Message.attempts))) == 1


def test_pages_go_before_a_dispatcher_beside_them(app: Flask, start: Start, gateway: PracticeGateway) -> None:
    port = free_port()
    web, dispatcher = start("serve", port=port, dispatcher="off"), start("dispatcher")
    eventually(lambda: is_served(port))
    eventually(lambda: niceness(dispatcher.pid) > niceness(web.pid))
    assert niceness(web.pid) == niceness(os.getpid())


def niceness(pid: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, pid)
