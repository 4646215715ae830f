"""Beside: one step in a thread of its own, while who began it goes on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import current_app

from mailing_app.db import db


@contextmanager
def beside(step: Callable[[], Any]) -> Iterator[None]:
    """Do it, with an application context and so a session of its own, while the body goes on. When this ends, the step
    has ended too; what it raised is raised then, unless the body raised something itself. Where the system gives no
    thread, it is done first.
    """
    app, faults = current_app._get_current_object(), list[BaseException]()  # type: ignore[attr-defined]

    def work() -> None:
        try:
            with app.app_context():
                step()
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=work, name="beside", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        step()
    try:
        yield
    finally:
        db.session.rollback()  # who waits in Python must hold nothing that the step may come to wait for
        if thread.ident:
            thread.join()
    if faults:
        raise faults[0]
