"""The handlers' pure helpers: what a request says, and how things are told."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.web import HTTPError
from tornado_state import (
    SIGNED_COOKIE,
    Conflict,
    CrossSite,
    InsecureTransport,
    InvalidValue,
    NotKnownHere,
    SessionEnded,
    StateError,
    StoreRefused,
    StoreUnavailable,
    TooLarge,
    Unsupported,
)
from tornado_state.placement import explain

from server.accounts.errors import (
    AccountError,
    AccountsUnavailable,
    Busy,
    SignInRefused,
    TooManyTries,
    UsernameTaken,
    WrongPassword,
)
from server.cookie_app import COMPOSITION as COOKIE
from server.handlers.bodies import read_fields, require
from server.handlers.devices import describe_device
from server.handlers.errors import Refused, error_answer, status_of
from server.handlers.events import log_event
from server.handlers.formats import day_and_time, iso, money
from server.handlers.negotiation import media_type, prefers_html
from server.handlers.notices import NOTICES, sentences
from server.handlers.placements import cannot_revoke, outage, whereabouts
from server.handlers.referers import page_of
from server.handlers.too_large import is_too_large
from server.recommended_app import COMPOSITION as RECOMMENDED
from server.session_app import COMPOSITION as SESSION
from server.shop import CREDENTIALS, InvalidFields

# JSON or HTML


@pytest.mark.parametrize(
    ("accept", "html", "page"),
    [
        ("", False, True),
        ("*/*", False, True),
        ("text/html", True, True),
        ("TEXT/HTML", True, True),
        ("text/html;q=0", False, True),
        ("text/html;q=0.000", False, True),
        ("application/json", False, False),
        ("text/html, application/json", True, True),
        ("text/html;q=0.5, application/json", False, False),
        ("text/html;q=0.5, application/*", False, True),
        ("text/html;q=0.5, */*", False, True),
        ("text/html, */*;q=0.8", True, True),
        ("text/*", False, True),
        ("application/json;q=0.2, */*", False, True),
        ("text/html;q=2, application/json;q=0.1", False, False),
        ("text/html;q=x", False, True),
        ("text/html; level=1; q=0.4, application/json; q=0.3", True, True),
        (",;,;q=,text/html", True, True),
    ],
)
def test_json_or_html(accept: str, html: bool, page: bool) -> None:
    """HTML for who names it and does not prefer JSON; a page unless JSON is named and preferred."""
    assert prefers_html(accept) == html
    assert prefers_html(accept, page=True) == page


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("application/json", "application/json"),
        (" Application/JSON ; charset=utf-8", "application/json"),
        ("", ""),
        (";", ""),
    ],
)
def test_a_media_type_is_compared_without_case_and_parameters(header: str, expected: str) -> None:
    """``Application/JSON; charset=utf-8`` is ``application/json``."""
    assert media_type(header) == expected


# What a page says, and where a form came from


def test_only_what_is_a_notice_is_said() -> None:
    """Names that are in no table say nothing."""
    assert sentences(["registered", "evil", "registered"], "") == 2 * [NOTICES["registered"]]
    assert sentences(["already-signed-in"], "ada")[0].startswith("You are signed in as ada already")
    assert sentences([], "") == []


@pytest.mark.parametrize(
    ("referer", "page"),
    [
        ("", "/"),
        ("http://[", "/"),
        ("https://evil.example/login", "/"),
        ("http://localhost/cart?q=x", "/cart"),
        ("http://localhost/products?page=2&q=a+b&next=//evil", "/products?q=a+b&page=2"),
        ("http://localhost/?q=", "/"),
    ],
)
def test_a_form_leads_back_to_a_page_of_ours(referer: str, page: str) -> None:
    """A search and its page are kept, everything else of an address is dropped."""
    assert page_of(referer) == page
    assert page_of(referer, "mug-01") == f"{page}#mug-01"


@pytest.mark.parametrize(
    ("length", "too_large"),
    [
        ("", False),
        ("65536", False),
        ("65537", True),
        ("1e9", False),
        ("-1", False),
        ("5, 5", False),
    ],
)
def test_what_says_that_it_is_too_large_is(length: str, too_large: bool) -> None:
    """What cannot be read as a length is left to whoever reads the body."""
    assert is_too_large(HTTPHeaders({"Content-Length": length})) == too_large


# Bodies


def posted(body: bytes, content_type: str | None) -> HTTPServerRequest:
    headers = HTTPHeaders({} if content_type is None else {"Content-Type": content_type})
    start_line = RequestStartLine("POST", "/", "HTTP/1.0")
    return HTTPServerRequest(start_line=start_line, headers=headers, body=body)


FORM = "application/x-www-form-urlencoded"
MULTIPART = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'


@pytest.mark.parametrize(
    ("body", "content_type", "fields"),
    [
        (b"", None, {}),
        (b"", "text/plain", {}),
        (b"", FORM, {}),
        (b"{}", "application/json", {}),
        (b'{"a": 1, "b": [true, null]}', "application/json", {"a": 1, "b": [True, None]}),
        (b'{"a": 1}', "Application/JSON; charset=utf-8", {"a": 1}),
        (b"a=1&b=x+y%C3%A9", FORM, {"a": 1, "b": "x yé"}),
        (b"a=1", FORM.upper(), {"a": 1}),
        (MULTIPART, "multipart/form-data; boundary=b", {"a": 1}),
    ],
)
def test_a_body_says_fields(body: bytes, content_type: str | None, fields: dict[str, Any]) -> None:
    """JSON, a form, or nothing at all."""
    assert read_fields(posted(body, content_type), numbers=["a"]) == fields


@pytest.mark.parametrize(
    ("text", "expected"),
    [("7", 7), ("-7", -7), ("0099", 99), ("7.0", "7.0"), ("x", "x"), ("1" * 10, "1" * 10)],
)
def test_a_form_s_text_is_a_number_where_one_is_wanted(text: str, expected: object) -> None:
    """What reads as a whole number is one; anything else stays text, to be refused as a value."""
    body = f"a={text}&b={text}".encode()
    assert read_fields(posted(body, FORM), numbers=["a"]) == {"a": expected, "b": text}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ("on", True), ("false", False), ("off", False), ("yes", "yes"), ("1", "1")],
)
def test_a_form_s_text_is_a_truth_value_where_one_is_wanted(text: str, expected: object) -> None:
    """A checked box, and what a form may say of an unchecked one."""
    assert read_fields(posted(f"a={text}".encode(), FORM), truths=["a"]) == {"a": expected}


def test_json_is_never_converted() -> None:
    """A number as text stays text in JSON, so that it is refused."""
    request = posted(b'{"a": "1", "b": "on"}', "application/json")
    assert read_fields(request, numbers=["a"], truths=["b"]) == {"a": "1", "b": "on"}


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"1", "application/json", 400),
        (b'{"a":' * 30_000, "application/json", 400),
        (b"a=%ff", FORM, 400),
        (b"--b", "multipart/form-data; boundary=b", 400),
        (b"x", "multipart/form-data", 400),
        (b"x", "text/plain", 415),
        (b"x", None, 415),
    ],
)
def test_what_cannot_be_read_is_refused(body: bytes, content_type: str | None, status: int) -> None:
    """400 for what is broken, 415 for another type."""
    with pytest.raises(Refused) as refused:
        read_fields(posted(body, content_type))
    assert refused.value.status_code == status


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"a": 1, "a": 2}', "application/json"),
        (b'{"a": "\\ud800"}', "application/json"),
        (b"a=1&a=2", FORM),
    ],
)
def test_a_field_without_a_clear_value_is_wrong(body: bytes, content_type: str) -> None:
    """Given twice, or no text in UTF-8: the field is named."""
    with pytest.raises(InvalidFields) as wrong:
        read_fields(posted(body, content_type))
    assert set(wrong.value.fields) == {"a"}


def test_required_fields_come_in_order_or_are_named() -> None:
    """All that are missing are told in one sentence."""
    assert require({"a": 1, "b": None, "c": 3}, "b", "a") == [None, 1]
    with pytest.raises(Refused) as one:
        require({"a": 1}, "a", "b")
    with pytest.raises(Refused) as two:
        require({}, "a", "b")
    assert (one.value.message, two.value.message) == ("B is missing.", "A and b are missing.")
    assert one.value.status_code == 400


# Errors


@pytest.mark.parametrize(
    ("error", "status", "code", "retry_after"),
    [
        (
            Refused(404, "unknown_product", "There is no such product."),
            404,
            "unknown_product",
            None,
        ),
        (HTTPError(404), 404, "not_found", None),
        (HTTPError(403), 403, "cross_origin", None),
        (HTTPError(418), 418, "error", None),
        (ZeroDivisionError("secret"), 500, "internal_error", None),
        (None, 405, "method_not_allowed", None),
        (InvalidFields({"a": "Wrong."}), 422, "invalid_fields", None),
        (WrongPassword(), 422, "invalid_fields", None),
        (UsernameTaken(), 409, "username_taken", None),
        (SignInRefused(), 401, "sign_in_refused", None),
        (TooManyTries(7), 429, "too_many_tries", 7),
        (Busy(3), 503, "busy", 3),
        (AccountsUnavailable(retry_after=2), 503, "accounts_unavailable", 2),
        (SessionEnded(), 401, "session_ended", None),
        (Conflict(("cart",)), 409, "conflict", None),
        (TooLarge("the cookie of cart", 5_000, 4_096), 413, "too_large", None),
        (Unsupported("no"), 501, "not_possible_here", None),
        (StoreUnavailable("10.0.0.1 secret", retry_after=4), 503, "store_unavailable", 4),
        (StoreRefused("secret"), 503, "store_unavailable", 5),
        (NotKnownHere("secret", retry_after=2), 503, "store_unavailable", 2),
        (CrossSite(), 403, "cross_origin", None),
        (InsecureTransport(), 500, "internal_error", None),
        (InvalidValue("cart", "secret", ".quantity"), 500, "internal_error", None),
        (StateError("secret"), 500, "internal_error", None),
    ],
)
def test_each_error_is_told_one_way(
    error: BaseException | None, status: int, code: str, retry_after: int | None
) -> None:
    """Status, code, a sentence that shows nothing internal, fields with 422 alone."""
    given = error.status_code if isinstance(error, HTTPError) else 405 if error is None else 500
    assert status_of(error, given) == status
    told = error_answer(status, error)
    assert (told.status, told.code, told.retry_after) == (status, code, retry_after)
    assert told.message.endswith(".")
    assert "secret" not in json.dumps(told.json)
    assert ("fields" in told.json["error"]) == (status == 422)
    assert told.title


def test_every_account_and_state_error_has_an_answer_of_its_own() -> None:
    """No error that was foreseen is told as an unforeseen one."""
    foreseen = [*AccountError.__subclasses__(), *StateError.__subclasses__()]
    # What another test made of its own is none of ours.
    ours = [each for each in foreseen if each.__module__.startswith(("server.", "tornado_state."))]
    assert len(ours) > 20
    for error in ours:
        if error.status != 500:
            assert error_answer(error.status, None).code not in {"error", "internal_error"}


def test_what_is_too_large_says_by_how_much() -> None:
    """Both sizes are told, and that the old value stands."""
    told = error_answer(413, TooLarge("a record", 70_000, 65_536)).message
    assert "70,000 bytes" in told
    assert "65,536" in told
    assert "still there" in told


# Devices


@pytest.mark.parametrize(
    ("user_agent", "described"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
            "Firefox on Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/131.0.0.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        ("curl/8.5.0", "Curl"),
        ("Python-urllib/3.11", "A Python program"),
        ("", "An unknown browser"),
        ("<script>alert(1)</script>", "An unknown browser"),
        ("x" * 512 + "Firefox/1 Linux", "An unknown browser"),
    ],
)
def test_a_device_is_described_in_our_words_alone(user_agent: str, described: str) -> None:
    """A browser and a system out of two lists; nothing a client sent is repeated."""
    assert describe_device(user_agent) == described


# Formats


def test_times_are_iso_8601_in_utc() -> None:
    """Whole seconds with a Z; people read the same moment in words."""
    assert iso(0.9) == "1970-01-01T00:00:00Z"
    assert iso(1_700_000_000) == "2023-11-14T22:13:20Z"
    assert day_and_time("2023-11-04T22:13:20Z") == "4 November 2023, 22:13 UTC"


@pytest.mark.parametrize(
    ("cents", "told"),
    [(0, "€ 0.00"), (5, "€ 0.05"), (1450, "€ 14.50"), (123_456_789, "€ 1,234,567.89")],
)
def test_money_is_told_in_euros(cents: int, told: str) -> None:
    """Whole cents, two digits of them, thousands apart."""
    assert money(cents) == told


# Where things are kept


def test_every_kind_is_told_where_it_is_and_why() -> None:
    """What is misplaced says so, with the tier where it belongs; what is not has reasons alone."""
    for composition in (COOKIE, SESSION, RECOMMENDED):
        misplaced = {kind.name for kind in composition.placement.misplaced}
        for kept, kind in zip(
            whereabouts(composition.placement), composition.placement, strict=True
        ):
            tier = composition.placement[kind].tier
            assert tier in kept.place
            assert bool(kept.wrong) == (kind.name in misplaced)
            assert (tier != kept.right_tier) == bool(kept.wrong)
            assert kept.reasons or kept.wrong
            assert kept.needs.startswith("What it must do: ")


def test_an_outage_is_told_by_what_still_works() -> None:
    """The sentence names what is out of reach and what goes on, for each placement."""
    assert "Everything goes on" in outage(COOKIE.placement)
    assert outage(SESSION.placement).startswith(
        "Your preferences, cart and sign-in are out of reach"
    )
    told = outage(RECOMMENDED.placement)
    assert told.startswith("Your cart and sign-in are out of reach")
    assert "Search and preferences go on" in told


def test_what_cannot_be_revoked_says_why() -> None:
    """The reason is the capability's own."""
    assert "neither listed nor ended" in cannot_revoke(COOKIE.placement)
    assert explain("revocable", CREDENTIALS, SIGNED_COOKIE).endswith(
        cannot_revoke(COOKIE.placement).partition(": ")[2]
    )


# Events


def test_an_event_is_logged_for_people_and_for_programs(caplog: pytest.LogCaptureFixture) -> None:
    """A line with the facts, and each fact as a field; what is None is not told."""
    with caplog.at_level(logging.INFO, "server.events"):
        log_event("sign_in_failed", "192.0.2.7", why="wrong", account=None)
    (record,) = caplog.records
    assert record.getMessage() == "sign_in_failed from 192.0.2.7 why=wrong"
    assert vars(record).items() >= {"event": "sign_in_failed", "remote": "192.0.2.7"}.items()
