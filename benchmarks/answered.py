"""`flask …` at a gateway that takes every message at once and is no gateway: `python -m benchmarks.answered worker`.

What is left is the service's own work and the database's: jobs, claims, seats and records.
"""

import logging

from flask.cli import main

from mailing_app import clock
from mailing_app.dispatch import gateway
from mailing_app.dispatch.parts import Answer, Reached


def accepted(*_: object) -> Answer:
    """As if the gateway had taken the message."""
    now = clock.now()
    return Answer(Reached.ANSWER_ENDED, now, now, status=200, body=b'{"code": 0}')


if __name__ == "__main__":
    gateway.post = accepted
    logging.disable(logging.WARNING)  # two lines a message, which a real worker writes beside the network
    main()
