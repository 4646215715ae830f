"""A real gateway on loopback."""

from collections.abc import Iterator

import pytest

from mailing_app.dispatch.gateway import Address
from mailing_app.practice import PracticeGateway


@pytest.fixture
def gateway() -> Iterator[PracticeGateway]:
    """The practice gateway, in fair weather."""
    with PracticeGateway() as gateway:
        yield gateway


@pytest.fixture
def address(gateway: PracticeGateway) -> Address:
    """Where the gateway is, with a deadline short enough to wait for."""
    return Address(gateway.url, "secret", timeout=1.0, connect_timeout=0.5)
