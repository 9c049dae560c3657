"""What is shown of an exchange: values of cookies shortened, and no password at all."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from compare.findings import Exchange

FORM = "Content-Type: application/x-www-form-urlencoded"
SECRETS = [
    "violet-otter-91",
    'vio"let-otter',
    "vio\\let\\",
    'violet\\"otter',
    "läuft & läuft=1",
    "{}",
]


def shown(head: str, body: str = "") -> str:
    message = f"POST / HTTP/1.1\r\n{head}\r\n\r\n{body}"
    exchange = Exchange("visitor", message, message).shown
    assert exchange.request == exchange.response
    return exchange.request


@pytest.mark.parametrize("name", ["password", "current", "new", "newPassword", "user[passwd]"])
@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("indent", [None, 2])
def test_no_password_is_shown_in_json(name: str, secret: str, indent: int | None) -> None:
    """Whatever is in it, and wherever it stands."""
    body = {"user": {"username": "ann", name: secret}, "last": "one"}
    told = shown("Content-Type: application/json", json.dumps(body, indent=indent))
    kept = json.loads(told.partition("\n\n")[2])
    assert kept == {"user": {"username": "ann", name: "…"}, "last": "one"}


@pytest.mark.parametrize("name", ["password", "current", "new", "new_password", "user%5Bpass%5D"])
@pytest.mark.parametrize("secret", SECRETS)
def test_no_password_is_shown_in_a_form(name: str, secret: str) -> None:
    """First, last, or in between."""
    for fields in ({name: secret, "a": "b"}, {"a": "b", name: secret}):
        body = urlencode(fields).replace("%25", "%")
        told = shown(FORM, body).partition("\n\n")[2]
        assert told == "&".join(f"{each}={'b' if each == 'a' else '…'}" for each in fields)


def test_what_is_no_password_is_shown() -> None:
    """A session that is the current one, and a page."""
    assert '"current": true' in shown("", '{"current": true}')
    assert "a new=one&more" in shown("Content-Type: text/html", "a new=one&more")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
        ("authorization: Basic YTpi", "authorization: Basic …"),
        ("Authorization: abcdef", "Authorization: …"),
        ("Proxy-Authorization: Digest a=b, c=d", "Proxy-Authorization: Digest …"),
    ],
)
def test_no_credentials_are_shown(sent: str, kept: str) -> None:
    """Of the header is left how it is done."""
    assert kept in shown(f"Accept: */*\r\n{sent}\r\nHost: here").splitlines()


@pytest.mark.parametrize(
    "value", ["x" * 60, '"' + "x y" * 20 + '"', '"' + "x;y" * 20 + '"', "x " * 30]
)
@pytest.mark.parametrize(
    "line",
    [
        "Cookie: a=b; id={}; c=d",
        "set-cookie: id={}; Path=/; HttpOnly",
        "Set-Cookie: id={}; expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/",
    ],
)
def test_long_values_of_cookies_are_shortened(line: str, value: str) -> None:
    """Quoted or not, with whatever in it; what stands around it is shown."""
    told = shown(line.format(value)).splitlines()[1]
    assert value.strip() not in told
    assert len(told) < 100
    assert "characters)" in told
    before, after = line.split("{}")
    assert told.startswith(before)
    assert told.endswith(after)
