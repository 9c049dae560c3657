"""What is said once, on the page after a form; nobody can have it said by a link."""

from __future__ import annotations

from running_shop import ITEM, PASSWORD, Shop, credentials_of

REGISTERED = "Your account is there."
CHANGED = "Your password is changed."
SAVED = "Your preferences are saved."
ALREADY = "You are signed in as"


def test_a_notice_is_shown_once(shop: Shop) -> None:
    """On the next page, whichever it is, and on none after; its cookie goes with it."""
    visitor = shop.visitor()
    fields = {"username": f"once-{shop.name}", "email": "a@post.example", "password": PASSWORD}
    reply = visitor.submit("/register", fields)
    assert (reply.status, reply.headers["Location"]) == (303, "/login")
    assert shop.cookie_name("notice") in visitor.cookies
    assert REGISTERED in visitor.page("/login").text
    assert visitor.cookies == {}
    assert REGISTERED not in visitor.page("/login").text


def test_a_notice_waits_for_a_page(shop: Shop) -> None:
    """Programs, errors and HEAD neither show it nor use it up."""
    visitor = shop.visitor()
    visitor.submit("/preferences", {"theme": "dark"})
    assert SAVED not in visitor.page("/nowhere").text
    visitor.get("/preferences")
    visitor.send("HEAD", "/preferences", Accept="text/html")
    assert SAVED in visitor.page("/preferences").text


def test_no_link_makes_a_page_say_anything(shop: Shop) -> None:
    """Neither a query nor a cookie of somebody's own making is taken for a notice."""
    visitor = shop.sign_in()
    for path in ("/?notice=registered", "/login?said=registered", "/account?password-changed"):
        for text in (REGISTERED, CHANGED, "Saved"):
            assert text not in visitor.page(path).text
    visitor.cookies[shop.cookie_name("notice")] = "registered"
    assert REGISTERED not in visitor.page("/").text


def test_no_page_hides_words_for_a_fragment_to_show(shop: Shop) -> None:
    """Whatever a page may say is not in it before it is so."""
    visitor = shop.sign_in()
    visitor.post("/cart", ITEM)
    assert ":target" not in visitor.get("/static/style.css").text
    for path in ("/", "/cart", "/account", "/sessions", "/preferences", "/register"):
        page = visitor.page(path).text
        for text in (REGISTERED, CHANGED, "Saved", "Whoever used it is signed out"):
            assert text not in page


def test_programs_are_sent_no_notice(shop: Shop) -> None:
    """JSON in is JSON out, and the answer itself says how it went."""
    reply = shop.visitor().post("/preferences", {"theme": "dark"})
    assert all(shop.cookie_name("notice") not in cookie for cookie in reply.set_cookies)


def test_signing_in_as_somebody_else_says_who_is_signed_in(shop: Shop) -> None:
    """A form that changes nothing says so, and how to go on; it is silent to the same person."""
    account, other = shop.account(), shop.account()
    visitor = shop.sign_in(account)
    reply = visitor.submit("/login", credentials_of(other))
    assert (reply.status, reply.headers["Location"]) == (303, "/account")
    page = visitor.page("/account").text
    assert f"You are signed in as {account['username']} already" in page
    assert other["username"] not in page
    same = credentials_of(account) | {"username": account["username"].upper()}
    assert visitor.submit("/login", same).headers["Location"] == "/"
    assert ALREADY not in visitor.page("/account").text
