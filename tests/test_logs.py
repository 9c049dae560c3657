"""What logs never tell: searches, secrets in a query, and what Tornado repeats of a bad request."""

from __future__ import annotations

import json
import logging
import socket
import sys
from urllib.parse import urlsplit

import pytest
from running_shop import Shop
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from compare.app_process import AppProcess
from compare.waiting import PATIENCE, free_port, wait_until
from server.operation.logs import _JSONFormatter, _LineFormatter

CANARY = b"canary"

#: Requests as they come, each with a canary where only a log could show it.
REQUESTS = [
    b"GET /products?q=canary",
    b"GET /nowhere?q=a)canary",
    b"GET /nowhere?q='canary",
    b'GET /nowhere?q="canary',
    b"GET /account?q=)canary",
    b"GET /account?q=\xa0canary",
    b"GET /account?q=\x85canary",
    b"GET /products?q=%ff-canary",
    b"GET /cart?token='canary",
    b"POST /cart?token='canary",
    b"POST /cart?token='canary HTTP/1.1\r\nX-Forwarded-Proto: https\r\n"
    b"Content-Type: application/json\r\nContent-Length: 33\r\n\r\n"
    b'{"sku": "lamp-01", "quantity": 1}',
    b"PUT /cart?token='canary",
    b"GET /static/nothing?v=')canary",
    b"GET http://localhost/account?q='canary",
    b"POST /login?q='canary HTTP/1.1\r\nSec-Fetch-Site: cross-site\r\nOrigin: https://evil",
    b"GET /account?q=')canary HTTP/1.1\r\nContent-Length: canary",
    b"GET /account?q=')canary HTTP/1.1\r\nCookie: session=\x01canary",
    b"GET /account?q=')canary HTTP/1.1\r\nHost: canary?canary",
]


def ask(url: str, request: bytes) -> None:
    """Send it, and wait for the answer's end."""
    first, line, more = request.partition(b"\r\n")
    first = first if b" HTTP/" in first else first + b" HTTP/1.1"
    host = b"" if b"Host" in more else b"Host: localhost\r\n"
    whole = first + b"\r\n" + host + b"Connection: close\r\n" + more + line + b"\r\n"
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), PATIENCE) as made:
        made.sendall(whole)
        while made.recv(65_536):
            pass


@pytest.mark.parametrize("dev", [True, False])
def test_a_log_tells_no_query_and_no_value(dev: bool) -> None:
    """Whatever is wrong with a request, its line has the path and nothing from ``?`` on."""
    mode = ("--dev",) if dev else ("--trust-proxy",)
    secrets = {} if dev else {"cookie_secrets": {0: "correct-horse-battery-staple-0123456789"}}
    away = f"--memcached=127.0.0.1:{free_port()}"
    with AppProcess("server.session_app", *mode, away, **secrets) as app:  # type: ignore[arg-type]
        for request in REQUESTS:
            ask(app.url, request)
        ask(app.url, b"GET /the-last-one")
        wait_until(lambda: "/the-last-one" in app.stderr, "all is logged")
        told = app.stderr
    assert [line for line in told.splitlines() if "canary" in line] == []
    assert told.count("/account") >= 3
    assert "503" in told


#: What a terminal obeys or a viewer is deceived by: C0, C1, bidi, separators, half a character.
HARMFUL = "\x1b]0;title\x07\x7f\x85\x9b31m\u202e\u2066\u200b\u2028\ufeff\ud83d\U000e0041\x00\r"


def formatted(formatter: logging.Formatter, text: str) -> str:
    extra = logging.LogRecord("server.access", 20, "", 0, "%s", (text,), None)
    extra.path = text
    try:
        raise ValueError(text)
    except ValueError:
        extra.exc_info = sys.exc_info()
    return formatter.format(extra)


@pytest.mark.parametrize("formatter", [_JSONFormatter(), _LineFormatter()])
def test_nothing_harmful_is_logged_as_it_is(formatter: logging.Formatter) -> None:
    """Not in a message, a field or a traceback; what is visible stays, and JSON says it all."""
    told = formatted(formatter, HARMFUL)
    assert all(each.isprintable() or each == "\n" for each in told)
    told.encode()
    assert "title" in told
    if isinstance(formatter, _JSONFormatter):
        assert "\n" not in told
        assert json.loads(told)["path"] == HARMFUL
    else:
        assert "caf\u00e9 \u6771\u4eac" in formatted(formatter, "caf\u00e9 \u6771\u4eac")


def test_odd_bytes_of_a_request_reach_no_terminal(shop: Shop) -> None:
    """Sent raw or escaped, in the path or the method, as they stand in the log of a process."""
    for path in (b"/x\x9b31m\x85\xe2\x80\xae", b"/x%1b%5b31m", b"/\xff\xfe", b"/x?\x9b=\x9b"):
        shop.exchange(b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path)
    shop.visitor().get("/the-last-odd-one")
    wait_until(lambda: "/the-last-odd-one" in shop.app.stderr, "all is logged")
    assert "/x" in shop.app.stderr
    assert all(each.isprintable() or each == "\n" for each in shop.app.stderr)


@pytest.mark.parametrize("formatter", [_JSONFormatter(), _LineFormatter()])
def test_an_error_nobody_foresaw_tells_no_query(formatter: logging.Formatter) -> None:
    """Tornado logs such a request whole; what remains of its target is the path."""
    start = RequestStartLine("GET", "/cart?q='canary", "HTTP/1.1")
    request = HTTPServerRequest(start_line=start, headers=HTTPHeaders(Host="localhost"))
    text = "Uncaught exception GET %s (127.0.0.1)\n%r"
    arguments = (request.uri, request)
    record = logging.LogRecord("tornado.application", 40, "", 0, text, arguments, None)
    told = formatter.format(record)
    assert "/cart" in told
    assert "canary" not in told
