"""What the gateway told is shown without our token and without phones."""

import pytest

from mailing_app.dispatch.masking import HIDDEN, Mask

TOKEN = 's3cret/"t&k"'
PHONE = "79001234567"
MASKED = "7900*****67"


@pytest.mark.parametrize(("told", "shown"), [
    (f"Bearer {TOKEN} is unknown", f"Bearer {HIDDEN} is unknown"),
    ('{"token": "s3cret/\\"t&k\\""}', f'{{"token": "{HIDDEN}"}}'),
    ("S3CRET%2F%22t%26k%22", HIDDEN),
    ("<p>s3cret/&quot;t&amp;k&quot;</p>", f"<p>{HIDDEN}</p>"),
    ("cut off at s3cret/\"t", f"cut off at {HIDDEN}"),
    ('{"phone": 79001234567}', f'{{"phone": {MASKED}}}'),
    ("call 9001234567 or 9001234568", f"call {MASKED} or 9001234568"),
    ("call +7 (900) 123-45-68 or 8 900 123 45 69", "call 7900*****68 or 7900*****69"),
    ("id 790012345678, at 1764120000", "id 790012345678, at 1764120000"),
    ("", ""),
])  # fmt: skip
def test_hidden(told: str, shown: str) -> None:
    assert Mask(TOKEN).hide(told, PHONE) == shown


def test_without_a_token_phones_are_masked_all_the_same() -> None:
    assert Mask("").hide("to 79001234567") == f"to {MASKED}"


SENT = 'Dear "Ada" & co,\nyour code is 1234'


@pytest.mark.parametrize(("told", "shown"), [
    (f"refused: {SENT}!", f"refused: {HIDDEN}!"),
    (f"{SENT} and {SENT}", f"{HIDDEN} and {HIDDEN}"),
    ('{"text": "Dear \\"Ada\\" & co,\\nyour code is 1234"}', f'{{"text": "{HIDDEN}"}}'),
    ("<p>Dear &quot;Ada&quot; &amp; co,\nyour code is 1234</p>", f"<p>{HIDDEN}</p>"),
    ('Dear "Ada" & co, your code is 1234', HIDDEN),
    ('text "Dear "Ada" & co,\nyour...', f'text "{HIDDEN}...'),
    ('cut off: Dear "Ada" & c', f"cut off: {HIDDEN}"),
    ("Dear sender, what is 1234?", "Dear sender, what is 1234?"),
])  # fmt: skip
def test_what_the_client_reads_is_hidden_wherever_its_echo_ends(told: str, shown: str) -> None:
    assert Mask(TOKEN).hide(told, PHONE, SENT) == shown


def test_a_text_of_a_few_letters_is_hidden_where_it_stands_whole() -> None:
    assert Mask("").hide("no Hi! here, and no Hi", own_text="Hi!") == f"no {HIDDEN} here, and no Hi"
