"""The usual Django and Celery, tuned: connections that stay, results that nobody keeps, 64 tasks fetched ahead.

`celery -A peer worker` sends; `python peer.py NUMBER` makes the tables, a mailing to so many clients and their tasks.
"""

import os
import sys
from datetime import timedelta

import django
from celery import Celery
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["notices"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["PEER_DATABASE"],
            "HOST": os.environ["PEER_HOST"],
            "USER": os.environ["PEER_USER"],
            "CONN_MAX_AGE": None,
        }
    },
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

app = Celery("peer", broker=os.environ["PEER_BROKER"])
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=64, broker_connection_retry_on_startup=True)
app.autodiscover_tasks(["notices"], force=True)


def fill(number):
    """Make a mailing to so many clients, and a task for each of its messages."""
    from django.core.management import call_command
    from django.utils import timezone
    from notices.models import Client, Mailing, Message
    from notices.tasks import send

    call_command("migrate", run_syncdb=True, verbosity=0)
    clients = [Client(phone=f"7900{n:07}", operator_code="900") for n in range(number)]
    Client.objects.bulk_create(clients, ignore_conflicts=True)
    mailing = Mailing.objects.create(text="Hello!", ends_at=timezone.now() + timedelta(hours=1))
    everyone = Client.objects.order_by("pk")[:number]
    Message.objects.bulk_create(Message(mailing=mailing, client=client) for client in everyone)
    with app.producer_pool.acquire(block=True) as producer:
        for pk in mailing.messages.values_list("pk", flat=True):
            send.apply_async((pk,), producer=producer)


if __name__ == "__main__":
    fill(int(sys.argv[1]))
