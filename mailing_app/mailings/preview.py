"""What a mailing would come to, before it is stored."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailing_app import clock, local_time, merge, texts
from mailing_app.forecast import NEVER_OPENS, OVER, Forecast, forecast
from mailing_app.local_time import Window
from mailing_app.mailings.headcount import Group, Headcount, count
from mailing_app.mailings.on_the_air import OnTheAir, in_messages, on_the_air
from mailing_app.mailings.rate import Origin, expected
from mailing_app.models import Client

OPTED_OUT = "opted_out"


@dataclass(frozen=True)
class Sample:
    """What a real recipient would read, cut into its parts."""

    phone: str
    pieces: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """`exclusions` are of those whom the filter matches, by reason; the others are `reachable`, if time allows."""

    audience: int
    reachable: int
    exclusions: dict[str, int]
    parts: texts.Parts
    """Of the text as the sample's client reads it, or as it stands where there is none."""
    on_the_air: OnTheAir
    forcing: tuple[str, ...]
    """What in the text itself forces UCS-2, whoever reads it."""
    strange_fields: tuple[str, ...]
    replacements: dict[str, str]
    """Plain characters for those that make the text dear; only where that saves parts."""
    saved: int
    """The parts that this would save, over all clients."""
    without_tag: int
    """How many would read nothing in the place of the tag."""
    sample: Sample | None
    begins_at: datetime
    by_zone: dict[str, int]
    """Of those who did not opt out."""
    hours: tuple[int, ...]
    """For each local hour of the day how many clients could be reached in it first."""
    rate: float | None
    """Messages a second."""
    rate_from: Origin | None
    forecast: Forecast

    @property
    def finishes_at(self) -> datetime | None:
        """When the last one is reached; known only where the rate is, and only if all can be."""
        return self.forecast.done_at


def preview(
    rate: float | None = None, by_parts: bool = False, narrowed: Mapping[str, Any] | None = None, **values: Any
) -> Preview:
    """Count the audience of a mailing's values and judge text and term; stores nothing.

    `rate` is what may leave in a second at most: messages, or with `by_parts` the parts that their texts take.
    `narrowed` is what `audience.narrowing` takes.
    """
    text, window, ends_at = values["text"], values["window"], values["ends_at"]
    begins_at = max(values["starts_at"], clock.now())
    names_tag = "tag" in merge.merge_fields(text)
    found = count(values["filter"], names_tag, narrowed or {})
    openings = {zone: _opening(window, zone, begins_at) for zone in found.by_zone}
    open_zones = {zone: number for zone, number in found.by_zone.items() if openings[zone] < ends_at}
    matched, reachable = sum(found.by_zone.values()), sum(open_zones.values())
    reached = [group for group in found.groups if group.timezone in open_zones]
    by_tag = _by_tag(reached)
    takes = on_the_air(text, by_tag, reachable, found.whole)
    pace = expected(in_messages(rate, by_parts, takes, reachable), clock.now())
    saved = _saved(text, by_tag, reachable, takes)
    return Preview(
        audience=matched + found.opted_out,
        reachable=reachable,
        exclusions=_exclusions(found, matched - reachable, over=begins_at >= ends_at),
        parts=texts.parts(_read_by(found.first, text)),
        on_the_air=takes,
        forcing=texts.parts(text).forcing,
        strange_fields=merge.strange_fields(text),
        replacements=texts.replacements(text) if saved else {},
        saved=saved,
        without_tag=sum(group.number for group in reached if not group.tag) if names_tag else 0,
        sample=_sample(found.first, text),
        begins_at=begins_at,
        by_zone=found.by_zone,
        hours=_hours(open_zones, openings),
        rate=pace.a_second if pace else None,
        rate_from=pace.origin if pace else None,
        forecast=forecast(found.by_zone, begins_at, ends_at, window, pace.a_second if pace else None),
    )


def _opening(window: Window | None, zone: str, begins_at: datetime) -> datetime:
    return begins_at if window is None else local_time.next_opening(window, zone, begins_at)


def _exclusions(found: Headcount, closed: int, over: bool) -> dict[str, int]:
    numbers = {OPTED_OUT: found.opted_out, OVER if over else NEVER_OPENS: closed}
    return {reason: number for reason, number in numbers.items() if number}


def _by_tag(groups: Iterable[Group]) -> Counter[str]:
    numbers: Counter[str] = Counter()
    for group in groups:
        numbers[group.tag] += group.number
    return numbers


def _saved(text: str, by_tag: Mapping[str, int], reachable: int, as_it_is: OnTheAir) -> int:
    plain = texts.plain(text)
    return as_it_is.total - on_the_air(plain, by_tag, reachable, as_it_is.whole).total if plain != text else 0


def _read_by(client: Client | None, text: str) -> str:
    if client is None:
        return text
    return merge.merged(text, tag=client.tag, phone=client.phone or "", operator_code=client.operator_code)


def _sample(client: Client | None, text: str) -> Sample | None:
    return Sample(client.phone or "", texts.pieces(_read_by(client, text))) if client else None


def _hours(numbers: Mapping[str, int], openings: Mapping[str, datetime]) -> tuple[int, ...]:
    hours = [0] * 24
    for zone, number in numbers.items():
        hours[local_time.local_hour(zone, openings[zone])] += number
    return tuple(hours)
