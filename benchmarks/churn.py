"""Claims and records alone, without seats and without a network, until it is ended: `python -m benchmarks.churn`."""

import logging

from config import load
from mailing_app import clock
from mailing_app.app import create_app
from mailing_app.dispatch import sweep
from mailing_app.dispatch.record import record
from mailing_app.models import Status
from tests.dispatch.test_storage import claim, result

A_BATCH = 64


def main() -> None:
    """Claim as many as a dispatcher has seats, record all of them as sent, and again."""
    with create_app(load()).app_context():
        logging.disable(logging.WARNING)
        me = sweep.enlist(clock.now(), A_BATCH)
        while True:
            record([result(envelope, Status.SENT) for envelope in claim(A_BATCH, by=me)])


if __name__ == "__main__":
    main()
