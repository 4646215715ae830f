"""Masking: what the gateway told, without our token, phones and texts, wherever it may have echoed them."""

import json
import os.path
import re
from collections.abc import Collection
from html import escape
from urllib.parse import quote

from mailing_app.masking import HIDDEN, without_phones

SHORTEST_REST = 4
"""Characters of the token that are hidden at a text's very end too, where a cut may have gone through it."""

SHORTEST_ECHO = 12
"""So many first characters of what was sent are taken for its echo, which may be cut off anywhere behind them."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class Mask:
    """Hides one token, and every phone."""

    def __init__(self, token: str) -> None:
        spellings = {token, quote(token, safe=""), escape(token), json.dumps(token)[1:-1]} if token else set()
        # The longest first, so that none leaves a rest of another behind.
        self._spellings = sorted(spellings, key=len, reverse=True)
        self._token = re.compile("|".join(map(re.escape, self._spellings)), re.IGNORECASE) if token else None

    def hide(self, text: str, own_phone: str = "", own_text: str = "") -> str:
        """The text with what is secret masked. `own_phone` is hidden without its prefix too, and of `own_text`, which
        the client reads, whatever the gateway repeats from its beginning on."""
        if self._token:
            text = self._without_a_rest(self._token.sub(HIDDEN, text))
        if own_text:
            text = _without_echo(text, own_text)
        return without_phones(text, own_phone)

    def _without_a_rest(self, text: str) -> str:
        lowered = text.lower()
        for spelling in self._spellings:
            for length in range(len(spelling) - 1, SHORTEST_REST - 1, -1):
                if lowered.endswith(spelling[:length].lower()):
                    return text[:-length] + HIDDEN
        return text


def _without_echo(text: str, sent: str) -> str:
    spelled = _spelled(sent)
    heads = "|".join(sorted({re.escape(spelling[:SHORTEST_ECHO]) for spelling in spelled}, key=len, reverse=True))
    kept, at = [], 0
    while found := re.compile(heads).search(text, at):
        kept.append(text[at : found.start()])
        at = found.start() + max(_alike(text[found.start() :], spelling) for spelling in spelled)
    return HIDDEN.join([*kept, text[at:]])


def _spelled(sent: str) -> Collection[str]:
    """As it was sent, as JSON and HTML write it, and with its line ends as `judge` shows them."""
    in_json = (json.dumps(sent)[1:-1], json.dumps(sent, ensure_ascii=False)[1:-1])
    return {sent, _CONTROLS.sub(" ", sent), escape(sent), escape(_CONTROLS.sub(" ", sent)), *in_json} - {""}


def _alike(text: str, spelling: str) -> int:
    """How many characters both have in common at their beginning."""
    return len(os.path.commonprefix([text, spelling]))  # noqa: RUF071 - letter by letter is what is wanted
