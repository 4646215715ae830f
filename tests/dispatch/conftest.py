"""A real gateway on loopback."""

from collections.abc import Iterator
from dataclasses import replace

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
    """Where the gateway is, with a deadline that a busy machine does not come to."""
    return Address(gateway.url, "secret", timeout=10.0, connect_timeout=5.0)


@pytest.fixture
def hasty(address: Address) -> Address:
    """The same, with a deadline short enough to wait for."""
    return replace(address, timeout=1.0, connect_timeout=0.5)
