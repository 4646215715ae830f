"""The schemas of what is reported: a mailing, the figures over time, the clients most often not reached."""

from mailing_app.api.schema import (
    COUNT,
    FLAG,
    ID,
    MOMENT,
    TEXT,
    Schema,
    a_list,
    an_object,
    id_of,
    numbers,
    one_of,
    one_of_or_null,
    or_null,
    ref,
    told,
)
from mailing_app.forms import OverTimeInZoneQuery
from mailing_app.mailings import Origin
from mailing_app.models import Status
from mailing_app.periods import Unit

PLACES: dict[str, Schema] = {
    "recipients": told("The sum of the six others.", COUNT),
    "pending": told("How many wait or are on their way.", COUNT),
    "sent": told("How many the gateway accepted.", COUNT),
    "failed": told("How many were refused for good.", COUNT),
    "expired": told("How many were not sent before the end.", COUNT),
    "cancelled": told("How many were withdrawn.", COUNT),
    "uncertain": told("How many may or may not have arrived.", COUNT),
}
"""Where the figures by a trait or by a period count messages."""

RATE: Schema = {"type": "number", "exclusiveMinimum": 0, "examples": [12.5]}
DAY: Schema = {"type": "string", "format": "date", "examples": ["2030-01-31"]}


def schemas() -> dict[str, Schema]:
    """Each by its name. Needs the application's context, since the forms do."""
    return {
        "Report": an_object(
            "A mailing at one moment.",
            mailing=ref("Mailing"),
            made_at=told("The moment.", MOMENT),
            is_final=told("Whether its figures move no more.", FLAG),
            outcomes=a_list("Its messages by status and reason.", _outcome()),
            audience=_audience(),
            attempts=_attempts(),
            latency=told("How long the gateway took; null before the first answer.", _latencies()),
            course=told("How it went on; null before the first attempt ended.", _course()),
            by_operator_code=a_list("By the code that clients had then, the largest first.", _part("900")),
            by_timezone=a_list("By the zone that clients had then, the largest first.", _part("Europe/Moscow")),
            by_tag=a_list("By the tag that clients had then, the largest first.", _part("vip")),
            proof=_proof(),
            forecast=told("What was expected when its audience was complete; null where nothing is kept.", _forecast()),
            happened=_happened(),
        ),
        "OverTime": an_object(
            "The figures over time.",
            by=told("How long a period is.", one_of(Unit)),
            timezone=told("Whose days they are.", OverTimeInZoneQuery.schema()["properties"]["timezone"]),
            periods=a_list("The oldest first.", ref("PeriodFigures")),
            total=ref("PeriodFigures"),
            week=ref("PeriodFigures"),
            week_before=ref("PeriodFigures"),
        ),
        "PeriodFigures": an_object(
            "Figures by the start of mailings.",
            day=told("The first day of the period.", DAY),
            begins_at=told("When the period begins.", MOMENT),
            ends_at=told("When it is over: the first moment after it.", MOMENT),
            mailings=told("How many mailings start in it, without those that were deleted.", COUNT),
            messages=an_object("Where the messages of all mailings that start in it stand.", **PLACES),
        ),
        "NotReached": an_object(
            "Clients whom messages did not reach.", items=a_list("Those most often not reached first.", _missed())
        ),
    }


def _outcome() -> Schema:
    return an_object(
        "Messages with one status and one reason.",
        status=told("Where they stand.", one_of(Status)),
        reason=told("Why, where a reason is kept.", TEXT | {"examples": ["refused"]}),
        number=told("How many they are.", COUNT),
    )


def _audience() -> Schema:
    return an_object(
        "Whom it goes to.",
        matched=told("How many clients its filter matched.", COUNT),
        recipients=told("How many of them were not left out.", COUNT),
        exclusions=numbers("How many were not written to, by reason.", {"opted_out": 3}),
        waiting=told("How many wait for their window to open.", COUNT),
    )


def _attempts() -> Schema:
    return an_object(
        "Every request to the gateway.",
        total=told("How many there were.", COUNT),
        repeats=told("How many of them were not the first one of their message.", COUNT),
    )


def _latencies() -> Schema:
    latency = an_object(
        "A quantile in milliseconds.",
        about=told("Interpolated.", COUNT | {"examples": [41]}),
        up_to=told("What is certain.", COUNT | {"examples": [50]}),
    )
    shares = {"p50": "half", "p95": "95 of 100", "p99": "99 of 100"}
    quantiles = {
        name: told(f"What {share} answers did not exceed.", or_null(latency)) for name, share in shares.items()
    }
    return or_null(an_object("How long the gateway took.", **quantiles))


def _course() -> Schema:
    up_to_then = {"accepted": "Messages accepted by then.", "failed": "Attempts that had come to nothing by then."}
    series = {name: a_list(words, COUNT) for name, words in up_to_then.items()}
    return or_null(an_object("How it went on.", moments=a_list("In even steps.", MOMENT), **series))


def _part(value: str) -> Schema:
    named = told("What they share; null stands for all others together.", or_null(TEXT) | {"examples": [value]})
    return an_object("Messages to clients who share this.", value=named, **PLACES)


def _proof() -> Schema:
    return an_object(
        "That nothing left at or after the end.",
        last_first_byte_at=told("When the latest first byte left; null when none did.", or_null(MOMENT)),
        ends_at=told("The end.", MOMENT),
        first_bytes_after_end=told("How many left at or after it.", COUNT),
    )


def _forecast() -> Schema:
    schema = an_object(
        "What was expected.",
        made_at=told("When: its audience was complete.", MOMENT),
        ends_at=told("The end that it had then.", MOMENT),
        recipients=told("How many were to be reached.", COUNT),
        rate=told("Messages a second.", or_null(RATE)),
        rate_from=told("What the rate was taken from.", one_of_or_null(Origin)),
        reached=told("How many would be reached by the end; null when nobody knew.", or_null(COUNT)),
        finishes_at=told("When the last one would be; null when not all would, or nobody knew.", or_null(MOMENT)),
        missed=a_list("Those who would not be reached.", ref("MissedInZone")),
    )
    return or_null(schema)


def _happened() -> Schema:
    return an_object(
        "What came of it so far.",
        reached=told("How many were reached.", COUNT),
        rate=told("Messages a second in its best minute; null before the first one.", or_null(RATE)),
        finished_at=told("When the last first byte left; null before every message has its end.", or_null(MOMENT)),
    )


def _missed() -> Schema:
    phone = or_null({"type": "string", "examples": ["79001234567"]})
    return an_object(
        "A client, and how many messages to her ended without reaching her.",
        client_id=id_of("client"),
        phone=told("Her phone.", phone),
        number=told("How many, in all.", ID),
        failed=told("How many were refused for good.", COUNT),
        expired=told("How many were not sent before the end.", COUNT),
        uncertain=told("How many may or may not have arrived.", COUNT),
    )
