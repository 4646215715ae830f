"""A day, as people pick one; it becomes a moment by the clocks of who asks."""

import re
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import widgets

from mailing_app import language
from mailing_app.forms.fields import Input
from mailing_app.local_time import day_ends_at, day_starts_at


class DayInput(Input):
    """A day in the zone of who asks. Gives the moment at which it begins, or its last one with `ends`."""

    widget = widgets.DateInput()

    def __init__(self, label: Any = "", *, ends: bool = False, **given: Any):
        super().__init__(label, **given)
        self.ends = ends

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}

    def parse(self, typed: str) -> datetime:
        try:
            day = date.fromisoformat(typed if re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", typed, re.ASCII) else "")
        except ValueError as fault:
            raise ValueError(_l("Is not a day, like 2026-01-31.")) from fault
        return (day_ends_at if self.ends else day_starts_at)(day, language.zone())

    def shown(self, value: datetime) -> str:
        return value.astimezone(ZoneInfo(language.zone())).date().isoformat()
