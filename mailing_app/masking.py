"""Phones as they stand in any text, found and hidden."""

import re
from collections.abc import Collection
from typing import Any

HIDDEN = "•••"

SHORTEST = 11
"""Characters: a shorter text holds no whole phone."""

_BETWEEN = r"[\s().\-]*"
_PHONE = re.compile(rf"(?<!\d)(?:\+?7|8){_BETWEEN}((?:\d{_BETWEEN}){{9}}\d)(?!\d)")
_GAP = r"[^\w\r\n\t,;|+]{0,3}"
_NATIONAL = rf"\d(?:{_GAP}\d){{9}}(?!\d)"
_KNOWN = re.compile(rf"(?<!\d)(?=(\+?[78\uff17\uff18]{_GAP}{_NATIONAL})?)(?=({_NATIONAL})?)[+\d]")
"""With and without its prefix; whatever begins before a phone must not hide it."""


def masked(phone: str) -> str:
    """A stored number for logs, `7900*****67`: enough to tell numbers apart, not enough to call one."""
    return f"{phone[:4]}*****{phone[-2:]}"


def without_phones(text: str, own_phone: str = "") -> str:
    """The text with every phone masked. `own_phone` is hidden without its prefix too."""
    if own_phone:
        national = _BETWEEN.join(own_phone[1:])
        text = re.sub(rf"(?<!\d)(?:(?:\+?7|8){_BETWEEN})?{national}(?!\d)", masked(own_phone), text)
    return _PHONE.sub(_masked, text)


def nameless(value: Any) -> Any:
    """A value of any kind with every phone in its texts masked; ids and figures stand, whatever they look like."""
    if isinstance(value, dict):
        return {without_phones(str(name)): nameless(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [nameless(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float) else without_phones(str(value))


def without_these(text: str, phones: Collection[str], instead: str = "") -> str:
    """The text without these stored numbers, in whatever usual spelling they stand; any other stays."""
    kept, at = [], 0
    for found in _KNOWN.finditer(text):
        spelled = next((each for each in found.groups() if each and _stored(each) in phones), "")
        if spelled and found.start() >= at:
            kept.append(text[at : found.start()])
            at = found.start() + len(spelled)
    return instead.join([*kept, text[at:]])


def _masked(found: re.Match[str]) -> str:
    return masked("7" + re.sub(r"\D", "", found[1]))


def _stored(spelled: str) -> str:
    return "7" + "".join(str(int(each)) for each in spelled if each.isdecimal())[-10:]
