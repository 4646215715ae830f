"""What the texts of a mailing take on the air, in SMS parts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from mailing_app import merge, texts


@dataclass(frozen=True)
class OnTheAir:
    """What a text takes in all: by the number of its parts, how many clients get it so."""

    by_parts: dict[int, int]
    total: int
    whole: bool
    """Whether everyone was counted; else the total is reckoned up from those who were."""


def on_the_air(text: str, by_tag: Mapping[str, int], reachable: int, whole: bool = True) -> OnTheAir:
    """What a text takes for so many clients of each tag; `reachable` is how many they are where not `whole`."""
    numbers: Counter[int] = Counter()
    for tag, number in by_tag.items():
        # Phones and operator codes are digits and have one length each, so whose they are makes no difference.
        numbers[texts.parts(merge.merged(text, tag=tag, phone="7" * 11, operator_code="9" * 3)).parts] += number
    total = sum(parts * number for parts, number in numbers.items())
    if not whole:
        total = round(total * reachable / max(numbers.total(), 1))
    return OnTheAir(dict(sorted(numbers.items())), total, whole)


def in_messages(limit: float | None, by_parts: bool, takes: OnTheAir, reachable: int) -> float | None:
    """A limit of parts as one of messages like these; one of messages as it is."""
    return limit * reachable / max(takes.total, reachable, 1) if limit and by_parts and reachable else limit
