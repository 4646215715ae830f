"""The shape of a mailing."""

from typing import Any, Self

from flask_babel import gettext, lazy_pgettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FormField, SubmitField

from mailing_app.forms.base import Form, FormPart
from mailing_app.forms.clients import LONGEST_TAG
from mailing_app.forms.fields import (
    REQUIRED,
    ChoiceInput,
    DigitsInput,
    PhoneInput,
    TextInput,
    WordsInput,
    ZoneInput,
)
from mailing_app.forms.moments import MomentInput, TimeInput
from mailing_app.local_time import Window
from mailing_app.models import Mailing, WhenUncertain


class FilterPart(FormPart):
    """Which clients: the lists are joined by AND, the values of one by OR; an empty list matches everyone."""

    operator_codes = WordsInput(_l("Operator codes"), each=DigitsInput(digits=3, required=True), example=["900", "901"])
    tags = WordsInput(_l("Tags"), each=TextInput(longest=LONGEST_TAG, required=True), example=["vip"])
    timezones = WordsInput(_l("Time zones"), each=ZoneInput(required=True), example=["Europe/Moscow"])

    def values(self) -> dict[str, list[str]]:
        return {name: list(words or ()) for name, words in self.data.items()}


class WindowPart(FormPart):
    """The client's local hours: `from` included, `to` not, over midnight when `from` is later than `to`."""

    nullable = True

    def validate(self, extra_validators: Any = None) -> bool:
        """Both or neither; and a window of no length is none."""
        valid = super().validate(extra_validators)
        opens, closes = self["from"], self["to"]
        if valid and (opens.data is None) != (closes.data is None):
            (opens if opens.data is None else closes).errors = [str(REQUIRED)]
            return False
        if valid and opens.data is not None and opens.data == closes.data:
            closes.errors = [gettext("Must differ from the time at which the window opens.")]
            return False
        return valid

    def values(self) -> Window | None:
        opens, closes = self["from"].data, self["to"].data
        return Window(opens, closes) if opens is not None else None


# `from` is a keyword of Python, so these two cannot be written inside the class.
for _name, _field in (
    ("from", TimeInput(_l("Not before"), example="09:00")),
    ("to", TimeInput(_l("Not after"), example="21:00")),
):
    setattr(WindowPart, _name, _field)


class MailingForm(Form):
    """What to send, to whom, and when."""

    read_only = (
        "id", "phase", "pause_reason", "remainder_of", "test", "forgotten_at", "archived_at", "statistics",
        "version", "created_at", "updated_at",
    )  # fmt: skip

    name = TextInput(
        lazy_pgettext("mailing", "Name"),
        longest=200,
        description=_l("For you and your colleagues; may be left out."),
        example="Spring sale",
    )
    text = TextInput(
        _l("Text"),
        longest=1600,
        lines=True,
        required=True,
        description=_l("What the client reads. {tag}, {phone} and {operator_code} become the client's own."),
        example="Hello!",
    )
    starts_at = MomentInput(
        _l("Start"),
        required=True,
        description=_l("Sending begins by itself then, or at once if it has passed."),
        example="2030-01-31T09:00:00+03:00",
    )
    ends_at = MomentInput(
        _l("End"),
        required=True,
        description=_l("Nothing leaves at or after it."),
        example="2030-01-31T18:00:00+03:00",
    )
    filter = FormField(FilterPart)
    window = FormField(WindowPart)
    when_uncertain = ChoiceInput(
        _l("When nobody knows whether a message arrived"),
        enum=WhenUncertain,
        default=WhenUncertain.HOLD,
        description=_l(
            "It matters when an answer of the gateway got lost and the gateway would deliver a repeated message twice. "
            "It may be changed at any time and decides about what becomes uncertain from then on."
        ),
    )
    save = SubmitField(_l("Save"))

    @classmethod
    def showing(cls, mailing: Mailing, *given: Any, **changed: Any) -> Self:
        """The form filled with what the mailing says now, but for what is changed. `given` as any form takes it."""
        window = mailing.window
        hours = {"from": window.opens, "to": window.closes} if window else {}
        alike = ("name", "text", "starts_at", "ends_at", "filter", "when_uncertain", "with_uncertain")
        data = {name: getattr(mailing, name) for name in alike} | {"window": hours} | changed
        return cls(*given, data=data)

    def validate_ends_at(self, field: MomentInput) -> None:
        """The end comes after the start."""
        starts_at = self.starts_at.data
        if starts_at is not None and field.data is not None and field.data <= starts_at:
            field.errors = [*field.errors, gettext("Must be later than the start.")]

    @classmethod
    def carried_over(cls, present: Any, payload: Any) -> dict[str, Any]:
        """A window is one value: a new one is not mixed with the old."""
        kept = super().carried_over(present, payload)
        if "window" in payload:
            kept.pop("window", None)
        return kept


class RemainderForm(MailingForm):
    """A mailing to those whom another one has not reached."""

    with_uncertain = BooleanField(_l("Also to those of whom nobody knows whether they were reached"))

    def values(self) -> dict[str, Any]:
        """The checked values, the wish among them."""
        return super().values() | {"with_uncertain": self.with_uncertain.data}


class TrialForm(Form):
    """A text to be tried on one client."""

    text = TextInput(_l("Text"), longest=1600, lines=True, required=True, description=_l("What the client reads."))
    phone = PhoneInput(_l("Phone"), required=True, description=_l("Of somebody in the register, usually your own."))
    adding = BooleanField(_l("Add this phone to the clients if it is not there; later mailings may reach it too"))
    save = SubmitField(_l("Send the test"))


class PauseForm(Form):
    """Why a mailing is paused."""

    reason = TextInput(
        _l("Reason"),
        longest=200,
        description=_l("For you and your colleagues; may be left out."),
        example="A fault in the text",
    )
    save = SubmitField(_l("Pause"))
