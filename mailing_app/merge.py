"""Merge fields: places in a text where something of its recipient goes in, as plain data and in one pass."""

import re

FIELDS = {"tag": 100, "phone": 11, "operator_code": 3}
"""The fields there are, each with the most characters that its value can have."""

_FIELD = re.compile(r"\{(" + "|".join(FIELDS) + r")\}")
_LOOKS_LIKE_ONE = re.compile(r"\{[^{}\n]{0,40}\}")
_DEAREST = "\U0001f600"
"""Two units where nothing takes more, and it forces the whole text into the dear alphabet."""


def merge_fields(text: str) -> frozenset[str]:
    """The names of the merge fields that the text has."""
    return frozenset(_FIELD.findall(text))


def strange_fields(text: str) -> tuple[str, ...]:
    """What looks like a merge field and is none, as `{name}`, each once: it is sent as it stands."""
    return tuple(found for found in dict.fromkeys(_LOOKS_LIKE_ONE.findall(text)) if not _FIELD.fullmatch(found))


def merged(text: str, **values: str) -> str:
    """The text with the values in the places of its fields; what a value looks like itself plays no part.

    `values` are those of `FIELDS`, all of them.
    """
    return _FIELD.sub(lambda found: values[found[1]], text)


def dearest(text: str) -> str:
    """The text for a recipient than whom nobody makes it take more parts."""
    return merged(text, **{name: _DEAREST * longest for name, longest in FIELDS.items()})
