"""Moments, days and times of day, as people type them; without an offset by the clocks of who asks."""

import re
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import widgets

from mailing_app import language
from mailing_app.forms.fields import Input
from mailing_app.local_time import day_ends_at, day_starts_at

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class MomentInput(Input):
    """A date and time; without an offset it is read in the zone of who asks. Gives an aware moment in UTC."""

    widget = widgets.DateTimeLocalInput()

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time", "pattern": "^20[0-9]{2}-"}

    def parse(self, typed: str) -> datetime:
        moment = _moment(typed)
        if moment is None or not _EARLIEST <= moment < _LATEST:
            raise ValueError(_l("Is not a date and time, like 2026-01-31T09:00:00+03:00."))
        return moment

    def shown(self, value: datetime) -> str:
        local = value.astimezone(_zone())
        return local.isoformat(timespec="seconds" if local.second else "minutes")[: 19 if local.second else 16]


class TimeInput(Input):
    """A time of day, to the minute."""

    widget = widgets.TimeInput()

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}

    def parse(self, typed: str) -> time:
        if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", typed):
            raise ValueError(_l("Must be a time of day, like 09:00."))
        return time.fromisoformat(typed)

    def shown(self, value: time) -> str:
        return value.isoformat("minutes")


class DateInput(Input):
    """A day of the calendar, wherever it is one."""

    widget = widgets.DateInput()

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date", "pattern": "^20[0-9]{2}-"}

    def parse(self, typed: str) -> Any:
        try:
            return date.fromisoformat(typed if re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", typed, re.ASCII) else "")
        except ValueError as fault:
            raise ValueError(_l("Is not a day, like 2026-01-31.")) from fault


class DayInput(DateInput):
    """A day in the zone of who asks. Gives the moment at which it begins, or its last one with `ends`."""

    def __init__(self, label: Any = "", *, ends: bool = False, **given: Any):
        super().__init__(label, **given)
        self.ends = ends

    def parse(self, typed: str) -> datetime:
        return (day_ends_at if self.ends else day_starts_at)(super().parse(typed), language.zone())

    def shown(self, value: datetime) -> str:
        return value.astimezone(_zone()).date().isoformat()


def _zone() -> ZoneInfo:
    return ZoneInfo(language.zone())


def _moment(typed: str) -> datetime | None:
    # fromisoformat reads more than people mean ("20260131", "2026-W05-6"), so the look is checked first.
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?", typed, re.ASCII | re.I):
        return None
    try:
        moment = datetime.fromisoformat(typed.upper())
        return (moment if moment.tzinfo else moment.replace(tzinfo=_zone())).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
