"""The demo's parts: what passed taken apart, kinds as people declare them, its command."""

from __future__ import annotations

import base64
import json
import re
import signal
import socket
from pathlib import Path
from typing import Any

import psutil
import pytest
from demo_process import DemoProcess, has_ended, post, run_demo, visitor_of
from tornado_state.cookies.signing import Signer
from tornado_state.cookies.wire import CookieNames

from compare.browser import NoAnswer, after
from compare.demo.actions import LESSONS
from compare.demo.lanes import lane
from compare.demo.matrix import matrix
from compare.demo.placing import EXAMPLES, placed, placed_as_told, placed_example
from compare.demo.store_view import records_shown
from compare.demo.telling import FOLDER, LIVE, SCRIPTS
from compare.demo.tour.objections import OBJECTIONS, READ
from compare.demo.tour.steps import STEPS
from compare.demo.troubles import plainly
from compare.demo.wire import cookies_in, described_cookie, taken_apart
from compare.findings import Exchange
from compare.memcached_process import MemcachedProcess
from compare.reports.words import said
from compare.shop_visitor import Unexpected
from compare.waiting import free_port, wait_until
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


def test_a_cookie_is_told_with_its_size_and_what_it_is() -> None:
    """Size is name and value; a session ID is told from a signed cookie."""
    assert described_cookie("demo-cookie-cart", "x" * 84, "demo-cookie-")["size"] == 100
    kinds = {
        name: described_cookie(f"demo-{name}", "x", "demo-") for name in ("session-id", "cart")
    }
    assert {name: (each["short"], each["kind"]) for name, each in kinds.items()} == {
        "session-id": ("session-id", "session ID"),
        "cart": ("cart", "signed cookie"),
    }


def test_headers_are_read() -> None:
    """A Cookie header is its pairs, and Set-Cookie headers change a jar."""
    assert cookies_in("a=1; demo-visitor=me; b=2=3") == [
        ("a", "1"),
        ("demo-visitor", "me"),
        ("b", "2=3"),
    ]
    assert after({"a": "1", "b": "2"}, ["a=; Max-Age=0; Path=/", "c=3; Path=/"]) == {
        "b": "2",
        "c": "3",
    }


@pytest.mark.parametrize(
    ("response", "status", "says"),
    [
        ('HTTP/1.1 200 OK\r\n\r\n{"username":"demo"}', 200, "you are demo"),
        (
            'HTTP/1.1 200 OK\r\n\r\n{"username":"demo","email":"d@post.example"}',
            200,
            "you are demo, d@post.example",
        ),
        ('HTTP/1.1 200 OK\r\n\r\n{"sort":"price","theme":"dark"}', 200, "the theme is dark"),
        ('HTTP/1.1 200 OK\r\n\r\n{"items":[]}', 200, "the cart is empty"),
        (
            'HTTP/1.1 200 OK\r\n\r\n{"items":[{"quantity":2,"name":"Oak tray"}]}',
            200,
            "in the cart: 2 × Oak tray",
        ),
        ('HTTP/1.1 401 No\r\n\r\n{"error":{"message":"Nobody is here."}}', 401, "Nobody is here."),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, "done"),
        ("HTTP/1.1 200 OK\r\n\r\n[[[", 200, "[[["),
        ("", 0, "no answer"),
    ],
)
def test_a_lane_says_what_matters(response: str, status: int, says: str) -> None:
    """Of an exchange: who, request line, cookies without the shop's prefix, status, one line."""
    request = (
        "GET /account HTTP/1.1\r\nHost: x\r\nCookie: demo-device=x; demo-cart="
        + "x" * 91
        + "\r\n\r\n"
    )
    drawn = lane(Exchange("thief", request, response), "demo-")
    assert (drawn["who"], drawn["ask"]) == ("thief", "GET /account")
    assert (drawn["status"], drawn["says"]) == (status, says)
    assert [(each["name"], each["size"]) for each in drawn["cookies"]] == [("cart", 100)]


def test_the_matrix_tells_declared_from_seen() -> None:
    """A cell has a sign and a word, as declared and as seen; a row, who needs it and its button."""
    rows = {row["capability"]: row for row in matrix({"cookie": {"fresh": False}})}
    no, yes = {"sign": "✗", "said": "no"}, {"sign": "✓", "said": "yes"}
    unseen = {"declared": yes, "seen": None}
    assert rows["fresh"]["cells"] == [{"declared": no, "seen": no}, unseen, unseen]
    assert rows["fresh"]["needed_by"] == ["cart", "who is signed in"]
    assert rows["capacity"]["needed_by"] == ["cart"]
    assert [rows[name]["action"]["view"] for name in ("fresh", "capacity")] == ["cart", "attacks"]
    assert {row["action"]["name"] for row in rows.values()} <= {"", *LESSONS}


def test_a_size_is_told_once() -> None:
    """What is declared and what is measured under another name are the same number to a reader."""
    assert {said(size) for size in (2_982, 2_988, 2_994)} == {"about 3,000"}
    assert {said(size) for size in (65_443, 65_500, 65_536)} == {"about 65,500"}
    assert said(12) == "12"


def test_the_placement_says_why_not_elsewhere() -> None:
    """Preferences are in the cookie, and it is said what the two others could not do for them."""
    sentences = placed(PREFERENCES)["sentences"]
    assert any("Not the server session" in each for each in sentences)
    assert any("Not a database: it can be away as well" in each for each in sentences)


def test_an_example_has_the_place_it_should_have() -> None:
    """What must be used once by anybody, or never be lost, is in no session and in no cookie."""
    assert {example.name: placed_example(example)["tier"] for example in EXAMPLES} == {
        **dict.fromkeys(("discount", "draft", "order"), "database"),
        **dict.fromkeys(("cart", "jwt", "remember_me", "checkout_step"), "server session"),
        **dict.fromkeys(("theme", "flash_message", "csrf_token"), "signed cookie"),
        "language": None,
    }


def test_an_example_says_why_first() -> None:
    """Its note stands before what the other places lack."""
    (discount,) = (each for each in EXAMPLES if each.name == "discount")
    assert placed_example(discount)["sentences"][1] == discount.note


def test_every_step_answers_its_objections() -> None:
    """Whatever is said to a step has an answer, and each stands at one step."""
    used = [name for step in STEPS for name in step.objections]
    assert sorted(used) == sorted(OBJECTIONS)


def test_an_answer_names_nothing_that_cannot_be_followed() -> None:
    """No command and no file: on a phone there is neither. What it rests on is a link."""
    told = " ".join(text for each in OBJECTIONS.values() for text in each[:2])
    assert not re.search(r"`|make |\.rst|ONLY=", told)
    assert all((FOLDER.parent / file).is_file() for file, _ in READ.values())
    assert {each.read for each in OBJECTIONS.values()} == {"", *READ}


def test_an_answers_figures_are_those_that_were_measured() -> None:
    """Each number of a few digits stands in MEASURED.rst."""
    measured = (FOLDER.parent / "MEASURED.rst").read_text()
    answers = " ".join(each.answer for each in OBJECTIONS.values())
    told = re.findall(r"\d+[,.]\d+|\d{3}", answers)
    assert told
    assert [number for number in told if number not in measured] == []


def test_the_lesson_has_every_step_and_its_answers() -> None:
    """A teacher finds each step by its link, with what to expect."""
    lesson = (FOLDER / "LESSON.rst").read_text()
    assert [step.name for step in STEPS if f"``#{step.name}``" not in lesson] == []
    assert [step.label for step in STEPS if f"**{step.label}**" not in lesson] == []


def test_scripts_and_styles_are_short_and_no_colour_means_wrong() -> None:
    """A file has 250 lines at the most; places have colours, right and wrong have signs."""
    files = [*(FOLDER / "static").glob("*.js"), *(FOLDER / "static").glob("*.css")]
    assert {each.name for each in files} == {*SCRIPTS, LIVE, "demo.css"}
    assert max(len(each.read_text().splitlines()) for each in files) <= 250
    style = (FOLDER / "static" / "demo.css").read_text()
    assert not re.search(r"--(bad|warn|good|can)", style)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Unexpected("you: POST /login answered 503, not 200"), "could not reach its store"),
        (Unexpected("you: POST /login answered 429, not 200"), "too many sign-ins"),
        (Unexpected("you: PUT /cart/mug answered 418, not 200"), "answered PUT /cart/mug with 418"),
        (NoAnswer("Connection refused"), "did not answer (Connection refused)."),
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


def test_a_declared_kind_is_placed() -> None:
    """Answers become needs, and `place()` answers; a dearer place that could do it is named."""
    answer = placed_as_told({"name": "cart", "fresh": True, "size": 64})
    assert answer["tier"] == "server session"
    assert "A database could, too, and costs more." in answer["sentences"]


@pytest.mark.parametrize("name", ["cart before sign-in", "Überweisung", "", "9", "x" * 99])
def test_a_thing_may_be_called_anything(name: str) -> None:
    """A name is words; it takes no answer away."""
    assert placed_as_told({"name": name, "fresh": True})["tier"] == "server session"


def test_what_must_never_be_lost_is_in_a_database() -> None:
    """A need of the page's own, beside those that `place()` knows."""
    answer = placed_as_told({"lasting": True})
    assert answer["tier"] == "database"
    lost = "Not the server session: it ends when it is not used, and with a store that starts anew."
    assert lost in answer["sentences"]


@pytest.mark.parametrize(
    ("needs", "rest"),
    [
        (("outage_proof", "cross_device"), "database"),
        (("outage_proof", "lasting"), "database"),
        (("stateless", "fresh"), "server session"),
        (("outage_proof", "stateless", "revocable", "outlives_logout"), "database"),
    ],
)
def test_what_has_no_one_place_is_told_how_to_be_split(needs: tuple[str, ...], rest: str) -> None:
    """What a cookie alone can do goes there, the rest to the cheapest place that can do it."""
    answer = placed_as_told(dict.fromkeys(needs, True))
    assert answer["tier"] is None
    assert answer["sentences"][0].endswith(f"in a signed cookie, the rest in a {rest}.")


def test_nothing_needed_is_the_cheapest_place() -> None:
    """It says so, and which is cheaper than which."""
    answer = placed_as_told({})
    assert answer["tier"] == "signed cookie"
    assert [each.split(".")[0] for each in answer["sentences"]] == [
        "It needs nothing in particular, so the cheapest place will do"
    ]


@pytest.mark.parametrize(
    "answers",
    [
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
        placed_as_told(answers)


# The command


@pytest.mark.parametrize("argument", ["--port=0", "--port=70000", "--port=x", "stray"])
def test_a_wrong_option_is_one_line_and_status_2(argument: str) -> None:
    """Nothing is started."""
    said = run_demo(argument)
    assert (said.returncode, said.stdout) == (2, "")
    assert len(said.stderr.splitlines()) == 1


def test_a_port_in_use_is_one_line_and_status_2() -> None:
    """A port that somebody has keeps the demo from starting, and it says so."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        said = run_demo(f"--port={port}")
    assert said.returncode == 2
    (line,) = said.stderr.splitlines()
    assert "in use" in line


def test_a_missing_memcached_is_one_line_and_status_2(tmp_path: Path) -> None:
    """It says what to install."""
    said = run_demo(PATH=str(tmp_path))
    assert said.returncode == 2
    assert said.stderr.splitlines() == ["python -m compare.demo: please install memcached"]


def test_ctrl_c_leaves_nothing_behind() -> None:
    """Every process of every visitor ends with the demo, frozen memcached included."""
    with DemoProcess() as demo:
        cookie = visitor_of(demo)
        assert post(demo, "/actions/freeze", {}, cookie)[0] == 200
        processes = psutil.Process(demo.pid).children(recursive=True)
        assert len(processes) >= 4
        assert demo.stop() == 0
        wait_until(lambda: all(map(has_ended, processes)), "all have ended")


def test_the_tour_is_recorded_as_one_file(tmp_path: Path) -> None:
    """A real run, every step and the whole matrix, that says of itself that it is recorded."""
    file = tmp_path / "demo" / "tour.html"
    said = run_demo(f"--record={file}")
    assert (said.returncode, said.stderr) == (0, "")
    assert [step.question in said.stdout for step in STEPS] == [True] * len(STEPS)
    page = file.read_text()
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])["recorded"]
    assert {*data["stories"]} == {step.name for step in STEPS}
    assert data["yours"] == {}
    cells = [cell for row in data["matrix"] for cell in row["cells"][:2]]
    assert all(cell["seen"] == cell["declared"] for cell in cells)
    assert "Recorded." in page
    assert 'data-action="read"' not in page
    assert not re.search(r'(src|href)="(https?:|/)', page)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_ends_when_it_is_told_to(number: signal.Signals) -> None:
    """As by Ctrl-C, with status 0."""
    with DemoProcess() as demo:
        assert demo.stop(number) == 0


def test_a_killed_demo_leaves_no_process_behind() -> None:
    """SIGKILL leaves it no time; its processes end when they find it gone."""
    with DemoProcess() as demo:
        visitor_of(demo)
        processes = psutil.Process(demo.pid).children(recursive=True)
        assert demo.stop(signal.SIGKILL) == -signal.SIGKILL
        wait_until(lambda: all(map(has_ended, processes)), "all have ended")
