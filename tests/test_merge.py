"""Merge fields: plain data in one pass, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailing_app import merge, texts
from mailing_app.models import Client, Message

ANNA = {"tag": "Anna", "phone": "79001234567", "operator_code": "900"}

pieces_of_text = st.lists(st.sampled_from([*(f"{{{name}}}" for name in merge.FIELDS), "я", "a", "€", "😀", "{", "}"]))


@pytest.mark.parametrize(("text", "expected"), [
    ("Hello!", "Hello!"),
    ("Hello, {tag}!", "Hello, Anna!"),
    ("{phone}/{operator_code}/{phone}", "79001234567/900/79001234567"),
    ("{name} {Tag} { tag } {} {0} {tag!r:>9}", "{name} {Tag} { tag } {} {0} {tag!r:>9}"),
    ("{{tag}} {{{phone}", "{Anna} {{79001234567"),
    (r"%(tag)s $tag \1 {tag}", r"%(tag)s $tag \1 Anna"),
])  # fmt: skip
def test_a_field_becomes_the_value_and_the_rest_stays(text: str, expected: str) -> None:
    assert merge.merged(text, **ANNA) == expected


@pytest.mark.parametrize("tag", ["{phone}", "{tag}", r"\g<0>\1", "%s", "", "{"])
def test_a_value_is_never_looked_at_again(tag: str) -> None:
    assert merge.merged("<{tag}phone}>", **ANNA | {"tag": tag}) == f"<{tag}phone}}>"


def test_the_fields_of_a_text_and_what_only_looks_like_one() -> None:
    assert merge.merge_fields("{tag} {name} {tag} {phone") == {"tag"}
    assert merge.strange_fields("{tag} {name} {Tag} {name} {} { a\n}") == ("{name}", "{Tag}", "{}")


def test_no_value_is_longer_than_its_column() -> None:
    assert {name: getattr(Message, name).type.length for name in merge.FIELDS} == merge.FIELDS
    assert {name: getattr(Client, name).type.length for name in merge.FIELDS} == merge.FIELDS


@given(text=pieces_of_text.map("".join), tag=st.text(max_size=100))
def test_nobody_makes_a_text_dearer_than_the_dearest(text: str, tag: str) -> None:
    most = texts.parts(merge.dearest(text)).parts
    assert texts.parts(merge.merged(text, **ANNA | {"tag": tag})).parts <= most
