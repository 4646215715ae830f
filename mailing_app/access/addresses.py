"""Addresses that somebody comes from, as far as they tell one from another."""

from ipaddress import IPv6Address, IPv6Network, ip_address


def neighbourhood(address: str) -> str:
    """The address; for IPv6 its /64, all of which a single household has (RFC 6177). What is none stays as it is."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Network((int(found), 64), strict=False))
