"""What leads nowhere and what is too much has an answer in the shape of every other error."""

from __future__ import annotations

import pytest
from running_shop import BROWSER, FORM, Shop

MEBIBYTE = 1024 * 1024
NO_FILES = [
    "/static/",
    "/static/none.css",
    "/static/%2e%2e/shop.py",
    "/static",
    "/static/%00",
    "/static/style.css%00",
    "/static/none%0a%7f",
    "/static/" + "a" * 300,
    "/static/" + "a/" * 3_000,
]

#: Paths in which something is that is no text, or no character of one.
ODD_PATHS = [
    *("/static/%ff", "/static/%ed%a0%80", "/static/%c0%ae%c0%ae/", "/cart/%ff", "/%ff", "/%00"),
    *("/cart/%00", "/cart/%ed%a0%80", "/cart/%0d%0a", "/products?q=%ff", "/products?page=%00"),
    *("/static/style.css?v=%00%ff", "/?q=%ed%a0%80", "/health?%ff=%ff", "/cart/%00/remove"),
]


@pytest.mark.parametrize("path", NO_FILES)
def test_what_is_no_file_is_not_found(shop: Shop, path: str) -> None:
    """A folder, a missing file and one elsewhere are 404, as JSON and as a page."""
    reply = shop.visitor().get(path)
    assert (reply.status, reply.code) == (404, "not_found")
    reply = shop.visitor().page(path)
    assert reply.status == 404
    assert '<a class="button" href="/">' in reply.text
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ODD_PATHS)
def test_a_path_of_odd_bytes_is_answered(shop: Shop, path: str) -> None:
    """Whatever the method, and whoever asks, it is not our fault."""
    visitor = shop.visitor()
    for method in ("GET", "HEAD", "POST", "DELETE"):
        assert visitor.send(method, path).status < 500
    assert visitor.page(path).status < 500


@pytest.mark.parametrize("size", [MEBIBYTE + 1, 8 * MEBIBYTE])
def test_a_body_of_more_than_a_mebibyte_is_too_large(shop: Shop, size: int) -> None:
    """413 like a smaller one that is too large, whatever it is sent to."""
    for path in ("/cart", "/preferences", "/nowhere"):
        reply = shop.visitor().send_bytes("POST", path, b"x" * size, "application/json")
        assert (reply.status, reply.code) == (413, "too_large")
    reply = shop.visitor().send_bytes("POST", "/cart", b"x" * size, FORM, Accept=BROWSER)
    assert (reply.status, "That is too much" in reply.text) == (413, True)


def test_after_too_large_a_body_the_connection_goes_on(shop: Shop) -> None:
    """What was sent is read to its end, so the next request on it is understood."""
    body = b"x" * (MEBIBYTE + 1)
    head = b"POST /cart HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
    last = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    status, answer = shop.exchange(head + body + last)
    assert status == 413
    assert answer.endswith(b'{"status": "ok"}')


def test_no_body_is_read_for_ever(shop: Shop) -> None:
    """What claims to be longer than anybody would read is refused before it is sent."""
    head = b"POST /cart HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n"
    status, _ = shop.exchange(head)
    assert status in {400, 413}
