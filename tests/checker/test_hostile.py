"""Hostile answers harm neither the terminal nor a report, and nothing grows faster than they do."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from served import FILE, Page, Server, Site

from compare.browser import Reply
from compare.check.main import main
from compare.check.shape import Take
from compare.check.taking import taken
from compare.decoding import decodings, decodings_of_bytes
from compare.findings import Exchange
from compare.harmless import harmless, one_line, words_of_page

#: A title, a colour, the clipboard, what C1 controls begin, bidi controls, a bell, a new line of
#: one's own.
ODD = (
    "\x1b]0;owned\x07\x1b[32mALL KEPT\x1b[0m\x9b2J\x9d52;c;aGk=\x07"
    "\u202egnp.exe\u2066\ufeff\r\nKEPT"
)
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_nothing_that_is_shown_is_obeyed(text: str) -> None:
    """Whatever it is: no control, format or surrogate character is left in it."""
    assert not OBEYED.search(harmless(text))
    assert not OBEYED.search(one_line(text))
    assert "\n" not in one_line(text)


def test_what_is_not_visible_is_written_out() -> None:
    """It is not left out: somebody wants to see it."""
    assert one_line("a\x1b[31m\u202eb") == "a\\x1b[31m\\u{202e}b"


class Odd(Page):
    """Refuses every sign-in with something odd, in page, header and status line."""

    def post_login(self) -> None:
        self.set_status(403, "Odd")
        self.set_header("Location", "/\x9b2J")
        self.write(ODD + "<" * 1_000_000)


class OddLater(Page):
    """Is odd once somebody is signed in."""

    def get_me(self) -> None:
        super().get_me()
        self.write(ODD)

    def get_start(self) -> None:
        self.set_cookie("odd", "\x80\x9b".encode().hex())
        self.write(ODD)


def test_an_odd_refusal_is_a_harmless_line(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And a megabyte of ``<`` is no reason to think about it for long."""
    with server.serving(Site(), Odd) as url, pytest.raises(SystemExit):
        main([str(_written(tmp_path, url))])
    told = capsys.readouterr()
    assert not OBEYED.search(told.out + told.err)
    assert "\\x1b]0;owned" in told.err


def test_reports_of_an_odd_application_are_harmless(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Terminal, JSON, SARIF, JUnit and the page: none has what it said as it said it."""
    files = {kind: tmp_path / kind for kind in ("report", "sarif", "junit", "html")}
    options = [f"--{kind}={path}" for kind, path in files.items()]
    with server.serving(Site("keeps_its_id_at_sign_in"), OddLater) as url:
        main([str(_written(tmp_path, url)), "--only=replay,attributes,fixation", *options])
    told = capsys.readouterr()
    texts = [told.out, told.err, *(path.read_text() for path in files.values())]
    assert [OBEYED.search(text) for text in texts] == [None] * len(texts)
    assert not OBEYED.search(json.loads(texts[2])["checks"][0]["exchanges"][-1]["response"])


def _written(folder: Path, url: str) -> Path:
    file = folder / "it.toml"
    file.write_text(FILE.replace("URL", url))
    return file


HUGE = 1_000_000
PAGES = {
    "less-than": "<" * HUGE,
    "tags": "<input " * (HUGE // 7),
    "quotes": '<input name="' * (HUGE // 13),
    "comments": "<!--" * (HUGE // 4),
    "meta": "<meta name=csrf" * (HUGE // 15),
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_huge_page_is_looked_through(page: str) -> None:
    """For words and for tokens, by every way that a file has."""
    reply = Reply(200, (("content-type", "text/html"),), page.encode(), 0, 0, 0.0)
    assert len(words_of_page(page)) < 200
    for take in (
        Take(field="csrf"),
        Take(meta="csrf"),
        Take(pattern='name="csrf" value="([^"]+)"'),
        Take(json="a.b"),
    ):
        assert taken(take, reply, {}) is None


def test_a_huge_body_is_shown_by_its_beginning() -> None:
    """Passwords in it are looked for where it is shown, and nowhere else."""
    for body in ('"pass' * 200_000, '{"password": "' + "x" * HUGE, "<" * HUGE, "[" * HUGE):
        shown = Exchange("a", "GET / HTTP/1.1\r\n\r\n", f"HTTP/1.1 200 OK\r\n\r\n{body}").shown
        assert len(shown.response) < 2_000
        assert "xx" not in shown.response


def test_a_bomb_is_not_blown_up() -> None:
    """What is inflated has an end, and so has everything that comes out of it."""
    one = zlib.compress(gzip.compress(b"\0" * 50_000_000))
    assert sum(map(len, decodings_of_bytes(one))) < 1_200_000
    bombs = b"".join(
        zlib.compress(
            b"".join(zlib.compress(bytes([inner]) * (60_000 + outer)) for inner in range(16))
        )
        for outer in range(16)
    )
    assert sum(map(len, decodings_of_bytes(bombs))) < 1_200_000
    nested = b64encode(b"\x78\x9c" * 20_000).decode() + "%41" * 20_000
    assert sum(map(len, decodings(nested))) < 1_200_000
