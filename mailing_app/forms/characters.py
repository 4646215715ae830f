"""Characters that no text may hold, whoever sends it, and the pattern that tells programs so."""

import re

from flask_babel import lazy_gettext as _l

# C0 and C1 controls but tab and line ends, NUL among them, and lone surrogates: no database, no
# gateway and no person has a use for them.
_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_SURROGATES = r"\ud800-\udfff"
# What turns the writing around, so that a text looks like another (Unicode TR 36, 2.5), and the sign for what could not
# be read. Around a phone the first are usual, and mean nothing.
_MISLEADING = r"\u202a-\u202e\u2066-\u2069\ufffd"
# The white space that `str.strip` cuts off and that is no control, spelled out for patterns: what `\s` means differs.
_SPACES = r"\t\n\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"

HALVES = re.compile(f"[{_SURROGATES}]")
"""Halves of characters: bytes that were no text."""

USELESS = re.compile(f"[{_CONTROLS}{_SURROGATES}]")

USELESS_OR_MISLEADING = re.compile(f"[{_CONTROLS}{_SURROGATES}{_MISLEADING}]")


def without(forbidden: re.Pattern[str], typed: str) -> str:
    """The text; a ValueError with a sentence when it holds any such character."""
    if forbidden.search(typed):
        raise ValueError(_l("Contains a character that no text can hold."))
    return typed


def trimmed(text: str) -> str:
    """Without the white space at its ends, unless a control is in it: that is told, not cut off."""
    return text if USELESS.search(text) else text.strip()


def pattern(lines: bool, required: bool) -> str:
    """A text as a schema tells it: nothing useless or misleading, no line ends unless lines are meant, and something to
    see at its beginning if it must be given.
    """
    none = _CONTROLS + _MISLEADING
    rest = f"[^{none}]" if lines else rf"[^{none}\t\n\r]"
    return f"^[^{none}{_SPACES}]{rest}*$" if required else f"^{rest}*$"
