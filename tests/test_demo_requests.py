"""The demo, asked without a browser: what is done by hand, what is refused, what is cleaned up."""

from __future__ import annotations

import base64
import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from demo_process import (
    DemoProcess,
    ask,
    has_ended,
    kill_processes_of,
    post,
    processes_of,
    visitor_in_pane,
    visitor_of,
)

from compare.demo.booths import MOST_BOOTHS
from compare.shop_visitor import Person, ShopVisitor, new_person
from compare.waiting import PATIENCE, wait_until

COOKIE, SESSION = "cookie", "session"


@pytest.fixture(scope="module")
def cookie(demo: DemoProcess) -> str:
    """The cookie of a visitor, who has come for the first time when the first test begins."""
    return visitor_of(demo)


def act(demo: DemoProcess, name: str, cookie: str) -> dict[str, Any]:
    status, told = post(demo, f"/actions/{name}", {}, cookie)
    assert status == 200, told
    return dict(told["result"])


def state_of(demo: DemoProcess, cookie: str) -> dict[str, Any]:
    """Return the first thing that the page is told."""
    connection = http.client.HTTPConnection("127.0.0.1", demo.port, timeout=2 * PATIENCE)
    connection.request(
        "GET", "/events", headers={"Host": f"localhost:{demo.port}", "Cookie": cookie}
    )
    response = connection.getresponse()
    line = response.readline() if response.status == 200 else b"data: {}"
    connection.close()
    return dict(json.loads(line.removeprefix(b"data: ")))


def settled(visitor: ShopVisitor) -> ShopVisitor:
    """Have the visitor take the cookies that an action left for their browser."""
    visitor.send("GET", "/account")
    return visitor


def in_pane(demo: DemoProcess, side: str, cookie: str) -> ShopVisitor:
    """Return the visitor in a pane, with all that an action left for them."""
    you = visitor_in_pane(demo, side, cookie)
    wait_until(lambda: you.send("GET", "/account").status != 307, "all has been handed over")
    return you


def by_hand(demo: DemoProcess, side: str, cookie: str) -> ShopVisitor:
    """Return them, signed out."""
    you = in_pane(demo, side, cookie)
    you.sign_out()
    return you


def somebody() -> Person:
    """Return somebody with an account nowhere yet."""
    return new_person()


# By hand


@pytest.mark.parametrize(("side", "then"), [(COOKIE, "rollback"), (SESSION, "tabs")])
def test_who_signs_in_by_hand_is_who_it_is_tried_as(
    demo: DemoProcess, cookie: str, side: str, then: str
) -> None:
    """An account made and signed in to in one pane counts on both sides, and stays signed in."""
    you, person = by_hand(demo, side, cookie), somebody()
    you.register(person)
    you.sign_in(person)
    told = act(demo, "read", cookie)
    assert [each["word"] for each in told.values()] == ["readable", "opaque"]
    assert "email" in told["cookie"]["sentence"]
    assert act(demo, "devices", cookie)["session"]["word"] == "ended"
    act(demo, then, cookie)
    assert settled(you).who() == person.username
    assert state_of(demo, cookie)["person"] == person.username


def test_another_one_who_is_signed_in_is_signed_out_and_that_is_said(
    demo: DemoProcess, cookie: str
) -> None:
    """Signed in as one person here and as another there, both sides are tried as the latter."""
    first, second = somebody(), somebody()
    post(demo, "/account", first._asdict(), cookie)
    you = by_hand(demo, SESSION, cookie)
    you.register(second)
    you.sign_in(second)
    told, name = act(demo, "read", cookie), second.username
    said = f"You were {first.username} here; this was tried as {name}. "
    assert told["cookie"]["sentence"].startswith(said)
    assert "You were" not in told["session"]["sentence"]


def test_a_password_changed_by_hand_is_the_one_to_sign_in_with(
    demo: DemoProcess, cookie: str
) -> None:
    """Whoever changes it in a pane can be signed in by the page as before."""
    person = somebody()
    post(demo, "/account", person._asdict(), cookie)
    you = by_hand(demo, COOKIE, cookie)
    you.sign_in(person)
    you.change_password("violet-otter-92", person.password)
    assert post(demo, "/account", {}, cookie) == (200, {"username": person.username})


def test_a_sign_up_is_for_both_or_for_none(demo: DemoProcess, cookie: str) -> None:
    """A name taken by hand on one side is refused before the other side has it."""
    person = somebody()
    by_hand(demo, SESSION, cookie).register(person)
    other = {**person._asdict(), "password": "quiet-meadow-4"}
    status, told = post(demo, "/account", other, cookie)
    assert (status, told["error"]) == (422, "username: This name is taken.")
    by_hand(demo, COOKIE, cookie).register(person)


# The cart


def test_the_cart_is_put_back(demo: DemoProcess, cookie: str) -> None:
    """What actions put into the cart they take out again; neither they nor it are in the way."""
    people = [by_hand(demo, side, cookie) for side in (COOKIE, SESSION)]
    empty = act(demo, "capacity", cookie)["cookie"]["sentence"][:5]
    people = [settled(each) for each in people]
    skus = people[0].skus()
    for you in people:
        you.send("POST", "/cart", {"sku": skus[0], "quantity": 3, "note": "x" * 900})
    before = people[0].cart()
    assert act(demo, "capacity", cookie)["cookie"]["sentence"][:5] == empty
    for name in ("tabs", "rollback", "read"):
        act(demo, name, cookie)
    assert [settled(you).cart() for you in people] == [before, before]


# The tour


def play(demo: DemoProcess, step: str, beat: int, cookie: str) -> tuple[int, dict[str, Any]]:
    return post(demo, f"/tour/{step}", {"beat": beat, "guess": {"cookie": True}}, cookie)


def test_a_beat_out_of_order_is_refused_and_the_step_begins_again(
    demo: DemoProcess, cookie: str
) -> None:
    """A second tab, or a page that was left in the middle, finds nothing half done."""
    assert play(demo, "steal", 1, cookie)[0] == 409
    assert play(demo, "steal", 0, cookie)[0] == 200
    assert play(demo, "cart", 0, cookie)[0] == 200
    assert play(demo, "steal", 1, cookie)[0] == 409
    told = [play(demo, "steal", beat, cookie)[1] for beat in range(4)][-1]
    assert [each["answer"] for each in told["seen"].values()] == [False, True]


def test_the_tour_takes_the_visitor_as_they_are(demo: DemoProcess, cookie: str) -> None:
    """Whoever is signed in by an account of their own is robbed as that, and keeps the password."""
    person = somebody()
    post(demo, "/account", person._asdict(), cookie)
    told = [play(demo, "password", beat, cookie)[1] for beat in range(3)][-1]
    assert told["seen"]["cookie"]["sentence"].endswith(f"as {person.username}.")
    for side in (COOKIE, SESSION):
        by_hand(demo, side, cookie).sign_in(person)


def test_a_step_begins_with_equal_carts(demo: DemoProcess, cookie: str) -> None:
    """What a step lost on one side, or somebody put there by hand, is in both; where that does not
    fit, both have what was in both."""
    for beat in range(3):
        play(demo, "tabs", beat, cookie)
    for notes, there in (("", {"kettle-01", "lamp-01", "mug-01"}), ("x" * 1_900, set[str]())):
        left, right = (by_hand(demo, side, cookie) for side in (COOKIE, SESSION))
        left.put("kettle-01")
        for sku in ("lamp-01", "mug-01"):
            right.put(sku, notes)
        assert left.cart() != right.cart()
        assert play(demo, "steal", 0, cookie)[0] == 200
        carts = [in_pane(demo, side, cookie).cart() for side in (COOKIE, SESSION)]
        assert carts[0] == carts[1]
        assert {*carts[0]} == there


def test_a_guests_cookies_stay_with_the_guest(demo: DemoProcess, cookie: str) -> None:
    """What the shop sets in the thief's browser never reaches the visitor's."""
    for beat in range(4):
        play(demo, "steal", beat, cookie)
    response, page = ask(demo, "POST", "/logout", pane="cookie-guest", Cookie=cookie)
    assert response.getheader("Set-Cookie") is None
    page = ask(demo, "GET", "/", pane="cookie-guest", Cookie=cookie, Accept="text/html")[1]
    assert "Nobody is signed in" in page
    play(demo, "read", 0, cookie)
    assert "Nobody is here yet" in ask(demo, "GET", "/", pane="cookie-guest", Cookie=cookie)[1]


@pytest.mark.parametrize(
    ("path", "value", "status"),
    [
        ("/tour/nothing", {"beat": 0, "guess": {}}, 404),
        ("/tour/steal", {"beat": True, "guess": {}}, 400),
        ("/tour/steal", {"beat": 0, "guess": {"left": True}}, 400),
        ("/tour/steal", {"beat": -1, "guess": {}}, 409),
        ("/verify", {"side": "left", "name": "x", "value": "y"}, 400),
        ("/verify", {"side": "cookie", "name": "x", "value": "y"}, 200),
        ("/verify", {"side": "cookie", "name": "x", "value": "y\r\n"}, 200),
        ("/actions/nothing", {}, 404),
        ("/kind", {"size": 0}, 422),
        ("/kind", [], 400),
        ("/account", {"username": "x"}, 400),
        ("/kind", {"€": 1}, 422),
    ],
)
def test_what_the_page_may_not_ask_for_is_a_sentence(
    demo: DemoProcess, cookie: str, path: str, value: Any, status: int
) -> None:
    """Whatever is sent, the answer has a sentence for people, and nothing breaks."""
    answered, told = post(demo, path, value, cookie)
    assert answered == status
    assert len(told["error" if status >= 400 else "told"]) > 10


@pytest.mark.parametrize(("name", "status"), [("measured", 200), ("peers", 200), ("nothing", 404)])
def test_what_an_answer_rests_on_can_be_read(demo: DemoProcess, name: str, status: int) -> None:
    """As plain text, by nobody in particular; nothing else of the project is served."""
    response, text = ask(demo, "GET", f"/read/{name}")
    assert response.status == status
    plain = (response.getheader("Content-Type") or "").startswith("text/plain")
    assert plain == (status == 200)
    assert text


def test_another_origin_and_another_visitor_may_ask_for_nothing(
    demo: DemoProcess, cookie: str
) -> None:
    """A foreign page's request is refused, and one by nobody finds nothing."""
    foreign = post(demo, "/tour/steal", {"beat": 0}, cookie, Origin="http://evil.example")
    unreadable = post(demo, "/tour/steal", {"beat": 0}, cookie, Origin="http://[")
    assert (foreign[0], unreadable[0]) == (403, 403)
    assert post(demo, "/tour/steal", {"beat": 0}, "demo-visitor=nobody")[0] == 404


# Processes that end


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[DemoProcess, str]]:
    """The demo as a person starts it, so that its processes have names, and a visitor's cookie."""
    with DemoProcess() as demo:
        yield demo, visitor_of(demo)


def noticed(demo: DemoProcess, cookie: str, told: str) -> str:
    """Return what is said of what has ended, once this is among it."""
    wait_until(lambda: told in state_of(demo, cookie)["notice"], "it is said")
    return str(state_of(demo, cookie)["notice"])


def test_what_is_killed_comes_back(started: tuple[DemoProcess, str]) -> None:
    """Killed applications and memcacheds run again, and every action works. It is said of whom they
    were and what has been lost, and nothing of a memcached that keeps nothing."""
    demo, cookie = started
    store = "memcached, where the server-session shop keeps its sessions, had ended."
    app = "The program of the signed-cookie shop had ended."
    for name, told in (("memcached", store), ("server.cookie_app", app)):
        kill_processes_of(demo, name)
        notice = noticed(demo, cookie, told)
        assert notice.count("memcached") == told.count("memcached")
        assert act(demo, "restart", cookie)["session"]["word"] == "signed out, and told so"
    act(demo, "freeze", cookie)
    processes_of(demo, "memcached")[0].kill()  # the other one is thawed all the same
    wait_until(lambda: not state_of(demo, cookie)["frozen"], "it is frozen no longer")
    assert act(demo, "read", cookie)["session"]["word"] == "opaque"


def test_a_pane_whose_application_is_away_loads_itself_anew(
    started: tuple[DemoProcess, str],
) -> None:
    """While it is started again, the pane has a page that tries by itself."""
    demo, cookie = started
    kill_processes_of(demo, "server.cookie_app")
    asked = (ask(demo, "GET", "/cart", pane=COOKIE, Cookie=cookie) for _ in range(3))
    response, page = next(each for each in asked if each[0].status != 307)
    assert response.status == 503
    assert '<meta http-equiv="refresh" content="1; url=/cart">' in page
    policy = response.getheader("Content-Security-Policy") or ""
    assert f"frame-ancestors {demo.url}" in policy
    wait_until(lambda: status_of_pane(demo, cookie) == 200, "the pane is back")


def test_a_page_that_tells_of_an_outage_loads_itself_anew(
    started: tuple[DemoProcess, str],
) -> None:
    """When the store is late, that is; not where the visitor has taken it away."""
    demo, cookie = started
    act(demo, "read", cookie)  # somebody is signed in
    you = in_pane(demo, SESSION, cookie)
    stores = [each for each in processes_of(demo) if each.name() == "memcached"]
    for store in stores:
        store.suspend()
    try:
        assert refresh_of(you) == "1"
    finally:
        for store in stores:
            store.resume()
    wait_until(lambda: refresh_of(you) is None, "it is back")
    act(demo, "freeze", cookie)
    assert refresh_of(you) is None
    act(demo, "thaw", cookie)


def refresh_of(you: ShopVisitor) -> str | None:
    """Return in how many seconds the first page loads itself anew, None if it does not."""
    return dict(you.send("GET", "/").headers).get("refresh")


def status_of_pane(demo: DemoProcess, cookie: str) -> int:
    return ask(demo, "GET", "/cart", pane=COOKIE, Cookie=cookie)[0].status


def test_ctrl_c_while_something_is_tried_says_nothing(tmp_path: Path) -> None:
    """What is under way fails without a traceback, and leaves no process."""
    log = tmp_path / "log"
    with DemoProcess(log) as demo, ThreadPoolExecutor(1) as pool:
        cookie = visitor_of(demo)
        trying = pool.submit(ask, demo, "POST", "/actions/rotate", b"{}", Cookie=cookie)
        wait_until(lambda: state_of(demo, cookie).get("busy", False), "it is being tried")
        processes = psutil.Process(demo.pid).children(recursive=True)
        assert demo.stop() == 0
        wait_until(trying.done, "it has failed")
        wait_until(lambda: all(map(has_ended, processes)), "all have ended")
    assert log.read_text() == ""


def test_shops_that_do_not_start_are_a_sentence(tmp_path: Path) -> None:
    """The visitor gets a page, the terminal a line."""
    broken = tmp_path / "memcached"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o700)
    log = tmp_path / "log"
    with DemoProcess(log, PATH=f"{tmp_path}:/usr/bin:/bin") as demo:
        answers = [ask(demo, "GET", "/") for _ in range(MOST_BOOTHS + 1)]
    assert {response.status for response, _ in answers} == {503}
    assert all("<h1>Not right now</h1>" in page for _, page in answers)
    assert all("memcached ended at once" in page for _, page in answers)  # none is said to be taken
    said = "a visitor's applications do not start: memcached ended at once\n"
    assert log.read_text() == said * len(answers)


def test_begin_anew_gives_other_shops(demo: DemoProcess, cookie: str) -> None:
    """Nothing of before is there: no account, no cart, no cookie, nothing seen."""
    you, person = by_hand(demo, COOKIE, cookie), somebody()
    you.register(person)
    you.put(you.skus()[0])
    act(demo, "read", cookie)
    assert post(demo, "/anew", {}, cookie) == (200, {})
    state = state_of(demo, cookie)
    assert (state["last"], state["person"], state["stories"]) == (None, "demo", {})
    settled(you)
    assert not any("cart" in name for name in you.jar)
    you.register(person)


# Two tabs


def test_a_pane_that_asked_too_early_asks_again(demo: DemoProcess, cookie: str) -> None:
    """One tab is handed what an action changed; another, on its way without it, comes again."""
    assert post(demo, "/account", {}, cookie)[0] == 200
    first, *others = (ask(demo, "GET", "/", pane=SESSION, Cookie=cookie)[0] for _ in range(3))
    assert first.status == 307
    assert "session-session-id" in (first.getheader("Set-Cookie") or "")
    assert [(each.status, each.getheader("Location")) for each in others] == [
        (307, "/"),
        (200, None),  # whoever comes without them once more does not have them
    ]


def test_ones_own_shops_run_beside_it(demo: DemoProcess, cookie: str) -> None:
    """Cookies have other names than those of `make run-cookie`; a page's port is all it takes."""
    for side in (COOKIE, SESSION):
        by_hand(demo, side, cookie).add("lamp-01")
    jars = [side["jar"] for side in state_of(demo, cookie)["sides"].values()]
    names = {each["name"] for jar in jars for each in jar}
    assert names
    assert all(name.startswith(f"demo{demo.port}-") for name in names)
    assert all(demo.panes[side] not in range(8000, 8004) for side in (COOKIE, SESSION))


# Who may ask


def test_the_visitors_cookie_is_this_demos_and_comes_by_links(
    demo: DemoProcess, cookie: str
) -> None:
    """Its name has the port, as cookies have none, and it is sent where one comes by a link."""
    header = ask(demo, "GET", "/", Cookie=cookie)[0].getheader("Set-Cookie") or ""
    assert header.startswith(f"demo-visitor-{demo.port}=")
    assert "samesite=lax" in header.lower()


@pytest.mark.parametrize("what", ["image", "iframe", "empty", "script"])
def test_no_other_page_opens_shops(demo: DemoProcess, what: str) -> None:
    """What only names the page, as a picture, say, gets no visitor's cookie."""
    response, _ = ask(demo, "GET", "/", Sec_Fetch_Dest=what)
    assert (response.status, response.getheader("Set-Cookie")) == (403, None)


@pytest.mark.parametrize(
    ("method", "path", "number"),
    [("GET", "/", ""), ("GET", "/events", ""), ("POST", "/actions/read", ""), ("GET", "/", COOKIE)],
)
def test_another_name_of_this_machine_is_refused(
    demo: DemoProcess, cookie: str, method: str, path: str, number: str
) -> None:
    """Whoever points a name of theirs at this machine learns nothing by it."""
    response, told = ask(demo, method, path, pane=number, Host="evil.example", Cookie=cookie)
    assert response.status == 421
    assert demo.url in told


@pytest.mark.parametrize("target", ["@127.0.0.1/", "http://127.0.0.1/", "//127.0.0.1/", "*", "x"])
def test_a_pane_takes_paths_only(demo: DemoProcess, cookie: str, target: str) -> None:
    """A request target that is no path goes nowhere."""
    port = demo.panes[COOKIE]
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        request = f"GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\nCookie: {cookie}\r\n\r\n"
        connection.sendall(request.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("pane", ["", COOKIE])
@pytest.mark.usefixtures("cookie")
def test_a_body_that_is_far_too_large_is_not_taken(demo: DemoProcess, pane: str) -> None:
    """It is refused by what it says of its length, before it is sent."""
    port = demo.panes[pane] if pane else demo.port
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        head = f"POST /kind HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: 99000000\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_an_absurd_cookie_breaks_neither_pane_nor_page(demo: DemoProcess, cookie: str) -> None:
    """A date in the year three million, and JSON a thousand deep, are shown as they are."""
    deep = base64.b64encode(b"[" * 1_400).decode()
    for value in ("2|1:0|14:99999999999999|0:|4:e30=|ff", f"2|1:0|1:1|0:|1872:{deep}|ff"):
        sent = f"{cookie}; demo{demo.port}-cookie-cart={value}"
        # The pane knows of none, and has whoever sends it come again.
        asked = (status_of_pane(demo, sent) for _ in range(3))
        assert next(status for status in asked if status != 307) == 200
        assert state_of(demo, cookie)["sides"]
