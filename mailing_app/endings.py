"""Ends that messages find without a request to the gateway: told by the mailing, and one by one while they are few."""

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

log = logging.getLogger(__name__)

FEW = 100
"""Of one transaction: a line each for the million messages of a mailing that ended would tell nobody anything."""


def tell(rows: Sequence[Any]) -> None:
    """Tell of messages that ended, once that is committed. A row tells `id`, `mailing_id`, `client_id`, `status` and
    `reason`."""
    numbers = Counter((row.mailing_id, row.status.value, row.reason) for row in rows)
    for (mailing_id, status, reason), number in numbers.items():
        told = {"mailing_id": mailing_id, "status": status, "reason": reason, "messages": number}
        log.info("messages ended", extra=told)
    for row in rows if len(rows) <= FEW else ():
        ids = {"mailing_id": row.mailing_id, "message_id": row.id, "client_id": row.client_id}
        log.info("message ended", extra=ids | {"status": row.status.value, "reason": row.reason})
