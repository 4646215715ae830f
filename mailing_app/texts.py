"""How many parts a text takes on the air, and which characters make it dear (3GPP TS 23.038 and 23.040)."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

# TS 23.038, 6.2.1: the default alphabet without its escape, and 6.2.1.1: what stands behind the escape
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_GSM = _BASIC | _EXTENSION

# TS 23.040, 9.2.3.24.1: 140 octets a message, six of them for the header once there is more than one part
_LIMITS = {"GSM-7": (160, 153), "UCS-2": (70, 67)}

_PLAIN = {
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‘’‚‛′‹›`´ʼ", "'"),
    **dict.fromkeys("‐‑‒–—―−⁃", "-"),
    **dict.fromkeys([*map(chr, range(0x2000, 0x200B)), *"\t\u00a0\u1680\u202f\u205f\u3000"], " "),
    **dict.fromkeys("\u2028\u2029\u0085", "\n"),
    # soft hyphen, zero-width space, word joiner, byte order mark; not the joiners U+200C/D, which emoji need
    **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),
    "•": "*",
    "…": "...",
    "⁄": "/",
    "×": "x",
}


@dataclass(frozen=True, slots=True)
class Parts:
    """What a text costs: `units` are septets (GSM-7) or UTF-16 code units (UCS-2), `left` the free ones.

    `forcing` are the distinct characters that force UCS-2, in the order they appear.
    """

    encoding: Literal["GSM-7", "UCS-2"]
    characters: int
    units: int
    parts: int
    left: int
    forcing: tuple[str, ...]


def parts(text: str) -> Parts:
    """The parts a text is sent in; an empty text takes none. Total: any string has an answer."""
    forcing = _forcing(text)
    encoding: Literal["GSM-7", "UCS-2"] = "UCS-2" if forcing else "GSM-7"
    widths = [_width(character, encoding) for character in text]
    ends, left = _filled(widths, *_LIMITS[encoding])
    return Parts(encoding, len(text), sum(widths), len(ends), left, forcing)


def pieces(text: str) -> tuple[str, ...]:
    """The text cut where one part ends and the next begins; as many pieces as `parts` counts."""
    encoding = "UCS-2" if _forcing(text) else "GSM-7"
    ends, _ = _filled([_width(character, encoding) for character in text], *_LIMITS[encoding])
    return tuple(text[start:end] for start, end in pairwise([0, *ends]))


def replacements(text: str) -> dict[str, str]:
    """The typographic characters that force UCS-2 here, each with its plain equivalent in GSM-7.

    Worth offering only where `plain(text)` takes fewer parts: one Cyrillic letter keeps it in UCS-2 anyway.
    """
    return {character: _PLAIN[character] for character in _forcing(text) if character in _PLAIN}


def plain(text: str) -> str:
    """The text with its `replacements` made; everything else stays as it was."""
    changes = replacements(text)
    return "".join(changes.get(character, character) for character in text)


def _forcing(text: str) -> tuple[str, ...]:
    return tuple(character for character in dict.fromkeys(text) if character not in _GSM)


def _width(character: str, encoding: str) -> int:
    if encoding == "GSM-7":
        return 2 if character in _EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1


def _filled(widths: list[int], alone: int, joined: int) -> tuple[list[int], int]:
    """How many characters are told at the end of each part, and the units left in the last one.

    A character of two units never straddles a boundary.
    """
    total = sum(widths)
    if total <= alone:
        return ([len(widths)] if total else []), alone - total
    ends, left = list[int](), joined
    for place, width in enumerate(widths):
        if width > left:
            ends.append(place)
            left = joined
        left -= width
    return [*ends, len(widths)], left
