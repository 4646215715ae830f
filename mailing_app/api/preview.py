"""The schema of a preview, and of all that is in it."""

from mailing_app.api.schema import (
    COUNT,
    MOMENT,
    TEXT,
    Schema,
    a_list,
    an_object,
    numbers,
    one_of_or_null,
    or_null,
    ref,
    told,
)
from mailing_app.mailings import Origin


def schemas() -> dict[str, Schema]:
    """What a mailing would come to, by its name."""
    return {
        "MissedInZone": _missed(),
        "Preview": an_object(
            "What a mailing would come to.",
            audience=told("How many clients the filter matches.", COUNT),
            reachable=told("How many of them are not excluded.", COUNT),
            exclusions=numbers("How many are excluded, by reason.", {"window_never_opens": 3}),
            parts=_parts(),
            on_the_air=_on_the_air(),
            strange_fields=a_list("What stands in braces and is no merge field.", TEXT | {"examples": ["{name}"]}),
            hours=_hours(),
            forecast=_forecast(),
        ),
    }


def _parts() -> Schema:
    counts = {
        "characters": "The characters of the text.",
        "units": "What they take in its encoding.",
        "parts": "The parts of the SMS.",
        "left": "The units that still fit into the last part.",
    }
    return an_object(
        "What the text takes, as one of the clients reads it.",
        encoding=told("How it is sent.", {"type": "string", "enum": ["GSM-7", "UCS-2"], "examples": ["GSM-7"]}),
        **{name: told(words, COUNT) for name, words in counts.items()},
        forcing=a_list("The characters that make the text dear.", TEXT | {"examples": ["\u2019"]}),
    )


def _on_the_air() -> Schema:
    return an_object(
        "What the texts of all clients take.",
        by_parts=numbers("How many clients get the text in how many parts.", {"1": 900, "2": 100}),
        total=told("The parts of all together.", COUNT),
    )


def _hours() -> Schema:
    words = "How many clients can be reached first in each hour of their own day."
    evening = [0] * 23 + [3]
    return {
        "type": "array",
        "items": COUNT,
        "minItems": 24,
        "maxItems": 24,
        "description": words,
        "examples": [evening],
    }


def _forecast() -> Schema:
    rate = {"type": "number", "exclusiveMinimum": 0, "examples": [12.5]}
    return an_object(
        "When it would be done, with nothing sent beside it.",
        rate=told("Messages a second.", or_null(rate)),
        rate_from=told("What the rate was taken from.", one_of_or_null(Origin)),
        reached=told("How many would be reached by the end.", or_null(COUNT)),
        finishes_at=told("When the last one would be.", or_null(MOMENT)),
        missed=a_list("Those who would not be reached.", ref("MissedInZone")),
    )


def _missed() -> Schema:
    return an_object(
        "Clients of one zone who would not be reached.",
        offset=told("Their offset at the start.", TEXT | {"examples": ["UTC+10"]}),
        number=told("How many they are.", COUNT),
        reason=told("Why they would not.", TEXT | {"examples": ["window_never_opens"]}),
    )
