"""Phones as they stand in any text, found and hidden."""

import re

_BETWEEN = r"[\s().\-]*"
_PHONE = re.compile(rf"(?<!\d)(?:\+?7|8){_BETWEEN}((?:\d{_BETWEEN}){{9}}\d)(?!\d)")


def masked(phone: str) -> str:
    """A stored number for logs, `7900*****67`: enough to tell numbers apart, not enough to call one."""
    return f"{phone[:4]}*****{phone[-2:]}"


def without_phones(text: str, own_phone: str = "") -> str:
    """The text with every phone masked. `own_phone` is hidden without its prefix too."""
    if own_phone:
        national = _BETWEEN.join(own_phone[1:])
        text = re.sub(rf"(?<!\d)(?:(?:\+?7|8){_BETWEEN})?{national}(?!\d)", masked(own_phone), text)
    return _PHONE.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    return masked("7" + re.sub(r"\D", "", found[1]))
