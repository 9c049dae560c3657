"""The demo's parts: what passed taken apart, kinds as people declare them, its command."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import signal
import socket
from pathlib import Path
from typing import Any

import psutil
import pytest
from demo_process import DemoProcess, free_ports, post, run_demo, visitor_of
from tornado_state.cookies.signing import Signer
from tornado_state.cookies.wire import CookieNames

from compare.browser import NoAnswer, after
from compare.demo.booth import Booth
from compare.demo.matrix import declared_kind, matrix, placed
from compare.demo.store_view import records_shown
from compare.demo.troubles import plainly
from compare.demo.wire import cookies_in, described_cookie, taken_apart, without
from compare.memcached_process import MemcachedProcess
from compare.shop_visitor import Unexpected
from compare.waiting import wait_until
from server.shop import PREFERENCES

SECRET = "a secret of the demo's tests, long enough"


def signed(value: str) -> str:
    signer = Signer({3: SECRET}, "cookie", lambda: 1_700_000_000)
    return signer.sign(CookieNames("cookie", secure=False).name("cart"), value.encode())


def test_a_signed_cookie_is_taken_apart() -> None:
    """Format, key version, time, value and signature are what they are in the cookie."""
    value = signed('{"mug":{"quantity":1}}')
    parts = taken_apart(value)
    assert parts is not None
    assert (parts["format"], parts["key_version"]) == (2, "3")
    assert parts["signed_at"] == "2023-11-14 22:13:20 UTC"
    assert json.loads(parts["json"]) == {"mug": {"quantity": 1}}
    assert value.endswith(parts["signature"])


@pytest.mark.parametrize(
    "junk", ["", "2|1:0", "1|2|3|4|5|6", "2|1:0|10:x|0:|4:e30=|ff", "2|1:0|10:1|0:|4:***|ff", "é"]
)
def test_junk_has_no_parts(junk: str) -> None:
    """What is no signed cookie is left whole, and breaks nothing."""
    assert taken_apart(junk) is None


@pytest.mark.parametrize(
    ("stamp", "text"),
    [("99999999999999", "{}"), ("-9" + "9" * 30, "{}"), ("1", "[" * 1_500), ("1", "[" * 500)],
)
def test_an_absurd_cookie_is_taken_apart_all_the_same(stamp: str, text: str) -> None:
    """Whatever date and JSON somebody writes into a cookie, it is shown and breaks nothing."""
    text += "]" * text.count("[")
    carried = base64.b64encode(text.encode()).decode()
    parts = taken_apart(f"2|1:0|{len(stamp)}:{stamp}|0:|{len(carried)}:{carried}|ff")
    assert parts is not None
    assert parts["value"] == text
    assert stamp == "1" or parts["signed_at"].endswith("no date")
    assert len(json.dumps(parts)) < 50_000


def test_a_cookie_is_told_with_its_size_and_whose_it_is() -> None:
    """Size is name and value; another port's and the demo's own are called so."""
    assert described_cookie("cookie-cart", "x" * 89, "cookie")["size"] == 100
    kinds = {
        name: described_cookie(name, "x", "session")["kind"]
        for name in ("session-session-id", "cookie-cart", "demo-visitor", "session-cart")
    }
    assert kinds == {
        "session-session-id": "session ID",
        "cookie-cart": "foreign",
        "demo-visitor": "demo",
        "session-cart": "signed cookie",
    }


def test_headers_are_read_and_cut() -> None:
    """A Cookie header is its pairs, may lose some, and Set-Cookie headers change a jar."""
    header = "a=1; demo-visitor=me; b=2=3"
    assert cookies_in(header) == [("a", "1"), ("demo-visitor", "me"), ("b", "2=3")]
    assert without(header, "demo-visitor") == "a=1; b=2=3"
    assert after({"a": "1", "b": "2"}, ["a=; Max-Age=0; Path=/", "c=3; Path=/"]) == {
        "b": "2",
        "c": "3",
    }


def test_the_matrix_tells_declared_from_seen() -> None:
    """A cell shows what was measured beside what is declared, and who needs it."""
    rows = {row["capability"]: row for row in matrix({"cookie": {"fresh": False}})}
    assert rows["fresh"]["cells"] == [
        {"declared": "no", "seen": "no"},
        {"declared": "yes", "seen": None},
    ]
    assert rows["fresh"]["needed_by"] == ["cart", "credentials"]
    assert rows["capacity"]["needed_by"] == ["cart"]


def test_the_placement_says_why_not_in_the_dearer_tier() -> None:
    """Preferences are in the cookie, and it is said what the session could not do for them."""
    reasons = placed(PREFERENCES)["reasons"]
    assert any("server session" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Unexpected("you: POST /login answered 503, not 200"), "could not reach its store"),
        (Unexpected("you: POST /login answered 429, not 200"), "too many sign-ins"),
        (Unexpected("you: PUT /cart/mug answered 418, not 200"), "answered PUT /cart/mug with 418"),
        (NoAnswer("Connection refused"), "did not answer: Connection refused."),
        (TimeoutError("waited in vain until it rains"), "took too long"),
        (AssertionError(), "has ended meanwhile"),
    ],
)
def test_what_goes_wrong_is_a_plain_sentence(error: Exception, sentence: str) -> None:
    """Somebody who knows neither the contract nor the code understands it."""
    told = plainly(error)
    assert sentence in told
    assert re.fullmatch(r"[A-Z][^_]+\.", told)


def test_the_store_is_shown_in_part(memcached: MemcachedProcess) -> None:
    """Of very many records the page gets a few, and how many more there are."""
    memcached.crowd_out(100, 1_500)
    shown = records_shown(memcached, None)
    assert (len(shown["records"]), shown["more"]) == (6, 1_494)
    assert shown["records"][0]["size"] == 100


def test_a_store_is_thawed_although_the_other_has_ended() -> None:
    """Both shops go on after whatever had ended while they were frozen is mended."""
    booth = Booth()
    try:
        booth.open()
        booth.freeze(frozen=True)
        cookie, session = (side.target for side in booth.sides.values())
        cookie.memcached.kill()
        asyncio.run(booth.mend())
        assert (booth.frozen, cookie.memcached.runs) == (False, True)
        assert session.memcached.ask("version").startswith(b"VERSION")
    finally:
        booth.close()


def test_a_declared_kind_is_placed() -> None:
    """Answers become needs, and `place()` answers."""
    answer = placed(declared_kind({"name": "voucher", "fresh": True, "size": 64}))
    assert (answer["kind"], answer["tier"]) == ("voucher", "server session")
    assert answer["reasons"]


@pytest.mark.parametrize(
    "answers",
    [
        {"name": "No Such Name"},
        {"size": 0},
        {"size": "many"},
        {"size": True},
        {"size": 2**50},
        {"tasty": True},
    ],
)
def test_a_kind_declared_wrongly_is_refused(answers: dict[str, Any]) -> None:
    """It says what is wrong."""
    with pytest.raises(ValueError, match=r".+"):
        declared_kind(answers)


# The command


@pytest.mark.parametrize("argument", ["--port=0", "--port=70000", "--port=x", "stray"])
def test_a_wrong_option_is_one_line_and_status_2(argument: str) -> None:
    """Nothing is started."""
    said = run_demo(argument)
    assert (said.returncode, said.stdout) == (2, "")
    assert len(said.stderr.splitlines()) == 1


def test_a_port_in_use_is_one_line_and_status_2() -> None:
    """A pane's port that somebody has keeps the demo from starting, and it says so."""
    port = free_ports()
    with socket.create_server(("127.0.0.1", port + 1)):
        said = run_demo(f"--port={port}")
    assert said.returncode == 2
    (line,) = said.stderr.splitlines()
    assert "in use" in line


def test_a_missing_memcached_is_one_line_and_status_2(tmp_path: Path) -> None:
    """It says what to install."""
    said = run_demo(PATH=str(tmp_path))
    assert said.returncode == 2
    assert said.stderr.splitlines() == ["python -m compare.demo: please install memcached"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_leaves_nothing_behind(number: signal.Signals) -> None:
    """Every process of every visitor ends with the demo, frozen memcached included."""
    with DemoProcess() as demo:
        cookie = visitor_of(demo)
        assert post(demo, "/actions/freeze", {}, cookie)[0] == 200
        processes = psutil.Process(demo.pid).children(recursive=True)
        assert len(processes) >= 4
        assert demo.stop(number) == 0
        wait_until(lambda: not any(map(psutil.Process.is_running, processes)), "all have ended")


def test_a_killed_demo_leaves_no_process_behind() -> None:
    """SIGKILL leaves it no time; its processes end when they find it gone."""
    with DemoProcess() as demo:
        visitor_of(demo)
        processes = psutil.Process(demo.pid).children(recursive=True)
        assert demo.stop(signal.SIGKILL) == -signal.SIGKILL
        wait_until(lambda: all(map(has_ended, processes)), "all have ended")


def has_ended(process: psutil.Process) -> bool:
    """Return whether it runs no more, whether or not anybody has asked for its exit status."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_what_the_page_may_not_ask_for_is_a_sentence() -> None:
    """Unknown actions, foreign origins, no booth and bad bodies are each refused in a sentence."""
    with DemoProcess() as demo:
        cookie = visitor_of(demo)
        refused = [
            post(demo, "/actions/nothing", {}, cookie),
            post(demo, "/actions/read", {}, "demo-visitor=nobody"),
            post(demo, "/kind", {"size": 0}, cookie),
            post(demo, "/kind", [], cookie),
            post(demo, "/account", {"username": "x"}, cookie),
            post(demo, "/actions/read", {}, cookie, Origin="http://evil.example"),
        ]
    assert [status for status, _ in refused] == [404, 404, 422, 400, 400, 403]
    assert all(told["error"] for _, told in refused)
