"""What a request says of itself: whether a cookie may be set in answer to it."""

from __future__ import annotations

import pytest
from state_app import request_of
from tornado_state import CrossSite, InsecureTransport
from tornado_state.visit import Visit

NAME = "__Host-shop-session-id"


def may_keep(samesite: str = "Lax", *, secure: bool = True, **request: str) -> bool:
    """Return whether the cookie may be set in answer to a request."""
    visit = Visit.of(request_of(**request), {NAME})
    try:
        visit.check_may_keep([NAME], secure=secure, samesite=samesite)
    except CrossSite:
        return False
    return True


ELSEWHERE = {"Sec_Fetch_Site": "cross-site"}
LINK = {**ELSEWHERE, "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}


@pytest.mark.parametrize(
    ("request_", "lax", "strict"),
    [
        ({}, True, True),
        ({"Sec_Fetch_Site": "same-origin"}, True, True),
        ({"Sec_Fetch_Site": "same-site", "Origin": "https://b.example"}, True, True),
        ({"Sec_Fetch_Site": "none"}, True, True),
        (ELSEWHERE, False, False),
        ({**LINK, "method": "POST"}, False, False),
        ({**LINK, "method": "GET"}, True, False),
        ({**LINK, "method": "HEAD"}, True, False),
        ({**LINK, "method": "GET", "Sec_Fetch_Dest": "iframe"}, False, False),
        ({**LINK, "method": "GET", "Sec_Fetch_Mode": "no-cors"}, False, False),
        ({"Origin": "https://shop.example"}, True, True),
        ({"Origin": "https://SHOP.example"}, True, True),
        ({"Origin": "https://evil.example"}, False, False),
        ({"Origin": "https://shop.example:8443"}, True, True),
        ({"Origin": "https://shop.example", "Host": "shop.example:443"}, True, True),
        ({"Origin": "https://[2001:db8::1]:8443", "Host": "[2001:db8::1]"}, True, True),
        ({"Origin": "https://[2001:db8::1]", "Host": "[2001:db8::2]"}, False, False),
        ({"Origin": "https://shop.example", "Host": "["}, False, False),
        ({"Origin": "null"}, False, False),
        ({"Origin": "null", "Host": ""}, False, False),
        ({"Origin": "https://evil.example", "method": "GET"}, True, False),
        ({**ELSEWHERE, "Cookie": f"{NAME}=x"}, True, True),
        ({**ELSEWHERE, "Cookie": "other=x"}, False, False),
    ],
    ids=str,
)
def test_a_cookie_that_the_browser_kept_to_itself_is_not_replaced(
    request_: dict[str, str], lax: bool, strict: bool
) -> None:
    """Which ones it keeps to itself follows from their ``SameSite`` and from the request."""
    assert may_keep("Lax", **request_) is lax
    assert may_keep("Strict", **request_) is strict
    assert may_keep("None", **request_)


def test_a_secure_cookie_needs_https() -> None:
    """As far as the server believes."""
    with pytest.raises(InsecureTransport):
        may_keep(scheme="http")
    assert may_keep(scheme="http", secure=False)


def test_a_proxy_may_have_https_without_saying_so() -> None:
    """What an application says of the server in front of it counts like https."""
    visit = Visit.of(request_of(scheme="http"), {NAME}, https_in_front=True)
    visit.check_may_keep([NAME], secure=True, samesite="Lax")
