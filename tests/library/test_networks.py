"""Who an address is."""

from __future__ import annotations

import pytest
from tornado_state.networks import CUSTOMER, HOME, SITE, is_loopback, network_of


@pytest.mark.parametrize(
    ("one", "other", "bits", "same"),
    [
        ("2001:db8::1", "2001:db8::2:3:4:5", CUSTOMER, True),
        ("2001:db8::1", "2001:db8:0:1::1", CUSTOMER, False),
        ("2001:db8::1", "2001:db8:0:1::1", HOME, True),
        ("2001:db8::1", "2001:db8:0:ff::1", SITE, True),
        ("2001:db8::1", "2001:db8:1::1", SITE, False),
        ("::ffff:203.0.113.7", "203.0.113.7", CUSTOMER, True),
        ("203.0.113.7", "203.0.113.8", 32, False),
        ("", "", CUSTOMER, True),
        ("", "203.0.113.7", CUSTOMER, False),
    ],
)
def test_a_network_is_what_one_customer_has(one: str, other: str, bits: int, same: bool) -> None:
    """An IPv4 address, or so many bits of an IPv6 one, however it is written."""
    assert (network_of(one, bits) == network_of(other, bits)) is same


@pytest.mark.parametrize(
    ("address", "is_so"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("203.0.113.7", False),
        ("::2", False),
        ("", False),
    ],
)
def test_a_machine_knows_itself(address: str, is_so: bool) -> None:
    """By any address that leads nowhere else."""
    assert is_loopback(address) is is_so
