"""A client, a mailing, and a message to each."""

from django.db import models


class Client(models.Model):
    """Who is written to."""

    phone = models.CharField(max_length=11, unique=True)
    operator_code = models.CharField(max_length=3)
    tag = models.CharField(max_length=50, blank=True)


class Mailing(models.Model):
    """What is written, and until when."""

    text = models.TextField()
    ends_at = models.DateTimeField()


class Message(models.Model):
    """What became of it."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="messages")
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="messages")
    status = models.CharField(max_length=10, default="new", db_index=True)
    sent_at = models.DateTimeField(null=True)
