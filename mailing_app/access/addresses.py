"""Addresses that somebody comes from, as far as they tell one from another."""

import re
from ipaddress import IPv6Address, IPv6Network, ip_address

_WITH_PORT = re.compile(r"([0-9.]+|\[.+\]):[0-9]+")
"""As some proxies tell it: 192.0.2.1:443, [2001:db8::1]:443."""


def neighbourhood(address: str) -> str:
    """The address; for IPv6 its /64, all of which a single household has (RFC 6177). What is none stays as it is."""
    told = _WITH_PORT.fullmatch(address)
    try:
        found = ip_address(told[1].strip("[]") if told else address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Network((int(found), 64), strict=False))
