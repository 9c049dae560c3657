"""The experiments' client: a browser's jar, exchanges as on the wire, an end to everything."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from answering import answering

from compare import request as module
from compare.browser import Browser, NoAnswer
from compare.findings import Exchange


def saying(*chunks: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        with suppress(OSError):  # who has heard enough hangs up
            for chunk in chunks:
                connection.sendall(chunk)

    return answer


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"


def test_the_jar_keeps_replaces_deletes_and_drops() -> None:
    """The last value set stands, what has expired is deleted, and what browsers drop is dropped."""
    cookies = (
        b"Set-Cookie: a=1; Path=/\r\nSet-Cookie: a=2\r\nSet-Cookie: gone=; Max-Age=0\r\n"
        b"Set-Cookie: old=; Expires=Thu, 01 Jan 1970 00:00:00\r\n"
        b"Set-Cookie: big=" + b"x" * 4094 + b"\r\nSet-Cookie: fits=" + b"x" * 4092 + b"\r\n"
    )
    with answering(saying(OK + cookies + b"\r\nok")) as url:
        visitor = Browser(url, "visitor", {"gone": "1", "old": "2", "kept": "3"})
        visitor.send("GET", "/")
    assert visitor.jar == {"kept": "3", "a": "2", "fits": "x" * 4092}


def test_an_exchange_is_what_went_over_the_wire() -> None:
    """Request and response are kept as sent, and their sizes are those of the wire."""
    answer = OK + b"\r\nok"
    with answering(saying(answer)) as url:
        visitor = Browser(url, "visitor", {"a": "1"})
        reply = visitor.send("POST", "/cart?x=1", {"sku": "mug"}, X_Test="yes")
    (exchange,) = visitor.exchanges
    head, _, body = exchange.request.partition("\r\n\r\n")
    assert head.splitlines()[0] == "POST /cart?x=1 HTTP/1.1"
    assert {"Cookie: a=1", "X-Test: yes", "Content-Length: 14"} <= set(head.splitlines())
    assert body == '{"sku": "mug"}'
    assert exchange.response == answer.decode()
    assert (reply.bytes_sent, reply.bytes_received) == (len(exchange.request), len(answer))


def test_chunked_answers_are_put_together() -> None:
    """A body in chunks is one body."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n0\r\n\r\n"
    with answering(saying(chunked)) as url:
        assert Browser(url, "visitor").send("GET", "/").json == {}


def test_a_head_may_be_as_long_as_a_browser_takes_it() -> None:
    """However it is cut on the way: 256 KB, as Chromium does."""
    cookies = [f"Set-Cookie: c{number}={'x' * 3500}\r\n".encode() for number in range(30)]
    with answering(saying(OK, *cookies, b"\r\nok")) as url:
        visitor = Browser(url, "visitor")
        assert visitor.send("GET", "/").status == 200
    assert len(visitor.jar) == 30
    with answering(saying(OK, *cookies * 3)) as url, pytest.raises(NoAnswer, match="too long"):
        Browser(url, "visitor").send("GET", "/")


@pytest.mark.parametrize(
    ("chunks", "told"),
    [
        ((b"SSH-2.0-OpenSSH_9.2\r\n",), "no HTTP"),
        ((), "without an answer"),
        ((OK + b"\r\n",), "no HTTP"),
    ],
    ids=["another protocol", "nothing", "half a body"],
)
def test_what_is_no_answer_is_said(chunks: tuple[bytes, ...], told: str) -> None:
    """Another protocol, silence and half an answer each have their sentence."""
    with answering(saying(*chunks)) as url, pytest.raises(NoAnswer, match=told):
        Browser(url, "visitor").send("GET", "/")


def test_nobody_there_is_said() -> None:
    """A refused connection is no answer, and says so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(NoAnswer, match="refused"):
        Browser(url, "visitor").send("GET", "/")


def test_an_endless_answer_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer without end is cut off by its size, and one that stalls by the clock."""

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                connection.sendall(b"x" * 65_536)
        except OSError:
            return

    with answering(endless) as url, pytest.raises(NoAnswer, match="more than"):
        Browser(url, "visitor").send("GET", "/")

    monkeypatch.setattr(module, "_SECONDS", 0.05)
    stop = threading.Event()
    with answering(lambda _connection: stop.wait(10) and None) as url:
        with pytest.raises(NoAnswer, match="no complete answer"):
            Browser(url, "visitor").send("GET", "/")
        stop.set()


def test_a_request_can_be_held_at_its_last_byte() -> None:
    """Nothing is answered, and nothing kept, before the last byte is sent."""
    with answering(saying(OK + b"\r\nok")) as url:
        visitor = Browser(url, "visitor")
        begun = visitor.begin("POST", "/", {"a": 1})
        assert visitor.exchanges == []
        assert begun.finish().status == 200
    assert len(visitor.exchanges) == 1


def test_what_is_shown_of_an_exchange_has_no_secrets() -> None:
    """Values of cookies are shortened, passwords left out, and long bodies cut."""
    value = "v" * 200
    exchange = Exchange(
        "victim",
        f'POST /login HTTP/1.1\r\nCookie: a=1; sess={value}\r\n\r\n{{"password": "violet"}}',
        f"HTTP/1.1 200 OK\r\nSet-Cookie: sess={value}; Path=/\r\n\r\n" + "x" * 5_000,
    ).shown
    assert value not in exchange.request + exchange.response
    assert "(200 characters)" in exchange.request
    assert "a=1" in exchange.request
    assert "violet" not in exchange.request
    assert "Path=/" in exchange.response
    assert "(5,000 characters)" in exchange.response
