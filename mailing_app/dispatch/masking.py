"""Masking: what the gateway told, without our token and without phones, wherever it may have echoed them."""

import json
import re
from html import escape
from urllib.parse import quote

from mailing_app import phones

HIDDEN = "•••"

SHORTEST_REST = 4
"""Characters of the token that are hidden at a text's very end too, where a cut may have gone through it."""

_BETWEEN = r"[\s().\-]*"
_PHONE = re.compile(rf"(?<!\d)(?:\+?7|8){_BETWEEN}((?:\d{_BETWEEN}){{9}}\d)(?!\d)")


class Mask:
    """Hides one token, and every phone."""

    def __init__(self, token: str) -> None:
        spellings = {token, quote(token, safe=""), escape(token), json.dumps(token)[1:-1]} if token else set()
        # The longest first, so that none leaves a rest of another behind.
        self._spellings = sorted(spellings, key=len, reverse=True)
        self._token = re.compile("|".join(map(re.escape, self._spellings)), re.IGNORECASE) if token else None

    def hide(self, text: str, own_phone: str = "") -> str:
        """The text with what is secret masked. `own_phone` is hidden without its prefix too."""
        if self._token:
            text = self._without_a_rest(self._token.sub(HIDDEN, text))
        if own_phone:
            national = _BETWEEN.join(own_phone[1:])
            text = re.sub(rf"(?<!\d)(?:(?:\+?7|8){_BETWEEN})?{national}(?!\d)", phones.masked(own_phone), text)
        return _PHONE.sub(_masked, text)

    def _without_a_rest(self, text: str) -> str:
        lowered = text.lower()
        for spelling in self._spellings:
            for length in range(len(spelling) - 1, SHORTEST_REST - 1, -1):
                if lowered.endswith(spelling[:length].lower()):
                    return text[:-length] + HIDDEN
        return text


def _masked(found: re.Match[str]) -> str:
    return phones.masked("7" + re.sub(r"\D", "", found[1]))
