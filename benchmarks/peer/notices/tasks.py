"""One task a message, as usual."""

import os

import requests
from celery import shared_task
from django.utils import timezone

from notices.models import Message


@shared_task(bind=True, max_retries=3, ignore_result=True)
def send(self, message_id):
    """Post the message, and save what came of it."""
    message = Message.objects.select_related("client", "mailing").get(pk=message_id)
    if message.mailing.ends_at <= timezone.now():
        return
    payload = {"id": message.pk, "phone": int(message.client.phone), "text": message.mailing.text}
    headers = {"Authorization": f"Bearer {os.environ['GATEWAY_TOKEN']}"}
    try:
        url = f"{os.environ['GATEWAY_URL']}/v1/send/{message.pk}"
        requests.post(url, json=payload, headers=headers, timeout=10).raise_for_status()
    except requests.RequestException as fault:
        raise self.retry(exc=fault, countdown=60) from fault
    message.status, message.sent_at = "sent", timezone.now()
    message.save(update_fields=["status", "sent_at"])
