import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailing_app.texts import _PLAIN, Parts, parts, pieces, plain, replacements

# TS 23.038, 6.2.1, row by row, without the escape
DEFAULT_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
BEHIND_THE_ESCAPE = "\f^{}\\[~]|€"

COUNTS = [
    # text, encoding, units, parts, left
    ("", "GSM-7", 0, 0, 160),
    ("a", "GSM-7", 1, 1, 159),
    ("a" * 160, "GSM-7", 160, 1, 0),
    ("a" * 161, "GSM-7", 161, 2, 145),
    ("a" * 306, "GSM-7", 306, 2, 0),
    ("a" * 307, "GSM-7", 307, 3, 152),
    ("€" * 80, "GSM-7", 160, 1, 0),
    ("€" * 81, "GSM-7", 162, 2, 143),  # 76 in the first part, whose last septet stays empty
    ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3, 152),
    ("ж", "UCS-2", 1, 1, 69),
    ("ж" * 70, "UCS-2", 70, 1, 0),
    ("ж" * 71, "UCS-2", 71, 2, 63),
    ("ж" * 134, "UCS-2", 134, 2, 0),
    ("ж" * 135, "UCS-2", 135, 3, 66),
    ("ж" + "€" * 69, "UCS-2", 70, 1, 0),
    ("😀" * 35, "UCS-2", 70, 1, 0),
    ("😀" * 36, "UCS-2", 72, 2, 61),
    ("ж" * 66 + "😀" + "ж" * 66, "UCS-2", 134, 3, 66),
    ("\ud800", "UCS-2", 1, 1, 69),
    ("\x1b", "UCS-2", 1, 1, 69),  # the escape itself cannot be sent as a character
]


@pytest.mark.parametrize(("text", "encoding", "units", "count", "left"), COUNTS)
def test_a_text_is_counted_as_the_network_counts_it(text, encoding, units, count, left):
    answer = parts(text)
    assert (answer.encoding, answer.units, answer.parts, answer.left) == (encoding, units, count, left)
    assert answer.characters == len(text)


def test_the_alphabet_is_the_standards():
    assert len(DEFAULT_ALPHABET) == 127
    assert parts(DEFAULT_ALPHABET) == Parts("GSM-7", 127, 127, 1, 33, ())
    assert parts(BEHIND_THE_ESCAPE) == Parts("GSM-7", 10, 20, 1, 140, ())


def test_the_forcing_characters_are_named_once_in_order():
    assert parts("plain — “quoted” — ж").forcing == ("—", "“", "”", "ж")


def test_typography_has_plain_equivalents():
    text = "“Hi”\u00a0– it’s…"
    assert replacements(text) == {"“": '"', "”": '"', "\u00a0": " ", "–": "-", "’": "'", "…": "..."}
    assert plain(text) == '"Hi" - it\'s...'
    assert parts(plain(text)).encoding == "GSM-7"


def test_letters_and_emoji_are_left_alone():
    assert replacements("жё👩\u200d🚀") == {}
    assert plain("жё👩\u200d🚀") == "жё👩\u200d🚀"


def test_every_equivalent_is_gsm_and_no_gsm_character_is_replaced():
    assert parts("".join(_PLAIN.values())).forcing == ()
    assert set(parts("".join(_PLAIN)).forcing) == set(_PLAIN)


def cut(text, encoding):
    """The parts one by one, by the plainest reading of the standard."""
    width = (lambda c: 1 + (c in BEHIND_THE_ESCAPE)) if encoding == "GSM-7" else (lambda c: 1 + (ord(c) > 0xFFFF))
    alone, joined = (160, 153) if encoding == "GSM-7" else (70, 67)
    if sum(map(width, text)) <= alone:
        return [sum(map(width, text))] if text else []
    filled = [0]
    for character in text:
        if filled[-1] + width(character) > joined:
            filled.append(0)
        filled[-1] += width(character)
    return filled


@given(st.lists(st.sampled_from("a€ж😀"), max_size=400), st.sampled_from(["a€", "a€ж😀"]))
@settings(max_examples=200, deadline=None)
def test_parts_agree_with_the_cut(characters, alphabet):
    text = "".join(c for c in characters if c in alphabet)
    answer = parts(text)
    filled = cut(text, answer.encoding)
    assert answer.parts == len(filled)
    assert "".join(pieces(text)) == text
    assert [sum(cut(piece, answer.encoding)) for piece in pieces(text)] == filled
    assert answer.units == sum(filled)
    if text:
        room = {("GSM-7", True): 153, ("GSM-7", False): 160, ("UCS-2", True): 67, ("UCS-2", False): 70}
        assert answer.left == room[answer.encoding, len(filled) > 1] - filled[-1]


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_has_an_answer_and_plain_is_settled(text):
    answer = parts(text)
    assert (answer.encoding == "GSM-7") == (answer.forcing == ())
    assert answer.left >= 0
    assert plain(plain(text)) == plain(text)
    if answer.encoding == "UCS-2" and not text.isascii():
        assert answer.units == len(text.encode("utf-16-be", "surrogatepass")) // 2
