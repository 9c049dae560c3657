"""What is lacking in a Set-Cookie header, by the clause that asks for it."""

from __future__ import annotations

import pytest

from compare.experiments.attributes import faults
from compare.jar import parsed

GOOD = "HttpOnly; SameSite=Lax"


@pytest.mark.parametrize(
    ("header", "clauses"),
    [
        (f"__Host-id=1; Path=/; Secure; {GOOD}", []),
        (f"__Secure-id=1; Path=/; Secure; {GOOD}", ["3.3.3"]),
        (f"__Secure-id=1; Path=/; Secure; Domain=shop.example; {GOOD}", ["3.3.3"]),
        (f"id=1; Path=/; Secure; {GOOD}", ["3.3.1"]),
        (f"id=1; Path=/; {GOOD}", ["3.3.1"]),
        (f"__Host-id=1; Path=/; {GOOD}", ["3.3.1", "3.3.1"]),
        (f"__Host-id=1; Path=/in; Secure; {GOOD}", ["3.3.3"]),
        ("__Host-id=1; Path=/; Secure; HttpOnly", ["3.3.2"]),
        ("__Host-id=1; Path=/; Secure; SameSite=Strict", ["3.3.4"]),
    ],
)
def test_on_https_each_clause_is_asked(header: str, clauses: list[str]) -> None:
    """Of a name without a prefix one clause is enough; __Secure- alone is not for one host."""
    found = [demand.source for _, demand in faults(parsed(header), secure=True)]
    assert found == [f"ASVS {clause}" for clause in clauses]


def test_on_http_neither_secure_nor_a_prefix_is_asked_for() -> None:
    """But a name that promises them is held to it: browsers drop the cookie."""
    assert [*faults(parsed(f"id=1; Path=/; {GOOD}"), secure=False)] == []
    assert [*faults(parsed(f"__Secure-id=1; Path=/; {GOOD}"), secure=False)]
