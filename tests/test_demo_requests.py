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
from demo_process import DemoProcess, ask, post, visitor_in_pane, visitor_of

from compare.demo.booths import MOST_BOOTHS
from compare.shop_visitor import Person, ShopVisitor
from compare.waiting import PATIENCE, wait_until

COOKIE, SESSION = 1, 2
BOB = Person("bob", "bob@post.example", "amber-falcon-17")


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoProcess]:
    """The demo, started as a person starts it."""
    with DemoProcess() as process:
        yield process


@pytest.fixture
def cookie(demo: DemoProcess) -> str:
    """The cookie of somebody who has just come."""
    return visitor_of(demo)


@pytest.fixture(scope="module")
def anyone(demo: DemoProcess) -> str:
    """The cookie of somebody whose shops nothing is done to."""
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


# By hand


@pytest.mark.parametrize(("number", "then"), [(COOKIE, "rotate"), (SESSION, "tabs")])
def test_who_signs_in_by_hand_is_who_it_is_tried_as(
    demo: DemoProcess, cookie: str, number: int, then: str
) -> None:
    """An account made and signed in to in one pane counts on both sides, and stays signed in."""
    you = visitor_in_pane(demo, number, cookie)
    you.register(BOB)
    you.sign_in(BOB)
    assert [side["word"] for side in act(demo, "read", cookie).values()] == ["readable", "opaque"]
    assert "email" in act(demo, "read", cookie)["cookie"]["sentence"]
    assert act(demo, "devices", cookie)["session"]["word"] == "ended"
    act(demo, then, cookie)
    assert settled(you).who() == "bob"
    assert state_of(demo, cookie)["person"] == "bob"


def test_another_one_who_is_signed_in_is_signed_out_and_that_is_said(
    demo: DemoProcess, cookie: str
) -> None:
    """Signed in as one person here and as another there, both sides are tried as the latter."""
    post(demo, "/account", {}, cookie)
    you = settled(visitor_in_pane(demo, SESSION, cookie))
    you.register(BOB)
    you.sign_out()
    you.sign_in(BOB)
    told = act(demo, "read", cookie)
    assert told["cookie"]["sentence"].startswith("You were demo here; this was tried as bob. ")
    assert "You were" not in told["session"]["sentence"]


def test_a_password_changed_by_hand_is_the_one_to_sign_in_with(
    demo: DemoProcess, cookie: str
) -> None:
    """Whoever changes it in a pane can be signed in by the page as before."""
    post(demo, "/account", BOB._asdict(), cookie)
    you = settled(visitor_in_pane(demo, COOKIE, cookie))
    you.sign_out()
    you.sign_in(BOB)
    you.change_password("violet-otter-92", BOB.password)
    assert post(demo, "/account", {}, cookie) == (200, {"username": "bob"})


def test_a_sign_up_is_for_both_or_for_none(demo: DemoProcess, cookie: str) -> None:
    """A name taken by hand on one side is refused before the other side has it."""
    visitor_in_pane(demo, SESSION, cookie).register(BOB)
    status, told = post(demo, "/account", {**BOB._asdict(), "password": "quiet-meadow-4"}, cookie)
    assert (status, told["error"]) == (422, "username: This name is taken.")
    visitor_in_pane(demo, COOKIE, cookie).register(BOB)


# The cart


def test_the_cart_is_put_back(demo: DemoProcess, cookie: str) -> None:
    """What actions put into the cart they take out again; neither they nor it are in the way."""
    people = [visitor_in_pane(demo, number, cookie) for number in (COOKIE, SESSION)]
    skus = people[0].skus()
    for you in people:
        you.send("POST", "/cart", {"sku": skus[0], "quantity": 3, "note": "x" * 900})
    before = people[0].cart()
    sizes = {act(demo, "capacity", cookie)["cookie"]["sentence"][:5] for _ in range(2)}
    for name in ("tabs", "rollback", "read"):
        act(demo, name, cookie)
    assert [settled(you).cart() for you in people] == [before, before]
    empty = visitor_of(demo)
    assert {act(demo, "capacity", empty)["cookie"]["sentence"][:5]} == sizes


# Processes that end


def processes_of(demo: DemoProcess, name: str) -> list[psutil.Process]:
    children = psutil.Process(demo.pid).children(recursive=True)
    running = [each for each in children if each.status() != psutil.STATUS_ZOMBIE]
    return [each for each in running if any(name in word for word in each.cmdline())]


def test_what_is_killed_comes_back() -> None:
    """Killed applications and memcacheds run again, it is said, and every action works."""
    with DemoProcess() as demo:
        cookie = visitor_of(demo)
        for name in ("memcached", "server.cookie_app"):
            for each in processes_of(demo, name):
                each.kill()
            wait_until(lambda: "had ended" in state_of(demo, cookie)["notice"], "it is said")
            assert act(demo, "restart", cookie)["session"]["word"] == "signed out, and told so"
        act(demo, "freeze", cookie)
        for each in processes_of(demo, "memcached"):
            each.kill()
        wait_until(lambda: not state_of(demo, cookie)["frozen"], "it is frozen no longer")
        assert act(demo, "read", cookie)["session"]["word"] == "opaque"


def test_a_pane_whose_application_is_away_loads_itself_anew() -> None:
    """While it is started again, the pane has a page that tries by itself."""
    with DemoProcess() as demo:
        cookie = visitor_of(demo)
        (app,) = (each for each in processes_of(demo, "server.cookie_app"))
        app.kill()
        response, page = ask(demo, "GET", "/cart", pane=COOKIE, Cookie=cookie)
        assert response.status == 503
        assert '<meta http-equiv="refresh" content="1; url=/cart">' in page
        policy = response.getheader("Content-Security-Policy") or ""
        assert f"frame-ancestors {demo.url}" in policy
        wait_until(lambda: status_of_pane(demo, cookie) == 200, "the pane is back")


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
        wait_until(lambda: not any(map(psutil.Process.is_running, processes)), "all have ended")
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
    you = visitor_in_pane(demo, COOKIE, cookie)
    you.register(BOB)
    you.put(you.skus()[0])
    act(demo, "read", cookie)
    assert post(demo, "/anew", {}, cookie) == (200, {})
    state = state_of(demo, cookie)
    assert (state["last"], state["person"]) == (None, "demo")
    settled(you)
    assert not any(name.startswith("cookie-") for name in you.jar)
    you.register(BOB)


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


# Who may ask


def test_the_visitors_cookie_is_this_demos_and_comes_by_links(demo: DemoProcess) -> None:
    """Its name has the port, as cookies have none, and it is sent where one comes by a link."""
    header = ask(demo, "GET", "/")[0].getheader("Set-Cookie") or ""
    assert header.startswith(f"demo-visitor-{demo.port}=")
    assert "samesite=lax" in header.lower()


@pytest.mark.parametrize("what", ["image", "iframe", "empty", "script"])
def test_no_other_page_opens_shops(demo: DemoProcess, what: str) -> None:
    """What only names the page, as a picture, say, gets no visitor's cookie."""
    response, _ = ask(demo, "GET", "/", Sec_Fetch_Dest=what)
    assert (response.status, response.getheader("Set-Cookie")) == (403, None)


@pytest.mark.parametrize(
    ("method", "path", "number"),
    [("GET", "/", 0), ("GET", "/events", 0), ("POST", "/actions/read", 0), ("GET", "/", COOKIE)],
)
def test_another_name_of_this_machine_is_refused(
    demo: DemoProcess, anyone: str, method: str, path: str, number: int
) -> None:
    """Whoever points a name of theirs at this machine learns nothing by it."""
    response, told = ask(demo, method, path, pane=number, Host="evil.example", Cookie=anyone)
    assert response.status == 421
    assert demo.url in told


@pytest.mark.parametrize("target", ["@127.0.0.1/", "http://127.0.0.1/", "//127.0.0.1/", "*", "x"])
def test_a_pane_takes_paths_only(demo: DemoProcess, anyone: str, target: str) -> None:
    """A request target that is no path goes nowhere."""
    port = demo.port + COOKIE
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        request = f"GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\nCookie: {anyone}\r\n\r\n"
        connection.sendall(request.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("pane", [0, COOKIE])
def test_a_body_that_is_far_too_large_is_not_taken(demo: DemoProcess, pane: int) -> None:
    """It is refused by what it says of its length, before it is sent."""
    port = demo.port + pane
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        head = f"POST /kind HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: 99000000\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_an_absurd_cookie_breaks_neither_pane_nor_page(demo: DemoProcess, anyone: str) -> None:
    """A date in the year three million, and JSON a thousand deep, are shown as they are."""
    deep = base64.b64encode(b"[" * 1_400).decode()
    for value in ("2|1:0|14:99999999999999|0:|4:e30=|ff", f"2|1:0|1:1|0:|1872:{deep}|ff"):
        sent = f"{anyone}; cookie-cart={value}"
        ask(demo, "GET", "/cart", pane=COOKIE, Cookie=sent)  # the pane knows of none, and doubts it
        assert ask(demo, "GET", "/cart", pane=COOKIE, Cookie=sent)[0].status == 200
        assert state_of(demo, anyone)["sides"]


def test_a_need_nobody_knows_is_told_in_the_body(demo: DemoProcess, anyone: str) -> None:
    """Whatever letters it has."""
    assert post(demo, "/kind", {"€": 1}, anyone) == (422, {"error": "There is no need called €."})
