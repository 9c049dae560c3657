"""No work on what a client sends grows faster than what was sent."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from growth import MOST, growth
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.web import HTTPError

from server.accounts.fields import email_problem, username_problem
from server.accounts.passwords import password_problem
from server.handlers.bodies import read_fields
from server.handlers.cart_form import read_cart_form
from server.handlers.devices import describe_device
from server.handlers.negotiation import media_type, prefers_html
from server.handlers.referers import page_of
from server.operation.logs import _message
from server.shop import InvalidFields, checked_preferences, wrong_note

SIZE = 700


def sent(content_type: str, body: bytes) -> HTTPServerRequest:
    return HTTPServerRequest(
        start_line=RequestStartLine("POST", "/", "HTTP/1.1"),
        headers=HTTPHeaders({"Host": "localhost", "Content-Type": content_type}),
        body=body,
    )


def as_json(text: str) -> HTTPServerRequest:
    return sent("application/json", text.encode())


def as_object(inside: str) -> HTTPServerRequest:
    return as_json(f"{{{inside}}}")


def as_form(text: str) -> HTTPServerRequest:
    return sent("application/x-www-form-urlencoded", text.encode())


def as_multipart(head: str, more: str = "") -> HTTPServerRequest:
    body = f"--b\r\nContent-Disposition: form-data{head}\r\n\r\nvalue\r\n{more}--b--\r\n"
    return sent("multipart/form-data; boundary=b", body.encode())


def given(form: str, number: int, between: str = ",") -> str:
    """Return ``form`` so many times, each with a number of its own if it has a place for one."""
    return between.join(form.replace("#", str(i)) for i in range(number))


#: Bodies of which one part comes ``n`` times.
BODIES: dict[str, Callable[[int], HTTPServerRequest]] = {
    "names": lambda n: as_object(given('"#":1', n)),
    "one name of many twice": lambda n: as_object('"x":1,"x":1,' + given('"#":1', n)),
    "each name twice": lambda n: as_object(",".join([given('"#":1', n)] * 2)),
    "one name always": lambda n: as_object(given('"x":1', n)),
    "objects with a name twice": lambda n: as_object('"a":[' + given('{"x":1,"x":1}', n) + "]"),
    "objects within": lambda n: as_object('"x":[' + given('{"#":{"#":[]}}', n) + "]"),
    "depth": lambda n: as_json('{"x":' * n),
    "digits": lambda n: as_json('{"x":%s}' % ("1" * n)),
    "long numbers": lambda n: as_object('"x":[' + given("1" * 300, n // 10) + "]"),
    "escapes": lambda n: as_json('{"x":"%s"}' % ("\\ud83d\\ude00" * n)),
    "halves of characters": lambda n: as_json('{"x":"%s"}' % ("\\ud83d" * n)),
    "fields": lambda n: as_form(given("#=1", n, "&")),
    "one field of many twice": lambda n: as_form("x=1&x=2&" + given("#=1", n, "&")),
    "each field twice": lambda n: as_form(given("#=1&#=1", n, "&")),
    "percent signs": lambda n: as_form("x=" + "%e2%82%ac" * n),
    "ampersands": lambda n: as_form("&" * n),
    "parameters of a part": lambda n: as_multipart('; a="b' * n),
    "quotes in a part": lambda n: as_multipart('; name="x"; f="' + '\\"' * n),
    "semicolons in a part": lambda n: as_multipart("; name=x" + ";" * n),
    "headers of a part": lambda n: as_multipart("; name=x" + "\r\nX: y" * n),
    "folded headers of a part": lambda n: as_multipart("; name=x" + "\r\n y" * n),
    "parts": lambda n: as_multipart("; name=x", "--b\r\n" * n),
    "dashes": lambda n: as_multipart("; name=x", "--" * n),
    "parameters of the type": lambda n: sent(
        'multipart/form-data; a="' + ';"' * n + "; boundary=b", b"--b--\r\n"
    ),
}


def in_log(text: str) -> str:
    return _message(logging.LogRecord("tornado.general", 20, "", 0, text, (), None))


def refused(work: Callable[[Any], object], value: Any) -> None:
    with suppress(HTTPError, InvalidFields):
        work(value)


#: What else is read, by whom.
TEXTS: dict[str, tuple[Callable[[Any], object], Callable[[int], Any]]] = {
    "Accept": (prefers_html, lambda n: "text/html;q=0.5," * n),
    "parameters of Accept": (prefers_html, lambda n: "text/html" + ";q=0" * n),
    "Content-Type": (media_type, lambda n: ";" * n),
    "User-Agent": (describe_device, lambda n: "Firefox/" * n),
    "Referer": (page_of, lambda n: "http://a/?" + "q=1&" * n),
    "brackets in Referer": (page_of, lambda n: "http://" + "[" * n),
    "a header again": (HTTPHeaders.parse, lambda n: "X: y\r\n" * n),
    "fields of the cart's form": (read_cart_form, lambda n: {f"was_{i}": 1 for i in range(n)}),
    "preferences": (checked_preferences, lambda n: {str(i): 1 for i in range(n)}),
    "a note": (wrong_note, lambda n: "\U0001f600" * n),
    "a username": (username_problem, lambda n: "a" + "\u0300\u0316" * n),
    "an email": (email_problem, lambda n: "@" * n),
    "a password": (lambda text: password_problem(text, "ann"), lambda n: "aB1$" * n),
    "queries in a log": (in_log, lambda n: "?" * n),
    "a log of a message": (in_log, lambda n: "Malformed HTTP message from x" * n),
    "logs of messages": (in_log, lambda n: "Malformed HTTP message from x: " * n),
}


def test_work_that_grows_faster_is_seen() -> None:
    """Looking at every part for every other is more than is let through; once each is not."""
    assert growth(lambda parts: [each for each in parts if -each in parts], _parts, 60) > MOST
    assert growth(lambda parts: [each for each in parts if -each in (1, 2)], _parts, 600) < MOST


def _parts(number: int) -> list[int]:
    return list(range(1, number + 1))


@pytest.mark.parametrize("body", BODIES)
def test_work_on_a_body_grows_with_the_body(body: str) -> None:
    """Whatever it has many of: eight times as many are about eight times the work."""
    assert growth(lambda request: refused(read_fields, request), BODIES[body], SIZE) < MOST


@pytest.mark.parametrize("text", TEXTS)
def test_work_on_a_text_grows_with_the_text(text: str) -> None:
    """The same for headers, for fields of a body, and for what goes into the log."""
    work, make = TEXTS[text]
    assert growth(lambda value: refused(work, value), make, SIZE) < MOST
