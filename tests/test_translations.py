"""The Russian catalogue: complete, compiled, and with the places of every sentence intact."""

import re
import tomllib
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from config import ROOT

FOLDER = ROOT / "mailing_app" / "translations" / "ru" / "LC_MESSAGES"
KEYWORDS = DEFAULT_KEYWORDS | {"_l": None, "N_": None, "lazy_pgettext": ((1, "c"), 2)}


@cache
def written() -> Catalog:
    with (FOLDER / "messages.po").open("rb") as file:
        return read_po(file, locale="ru")


@cache
def extracted() -> Catalog:
    """Every sentence that code and templates mark."""
    mappings = tomllib.loads(Path(ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    catalog = Catalog()
    for folder in ("mailing_app", "templates"):
        found = extract_from_dir(
            ROOT / folder,
            method_map=[("**" + Path(each["pattern"]).suffix, each["method"]) for each in mappings],
            keywords=KEYWORDS,
        )
        for _, _, sentence, _, context in found:
            catalog.add(sentence, context=context)
    return catalog


def keys(catalog: Catalog) -> set[tuple[str | None, str]]:
    return {(message.context, first_of(message.id)) for message in catalog if message.id}


def first_of(texts: str | tuple[str, ...]) -> str:
    return texts if isinstance(texts, str) else texts[0]


def test_every_sentence_is_in_the_catalogue_and_nothing_else_is() -> None:
    assert keys(written()) == keys(extracted())


def test_the_sentences_were_found() -> None:
    assert len(keys(extracted())) > 250


@pytest.mark.parametrize("message", [message for message in written() if message.id], ids=lambda each: str(each.id))
def test_a_sentence_is_translated_with_its_places(message: Message) -> None:
    texts = all_of(message.string)
    assert len(texts) == (3 if message.pluralizable else 1)
    for text in texts:
        assert text
        assert places(text) == places(first_of(message.id))


def test_the_compiled_catalogue_is_the_written_one() -> None:
    compiled = BytesIO()
    write_mo(compiled, written())
    assert (FOLDER / "messages.mo").read_bytes() == compiled.getvalue()


def all_of(texts: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(texts)


def places(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s", text))
