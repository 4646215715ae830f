"""The shape of what an operator says about the gateway."""

from flask_babel import lazy_gettext as _l
from wtforms import SubmitField

from mailing_app.forms.base import Form
from mailing_app.forms.fields import TextInput


class StopForm(Form):
    """Why all sending is stopped."""

    reason = TextInput(
        _l("Reason"),
        longest=200,
        description=_l("For you and your colleagues; may be left out."),
        example="A fault in the text",
    )
    save = SubmitField(_l("Stop all sending"))
