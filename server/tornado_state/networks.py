"""Who an address is, for whoever counts: a person may have more of them than anybody counts.

Rule: an IPv4 address is one customer's whatever it is written as, ``::ffff:203.0.113.7``, too.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

#: Bits of IPv6: what one customer is given at the least, at home, and at the most (RFC 6177).
CUSTOMER, HOME, SITE = 64, 56, 48


def network_of(address: str, bits: int = CUSTOMER) -> str:
    """Return the network that an IPv6 address is in, and any other text as it is."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((int(parsed), bits), strict=False))
    return str(parsed or address)


def is_loopback(address: str) -> bool:
    """Return whether ``address`` is this machine alone; what is no IP address is not."""
    parsed = _parsed(address)
    return address == "localhost" or (parsed is not None and parsed.is_loopback)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
