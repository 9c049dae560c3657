"""The routes and the errors, the same in every application, over HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from running_shop import (
    BROWSER,
    DEFAULTS,
    FORM,
    ITEM,
    PASSWORD,
    SKUS,
    Shop,
    credentials_of,
)

from server.catalogue import BY_SKU, PRODUCTS

PRICE = BY_SKU[SKUS[0]].price


# Pages and products


def test_the_shop_s_page_has_search_preferences_cart_and_account(shop: Shop) -> None:
    """``GET /`` is a page for people, with a form for each thing that can be done there."""
    reply = shop.visitor().page("/")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/html; charset=UTF-8"
    for path in ("/preferences", "/cart", "/login"):
        assert f'action="{path}"' in reply.text
    assert 'name="q"' in reply.text


def test_the_shop_s_page_tells_programs_the_same(shop: Shop) -> None:
    """``GET /`` with JSON preferred tells products, preferences, cart and account."""
    told = shop.visitor().get("/").json
    assert told["preferences"] == DEFAULTS
    assert told["cart"] == {"items": [], "total": 0}
    assert told["account"] is None
    assert told["out_of_reach"] == []


def test_health_says_ok_to_whoever_asks(shop: Shop) -> None:
    """``GET /health`` answers ``{"status": "ok"}``, in HTML to nobody."""
    for accept in ("application/json", BROWSER, "*/*"):
        reply = shop.visitor().get("/health", Accept=accept)
        assert (reply.status, reply.json) == (200, {"status": "ok"})


def test_products_have_sku_name_and_price_in_whole_cents(shop: Shop) -> None:
    """``GET /products`` tells products, the page's length and the order."""
    told = shop.visitor().get("/products").json
    assert (told["results_per_page"], told["sort"]) == (20, "relevance")
    assert len(told["products"]) == 20
    for product in told["products"]:
        assert set(product) == {"sku", "name", "price"}
        assert type(product["price"]) is int
        assert BY_SKU[product["sku"]].name == product["name"]


def test_a_search_finds_by_words(shop: Shop) -> None:
    """``?q=`` narrows what is found, on the page of products and on the shop's."""
    for path in ("/products?q=reading+lamp", "/?q=reading+lamp"):
        names = [product["name"] for product in shop.visitor().get(path).json["products"]]
        assert names == ["Reading lamp"]


def test_preferences_apply_to_a_search(shop: Shop) -> None:
    """Length, order and safe search are as the visitor prefers them."""
    visitor = shop.visitor()
    visitor.post("/preferences", {"results_per_page": 100, "sort": "price", "safe_search": False})
    told = visitor.get("/products").json
    prices = [product["price"] for product in told["products"]]
    assert prices == sorted(prices)
    assert len(prices) == len(PRODUCTS)
    visitor.post("/preferences", {"results_per_page": 3})
    assert len(visitor.get("/products").json["products"]) == 3


@pytest.mark.parametrize("path", ["/", "/products", "/cart", "/login", "/health"])
def test_head_is_get_without_a_body(shop: Shop, path: str) -> None:
    """Whatever can be got can be asked for without its body."""
    reply = shop.visitor().send("HEAD", path)
    assert (reply.status, reply.text) == (200, "")


# Preferences


def test_preferences_begin_with_defaults(shop: Shop) -> None:
    """``GET /preferences`` of a new visitor tells the defaults."""
    reply = shop.visitor().get("/preferences")
    assert (reply.status, reply.json) == (200, DEFAULTS)


@pytest.mark.parametrize(
    "changes",
    [
        {"results_per_page": 1},
        {"results_per_page": 100},
        {"sort": "price"},
        {"sort": "name", "theme": "light"},
        {"theme": "dark", "safe_search": False, "sort": "relevance", "results_per_page": 33},
    ],
)
def test_any_subset_of_preferences_can_be_changed(shop: Shop, changes: dict[str, Any]) -> None:
    """``POST /preferences`` takes any subset, answers with all, and they are kept."""
    visitor = shop.visitor()
    reply = visitor.post("/preferences", changes)
    assert (reply.status, reply.json) == (200, DEFAULTS | changes)
    assert visitor.get("/preferences").json == DEFAULTS | changes


def test_no_change_of_preferences_keeps_nothing(shop: Shop) -> None:
    """An empty subset is answered with all of them, and sets no cookie."""
    for value in ({}, None):
        reply = shop.visitor().post("/preferences", value)
        assert (reply.status, reply.json, reply.set_cookies) == (200, DEFAULTS, [])


def test_preferences_come_from_a_form_as_well(shop: Shop) -> None:
    """A form's text is read as numbers and truth values, and answered with 303 to a page."""
    visitor = shop.visitor()
    fields = {"results_per_page": "30", "safe_search": "false", "theme": "dark"}
    reply = visitor.submit("/preferences", fields)
    assert (reply.status, reply.headers["Location"]) == (303, "/")
    expected = DEFAULTS | {"results_per_page": 30, "safe_search": False, "theme": "dark"}
    assert visitor.get("/preferences").json == expected


# Cart


def test_a_cart_begins_empty(shop: Shop) -> None:
    """``GET /cart`` of a new visitor tells no items and a total of 0."""
    reply = shop.visitor().get("/cart")
    assert (reply.status, reply.json) == (200, {"items": [], "total": 0})


def test_products_are_added_to_a_cart(shop: Shop) -> None:
    """``POST /cart`` adds the quantity, and answers with the cart and its total in cents."""
    visitor = shop.visitor()
    visitor.post("/cart", ITEM)
    reply = visitor.post("/cart", ITEM)
    (item,) = reply.json["items"]
    assert reply.status == 200
    assert item.items() >= {"sku": SKUS[0], "name": BY_SKU[SKUS[0]].name, "quantity": 4}.items()
    assert reply.json["total"] == 4 * PRICE
    assert visitor.get("/cart").json == reply.json


def test_a_product_is_in_a_cart_99_times_at_most_in_all(shop: Shop) -> None:
    """What would make it a hundred is refused, and the cart is as before."""
    visitor = shop.visitor()
    visitor.post("/cart", ITEM | {"quantity": 98})
    reply = visitor.post("/cart", ITEM)
    assert (reply.status, set(reply.json["error"]["fields"])) == (422, {"quantity"})
    assert visitor.post("/cart", ITEM | {"quantity": 1}).json["items"][0]["quantity"] == 99


def test_a_product_is_removed_from_a_cart(shop: Shop) -> None:
    """``DELETE /cart/<sku>`` answers 200 with the cart, also if it was not in there."""
    visitor = shop.visitor()
    visitor.post("/cart", ITEM)
    visitor.post("/cart", {"sku": SKUS[1], "quantity": 1})
    for _ in range(2):
        reply = visitor.send("DELETE", f"/cart/{SKUS[0]}")
        assert reply.status == 200
        assert [item["sku"] for item in reply.json["items"]] == [SKUS[1]]


def test_a_cart_changes_by_forms_as_well(shop: Shop) -> None:
    """Adding, setting and removing have a form each, and lead back to the page it is on."""
    visitor = shop.visitor()
    back = {"Referer": f"{shop.app.url}/cart"}
    assert visitor.submit("/cart", ITEM, **back).status == 303
    assert visitor.submit(f"/cart/{SKUS[0]}", {"quantity": "7"}, **back).status == 303
    assert visitor.get("/cart").json["items"][0]["quantity"] == 7
    reply = visitor.submit(f"/cart/{SKUS[0]}/remove", **back)
    assert (reply.status, reply.headers["Location"]) == (303, "/cart")
    assert visitor.get("/cart").json["items"] == []


def test_a_note_comes_back_as_it_was_written(shop: Shop) -> None:
    """A note of any characters is kept, and removed by an empty one."""
    visitor, note = shop.visitor(), 'für dich 🎁 <b>"x"</b> \\ \0'
    visitor.post("/cart", ITEM | {"note": note})
    assert visitor.get("/cart").json["items"][0]["note"] == note
    assert "<b>" not in visitor.page("/cart").text
    visitor.send("PUT", f"/cart/{SKUS[0]}", {"quantity": 1, "note": ""})
    assert "note" not in visitor.get("/cart").json["items"][0]


# Accounts


def test_registering_makes_an_account_and_signs_nobody_in(shop: Shop) -> None:
    """``POST /register`` answers 201 with the account, without its password, and no cookie."""
    visitor = shop.visitor()
    fields = {"username": "Grace", "email": "grace@post.example", "password": PASSWORD}
    reply = visitor.post("/register", fields)
    assert (reply.status, reply.set_cookies) == (201, [])
    assert reply.json == {"username": "Grace", "email": "grace@post.example"}
    assert visitor.get("/account").status == 401


def test_a_name_is_taken_in_every_spelling(shop: Shop) -> None:
    """A username that somebody has is 409, in other letters as well."""
    account = shop.account()
    for username in (account["username"], account["username"].upper()):
        reply = shop.visitor().post("/register", account | {"username": username})
        assert (reply.status, reply.code) == (409, "username_taken")


def test_signing_in_tells_the_account_and_since_when(shop: Shop) -> None:
    """``POST /login`` and ``GET /account`` tell username, email and a time of now in UTC."""
    account = shop.account()
    visitor = shop.visitor()
    reply = visitor.post("/login", credentials_of(account))
    assert reply.status == 200
    assert set(reply.json) == {"username", "email", "signed_in_at"}
    assert (reply.json["username"], reply.json["email"]) == (account["username"], account["email"])
    assert reply.json["signed_in_at"].endswith("Z")
    since = datetime.fromisoformat(reply.json["signed_in_at"])
    assert abs(datetime.now(UTC) - since) < timedelta(minutes=1)
    assert visitor.get("/account").json == reply.json


def test_whoever_is_signed_in_stays_so_whatever_they_send(shop: Shop) -> None:
    """``POST /login`` answers 200 with the current account to whoever is signed in."""
    visitor = shop.sign_in()
    current = visitor.get("/account").json
    for value in (credentials_of(shop.account()), {"username": "x"}, None):
        reply = visitor.post("/login", value)
        assert (reply.status, reply.json) == (200, current)


def test_a_cart_filled_before_signing_in_is_there_after(shop: Shop) -> None:
    """Cart and preferences come along when a visitor signs in."""
    visitor = shop.visitor()
    visitor.post("/preferences", {"theme": "dark"})
    visitor.post("/cart", ITEM)
    visitor.post("/login", credentials_of(shop.account()))
    told = visitor.get("/").json
    assert told["preferences"]["theme"] == "dark"
    assert told["cart"]["items"][0]["quantity"] == 2
    assert told["account"] is not None


def test_signing_out_ends_it(shop: Shop) -> None:
    """``POST /logout`` answers 204; after it nobody is signed in and the cart is gone."""
    visitor = shop.sign_in()
    visitor.post("/cart", ITEM)
    reply = visitor.post("/logout")
    assert (reply.status, reply.text) == (204, "")
    assert (visitor.get("/account").status, visitor.get("/account").code) == (401, "not_signed_in")
    assert visitor.get("/cart").json["items"] == []


def test_signing_out_is_answered_when_nobody_is_signed_in(shop: Shop) -> None:
    """``POST /logout`` is 204 for a program, 303 for a browser, for whoever asks."""
    assert shop.visitor().post("/logout").status == 204
    for visitor in (shop.visitor(), shop.sign_in()):
        reply = visitor.submit("/logout")
        assert (reply.status, reply.headers["Location"]) == (303, "/")


def test_a_password_can_be_changed(shop: Shop) -> None:
    """``POST /password`` answers 204; the new one signs in, the old one does not."""
    account = shop.account()
    visitor = shop.sign_in(account)
    new = "amber-falcon-17"
    assert visitor.post("/password", {"current": PASSWORD, "new": new}).status == 204
    assert visitor.get("/account").status == 200
    assert shop.visitor().post("/login", credentials_of(account)).status == 401
    assert shop.visitor().post("/login", credentials_of(account | {"password": new})).status == 200


NOT_THE_ONE, NOT_TEXT = "This is not your current password.", "password must be text."
LENGTH = "The password must have 8 to 128 characters."
SAME = "The new password must be another one than the current."


@pytest.mark.parametrize(
    ("fields", "status", "wrong"),
    [
        ({"current": PASSWORD}, 400, {}),
        ({"current": "not-the-one-1", "new": "amber-falcon-17"}, 422, {"current": NOT_THE_ONE}),
        ({"current": "not-the-one-1", "new": "short"}, 422, {"new": LENGTH}),
        ({"current": PASSWORD, "new": "short"}, 422, {"new": LENGTH}),
        ({"current": PASSWORD, "new": PASSWORD}, 422, {"new": SAME}),
        ({"current": PASSWORD, "new": 12345678}, 422, {"new": f"The new {NOT_TEXT}"}),
        ({"current": 7, "new": "amber-falcon-17"}, 422, {"current": f"The current {NOT_TEXT}"}),
        (
            {"current": 7, "new": None},
            422,
            {"current": f"The current {NOT_TEXT}", "new": f"The new {NOT_TEXT}"},
        ),
    ],
)
def test_a_refused_change_of_password_changes_nothing(
    shop: Shop, fields: dict[str, Any], status: int, wrong: dict[str, str]
) -> None:
    """What is wrong is told alike everywhere, and everybody stays signed in as before."""
    account = shop.account()
    visitor, other = shop.sign_in(account), shop.sign_in(account)
    reply = visitor.post("/password", fields)
    assert reply.status == status
    assert reply.json["error"].get("fields", {}) == wrong
    assert visitor.get("/account").status == other.get("/account").status == 200


def test_every_form_is_a_page(shop: Shop) -> None:
    """Each form can be got, and is a page of its own."""
    visitor = shop.sign_in()
    for path in ("/register", "/password", "/account", "/preferences", "/cart", "/products"):
        reply = visitor.page(path)
        assert reply.status == 200
        assert reply.text.lstrip().startswith("<!doctype html>")
    assert shop.visitor().page("/login").status == 200
    assert visitor.page("/login").headers["Location"] == "/account"


# JSON or HTML


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        (BROWSER, True),
        ("text/html", True),
        ("application/json", False),
        ("application/json, text/html", True),
        ("application/json, text/html;q=0.9", False),
        ("*/*", False),
    ],
)
def test_an_answer_is_what_is_preferred(shop: Shop, accept: str, html: bool) -> None:
    """HTML for whoever names and does not rank it below JSON, in answers and in errors."""
    for path in ("/cart", "/account", "/nowhere"):
        reply = shop.visitor().get(path, Accept=accept)
        kind = "text/html" if html else "application/json"
        assert reply.headers["Content-Type"] == f"{kind}; charset=UTF-8"


def test_json_in_is_json_out(shop: Shop) -> None:
    """Whoever sends JSON gets JSON, whatever else is accepted."""
    reply = shop.visitor().post("/preferences", {"theme": "dark"}, Accept=BROWSER)
    assert (reply.status, reply.json["theme"]) == (200, "dark")
    reply = shop.visitor().post("/preferences", {"theme": "pink"}, Accept=BROWSER)
    assert (reply.status, reply.code) == (422, "invalid_fields")


# Errors

JSON = "application/json"
UNSIGNED = {"username": "nobody", "password": "wrong-one-1"}

#: method, path, body, its type; status and code
REFUSED = [
    ("POST", "/preferences", b'{"theme":', JSON, 400, "unreadable_body"),
    ("POST", "/preferences", b"", JSON, 400, "unreadable_body"),
    ("POST", "/preferences", b"[1]", JSON, 400, "unreadable_body"),
    ("POST", "/preferences", b'"x"', JSON, 400, "unreadable_body"),
    ("POST", "/preferences", b"\xff\xfe", JSON, 400, "unreadable_body"),
    ("POST", "/preferences", b"[" * 20_000, JSON, 400, "unreadable_body"),
    ("POST", "/preferences", b"9" * 5_000, JSON, 400, "unreadable_body"),
    ("POST", "/preferences", b"theme=%ff", FORM, 400, "unreadable_body"),
    ("POST", "/preferences", b"--b\r\nx", "multipart/form-data; boundary=b", 400, None),
    ("GET", "/products?q=%ff", None, None, 400, "bad_request"),
    ("GET", "/cart/%ff", None, None, 400, "bad_request"),
    ("POST", "/cart", {"sku": SKUS[0]}, JSON, 400, "missing_field"),
    ("POST", "/cart", {"quantity": 1}, JSON, 400, "missing_field"),
    ("POST", "/cart", None, None, 400, "missing_field"),
    ("PUT", f"/cart/{SKUS[0]}", {"note": "x"}, JSON, 400, "missing_field"),
    ("POST", "/register", {"username": "ada"}, JSON, 400, "missing_field"),
    ("POST", "/login", {"username": "ada"}, JSON, 400, "missing_field"),
    ("POST", "/login", {"password": "x"}, JSON, 400, "missing_field"),
    ("GET", "/account", None, None, 401, "not_signed_in"),
    ("GET", "/password", None, None, 401, "not_signed_in"),
    ("POST", "/password", {"current": "x", "new": "y"}, JSON, 401, "not_signed_in"),
    ("POST", "/login", UNSIGNED, JSON, 401, "wrong_credentials"),
    ("GET", "/nowhere", None, None, 404, "not_found"),
    ("POST", "/nowhere", {}, JSON, 404, "not_found"),
    ("GET", "/static/nowhere", None, None, 404, "not_found"),
    ("GET", "/static/%2e%2e/shop.py", None, None, 404, "not_found"),
    ("POST", "/cart", ITEM | {"sku": "nothing-01"}, JSON, 404, "unknown_product"),
    ("PUT", "/cart/nothing-01", {"quantity": 1}, JSON, 404, "unknown_product"),
    ("DELETE", "/cart/nothing-01", None, None, 404, "unknown_product"),
    ("DELETE", "/cart/%00", None, None, 404, "unknown_product"),
    ("GET", "/logout", None, None, 405, "method_not_allowed"),
    ("PATCH", "/cart", {}, JSON, 405, "method_not_allowed"),
    ("BREW", "/cart", None, None, 405, "method_not_allowed"),
    ("POST", "/preferences", b"x" * 65_537, "text/plain", 413, "too_large"),
    ("POST", "/preferences", b"<x/>", "application/xml", 415, "unsupported_media_type"),
    ("POST", "/preferences", b"theme=dark", None, 415, "unsupported_media_type"),
    ("POST", "/preferences", b"theme=dark", FORM + "x", 415, "unsupported_media_type"),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "status", "code"),
    REFUSED,
    ids=[f"{status}-{method}-{path}" for method, path, _, _, status, _ in REFUSED],
)
def test_what_is_refused_is_told_in_one_shape(
    shop: Shop,
    method: str,
    path: str,
    body: Any,
    content_type: str | None,
    status: int,
    code: str | None,
) -> None:
    """Each refusal has its status, a code and a sentence, no fields, and keeps nothing."""
    visitor = shop.visitor()
    sent = json.dumps(body).encode() if isinstance(body, dict) else body
    reply = visitor.send_bytes(method, path, sent, content_type)
    assert reply.status == status
    assert set(reply.json) == {"error"}
    assert set(reply.json["error"]) == {"code", "message"}
    assert code in {None, reply.code}
    assert reply.json["error"]["message"].endswith(".")
    assert reply.set_cookies == []


#: path, body; which fields are wrong
WRONG = [
    ("/preferences", {"results_per_page": 0}, {"results_per_page"}),
    ("/preferences", {"results_per_page": 101}, {"results_per_page"}),
    ("/preferences", {"results_per_page": "20"}, {"results_per_page"}),
    ("/preferences", {"results_per_page": 20.0}, {"results_per_page"}),
    ("/preferences", {"results_per_page": True}, {"results_per_page"}),
    (
        "/preferences",
        {"sort": "size", "theme": 3, "safe_search": 1},
        {"sort", "theme", "safe_search"},
    ),
    ("/preferences", {"colour": "red"}, {"colour"}),
    ("/preferences", {"theme": "\ud800"}, {"theme"}),
    ("/cart", ITEM | {"quantity": 0}, {"quantity"}),
    ("/cart", ITEM | {"quantity": 100}, {"quantity"}),
    ("/cart", ITEM | {"quantity": "1"}, {"quantity"}),
    ("/cart", ITEM | {"quantity": None}, {"quantity"}),
    ("/cart", ITEM | {"sku": ["x"]}, {"sku"}),
    ("/cart", ITEM | {"note": "x" * 2_001}, {"note"}),
    ("/cart", {"sku": SKUS[0], "quantity": 0, "note": 5}, {"quantity", "note"}),
    (
        "/register",
        {"username": "", "email": "x", "password": "y"},
        {"username", "email", "password"},
    ),
    (
        "/register",
        {"username": 5, "email": None, "password": []},
        {"username", "email", "password"},
    ),
    ("/login", {"username": 5, "password": "x"}, {"username"}),
    ("/login", {"username": "ada", "password": None}, {"password"}),
    ("/login", {"username": "a\ud800", "password": "x"}, {"username"}),
]


@pytest.mark.parametrize(("path", "value", "fields"), WRONG)
def test_wrong_values_are_told_by_field(
    shop: Shop, path: str, value: dict[str, Any], fields: set[str]
) -> None:
    """422 names every field that is wrong, with a sentence each, and keeps nothing."""
    reply = shop.visitor().post(path, value)
    assert (reply.status, reply.code) == (422, "invalid_fields")
    assert set(reply.json["error"]["fields"]) == fields
    assert all(why.endswith(".") for why in reply.json["error"]["fields"].values())
    assert reply.set_cookies == []


def test_a_field_given_twice_is_wrong(shop: Shop) -> None:
    """Two values for one field are none, in JSON and in a form."""
    for body, kind in ((b'{"sort":"price","sort":"name"}', JSON), (b"sort=price&sort=name", FORM)):
        reply = shop.visitor().send_bytes("POST", "/preferences", body, kind)
        assert (reply.status, set(reply.json["error"]["fields"])) == (422, {"sort"})


def test_a_query_that_is_too_long_is_wrong(shop: Shop) -> None:
    """A search has 200 characters at most."""
    assert shop.visitor().get("/products?q=" + 200 * "x").status == 200
    reply = shop.visitor().get("/products?q=" + 201 * "x")
    assert (reply.status, set(reply.json["error"]["fields"])) == (422, {"q"})


def test_a_refused_method_tells_the_allowed_ones(shop: Shop) -> None:
    """405 names what the address takes (RFC 9110 15.5.6)."""
    allowed = {"/cart": "GET, POST, HEAD", "/logout": "POST", "/health": "GET, HEAD"}
    for path, methods in allowed.items():
        reply = shop.visitor().send("PATCH", path)
        assert (reply.status, reply.headers["Allow"]) == (405, methods)


def test_too_many_tries_are_told_when_to_come_back(shop: Shop) -> None:
    """429 has ``Retry-After``, in whole seconds."""
    account = shop.account() | {"password": "wrong-one-1"}
    statuses = set()
    while 429 not in statuses:
        reply = shop.visitor().post("/login", credentials_of(account))
        statuses.add(reply.status)
    assert statuses == {401, 429}
    assert reply.code == "too_many_tries"
    assert int(reply.headers["Retry-After"]) >= 1


def test_a_person_sees_errors_as_pages(shop: Shop) -> None:
    """A browser gets a page with a way on, and a refused form again with what is wrong with it."""
    for path, status in (("/nowhere", 404), ("/account", 401), ("/logout", 405)):
        reply = shop.visitor().page(path)
        assert reply.status == status
        assert '<a class="button" href="/">' in reply.text
    reply = shop.visitor().submit("/register", {"username": "<i>", "email": "x", "password": "y"})
    assert reply.status == 422
    assert 'action="/register"' in reply.text
    assert "<i>" not in reply.text
    assert "&lt;i&gt;" in reply.text


def test_every_answer_has_the_security_headers(shop: Shop) -> None:
    """Pages, JSON, redirects, errors and static files: no foreign script, no frame."""
    visitor = shop.sign_in()
    replies = [visitor.page(path) for path in ("/", "/account", "/nowhere", "/static/style.css")]
    replies += [visitor.get("/health"), visitor.get("/static/none"), visitor.submit("/logout")]
    for reply in replies:
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in reply.headers
