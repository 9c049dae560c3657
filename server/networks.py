"""Who an address is, for whoever counts: a person may have more of them than anybody counts."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Network, ip_address

#: Bits of IPv6: what one customer is given at the least, at home, and at the most (RFC 6177).
CUSTOMER, HOME, SITE = 64, 56, 48


def network_of(remote: str, bits: int = CUSTOMER) -> str:
    """Return the network that an IPv6 address is in, and any other text as it is.

    An IPv4 address is one customer's whatever it is written as: ``::ffff:203.0.113.7``, too.
    """
    try:
        address = ip_address(remote)
    except ValueError:
        return remote
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), bits), strict=False))


def is_loopback(address: str) -> bool:
    """Return whether ``address`` is this machine alone; what is no IP address is not."""
    try:
        return address == "localhost" or ip_address(address).is_loopback
    except ValueError:
        return False
