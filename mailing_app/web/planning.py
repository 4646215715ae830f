"""The form of a mailing and what surrounds it: its preview, what to look at once more, and its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, request

from mailing_app import clients, local_time, mailings, texts
from mailing_app.forms import MailingForm, RemainderForm
from mailing_app.mailings import Doubt, Preview
from mailing_app.models import Action, Mailing
from mailing_app.web import display, edits, kept


@dataclass(frozen=True)
class Planning:
    """A form that was opened or sent: of a mailing, or of one to be; `remainder_of` is whose unreached it is for."""

    form: MailingForm
    mailing: Mailing | None = None
    remainder_of: int | None = None

    def only_checked(self) -> bool:
        """Whether the form came by a button that stores nothing; then it has been judged."""
        checked = "check" in request.form or "plain" in request.form
        if checked:
            self.form.validate()
        if "plain" in request.form:
            self.form.text.replace(texts.plain(self.form.text.data))
        return checked

    def unconfirmed(self) -> list[Doubt]:
        """What the sender of well-shaped values should look at once more.

        What a mailing came with already is not asked, nor anything of a form that was sent before.
        """
        if not self.form.validate_on_submit() or (self.mailing and self.mailing.attempted_at):
            return []
        if not self.mailing and mailings.planned_from(kept.form_key()):
            return []
        confirmed = request.form.get("confirmed", "").split()
        asked = [doubt for doubt in self._doubts(self.form.values()) if doubt.mark not in confirmed]
        if asked and self.mailing:
            known = [doubt.mark for doubt in self._doubts(stored(self.mailing.id).values())]
            asked = [doubt for doubt in asked if doubt.mark not in known]
        return asked

    def preview(self) -> Preview | None:
        """The preview; None while the dates or the filter make no sense. Name and text may still be missing."""
        if not self.form.is_submitted() or not self.form.errors.keys() <= {"name", "text"}:
            return None
        return self._previewed(self.form.values())

    def page(self, doubts: Sequence[Doubt] = ()) -> Response:
        """The page of the form, with what it would come to and what there is to look at once more."""
        own_id = self.mailing.id if self.mailing else None
        now_stored = stored(own_id) if own_id else self.form
        response = display.form_page(
            "mailings/form.html",
            self.form,
            mailing=self.mailing,
            remainder_of=self.remainder_of,
            origin=mailings.origin(self.remainder_of),
            unreached=mailings.unreached(self.remainder_of) if self.remainder_of else None,
            doubts=doubts,
            preview=self.preview(),
            tags=clients.tags(),
            zones=sorted(local_time.zone_names()),
            **edits.context(self.form, now_stored, Action.MAILING_CHANGED, mailing_id=own_id),
        )
        if doubts:
            response.status_code = 422
        return response

    def _doubts(self, values: dict[str, Any]) -> list[Doubt]:
        return mailings.doubts(self._previewed(values), self._narrowed(values), **values)

    def _previewed(self, values: dict[str, Any]) -> Preview:
        return mailings.preview(*mailings.allowed_rate(), self._narrowed(values), **values)

    def _narrowed(self, values: dict[str, Any]) -> dict[str, Any]:
        """What `mailings.audience.narrowing` takes."""
        own_id = self.mailing.id if self.mailing else None
        with_uncertain = values.get("with_uncertain", False)
        return {"remainder_of": self.remainder_of, "with_uncertain": with_uncertain, "own_id": own_id}


def form_of(mailing: Mailing) -> type[MailingForm]:
    """The form in which a mailing is shown."""
    return MailingForm if mailing.remainder_of is None else RemainderForm


def stored(mailing_id: int) -> MailingForm:
    """The form as it would be filled by what is stored now."""
    mailing = mailings.get(mailing_id)
    return form_of(mailing).showing(mailing, None)
