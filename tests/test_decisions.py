"""The page of decisions tells of the packages that are installed."""

import re

import pytest

from config import ROOT

PAGE = (ROOT / "docs" / "decisions.md").read_text()


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_told_of_with_its_version(file: str) -> None:
    pinned = re.findall(r"^([\w-]+)(?:\[\w+\])?==(\S+)$", (ROOT / file).read_text(), re.MULTILINE)
    assert pinned
    assert [f"{name} {version}" for name, version in pinned if f"| {name} | {version} |" not in PAGE] == []
