"""The mailings, as JSON: plan, read, change."""

from typing import Any

from flask import Blueprint, g, url_for

from mailing_app import clock, mailings, reports
from mailing_app.api import bodies, idempotency, parameters, resources, versions
from mailing_app.api.openapi import answers
from mailing_app.forms import MailingForm, MailingsQuery
from mailing_app.models import Mailing

bp = Blueprint("mailings", __name__, url_prefix="/mailings")


@bp.post("")
@answers(201, "Mailing", body="MailingInput", once=True)
def add_mailing() -> Any:
    """Plan a mailing.

    It begins by itself at its start, at once if that has passed.
    """
    payload = bodies.read()
    values = MailingForm.from_json(payload).values()
    key = idempotency.key()
    if key is None:
        return _planned(resources.mailing(mailings.add(**values)))
    once = (key, g.token_id, idempotency.fingerprint(payload))
    return _planned(mailings.add_once(*once, resources.mailing, **values))


@bp.get("")
@answers(200, "MailingPage", query=MailingsQuery)
def list_mailings() -> Any:
    """List mailings.

    The newest first, each with its statistics.
    """
    return resources.page(mailings.listing(**parameters.given()), resources.mailing)


@bp.get("/<id:mailing_id>")
@answers(200, "Mailing")
def read_mailing(mailing_id: int) -> Any:
    """Read a mailing.

    Its figures move without a new version, so that there is no "not modified" here.
    """
    return _shown(mailings.get(mailing_id))


@bp.put("/<id:mailing_id>")
@answers(200, "Mailing", body="MailingInput", refused=mailings.BEGUN)
def replace_mailing(mailing_id: int) -> Any:
    """Replace a mailing.

    Everything may be changed until its first message was attempted; after that only `name`, `ends_at` and
    `when_uncertain`.
    """
    present = mailings.to_change(mailing_id)
    expected = versions.expected(present)
    form = MailingForm.from_json(bodies.read(), resources.mailing(present))
    return _shown(mailings.change(mailing_id, expected, **form.values()))


@bp.patch("/<id:mailing_id>")
@answers(200, "Mailing", body="MailingChange", refused=mailings.BEGUN)
def change_mailing(mailing_id: int) -> Any:
    """Change a mailing.

    What is left out stays as it is, in the filter too; a window is one value.
    """
    payload = bodies.read()

    def change(present: Mailing, version: int) -> Mailing:
        form = MailingForm.from_json(payload, resources.mailing(present), partial=True)
        return mailings.change(mailing_id, version, **form.values())

    return _shown(versions.patched(lambda: mailings.to_change(mailing_id), change))


@bp.delete("/<id:mailing_id>")
@answers(204)
def delete_mailing(mailing_id: int) -> Any:
    """Delete a mailing.

    It sends nothing more and leaves the lists; its messages stay in the totals.
    """
    mailings.delete(mailing_id, versions.expected(mailings.get(mailing_id)))
    return "", 204


@bp.post("/preview")
@answers(200, "Preview", body="MailingInput")
def preview_mailing() -> Any:
    """Tell what a mailing would come to.

    How many it would reach, what its text takes on the air, and when it would be done. Nothing is stored.
    """
    values = MailingForm.from_json(bodies.read()).values()
    return resources.preview(mailings.preview(*mailings.allowed_rate(), **values))


@bp.get("/<id:mailing_id>/statistics")
@answers(200, "Statistics")
def read_statistics(mailing_id: int) -> Any:
    """Read the figures of a mailing.

    `recipients` is always the sum of the seven others.
    """
    return reports.statistics(mailings.get(mailing_id).tally)


@bp.get("/<id:mailing_id>/report")
@answers(200, "Report")
def read_mailing_report(mailing_id: int) -> Any:
    """Read the report of a mailing.

    Everything that there is to tell of it, all of one moment, also while it runs.
    """
    return resources.report(reports.report(mailing_id, clock.now()))


def _planned(answer: dict[str, Any]) -> Any:
    location = url_for(".read_mailing", mailing_id=answer["id"])
    return versions.tagged(answer, answer["version"], 201, Location=location)


def _shown(mailing: Mailing) -> Any:
    return versions.tagged(resources.mailing(mailing), mailing.version)
