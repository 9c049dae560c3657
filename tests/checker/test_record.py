"""A file made of a recording, and a file looked through: from nothing to a first verdict."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from served import ACCOUNT, FILE, PASSWORD, WRITE, Page, Server, Site
from test_requests import Bearer, WithToken

from compare.browser import Browser, Reply
from compare.check.description import Unusable
from compare.check.har import read_har
from compare.check.main import main
from compare.check.record import PASSWORD_ENV
from compare.check.recorded import find

ANN = {"name": "ann", "password": "violet-otter-91"}


class Recorder:
    """Somebody whose browser records what it sends and gets, as HAR."""

    def __init__(self, url: str) -> None:
        self._browser = Browser(url, "somebody")
        self.entries: list[dict[str, Any]] = []

    def get(self, path: str, **headers: str) -> Reply:
        return self._record("GET", path, b"", headers, {})

    def form(self, path: str, **fields: str) -> Reply:
        kind = "application/x-www-form-urlencoded"
        return self._post(path, urlencode(fields), kind, {})

    def json(self, path: str, value: Any, **headers: str) -> Reply:
        return self._post(path, json.dumps(value), "application/json", headers)

    def _post(self, path: str, text: str, kind: str, headers: dict[str, str]) -> Reply:
        sent = {"Content-Type": kind, **headers}
        return self._record("POST", path, text.encode(), sent, {"mimeType": kind, "text": text})

    def _record(
        self, method: str, path: str, body: bytes, headers: dict[str, str], posted: dict[str, str]
    ) -> Reply:
        reply = self._browser.begin_with(method, path, body, headers).finish()
        self.entries.append(
            {
                "request": {
                    "method": method,
                    "url": self._browser.url + path,
                    "headers": [{"name": name, "value": headers[name]} for name in headers],
                    **({"postData": posted} if posted else {}),
                },
                "response": {
                    "status": reply.status,
                    "headers": [{"name": name, "value": value} for name, value in reply.headers],
                    "content": {"text": reply.text},
                },
            }
        )
        return reply

    def written(self, folder: Path) -> Path:
        file = folder / "login.har"
        file.write_text(json.dumps({"log": {"entries": self.entries}}))
        return file


def with_a_token(person: Recorder) -> None:
    person.get("/form")
    token = 'a&b"c<d>+/=7'
    person.form("/login", **ANN, csrf=token, kind="credentials")
    person.get("/style.css")
    person.get("/me")
    person.form("/logout", csrf=token)


def with_bearer(person: Recorder) -> None:
    access = person.json("/login", ANN).json["access"]
    person.get("/me", Authorization=f"Bearer {access}")
    person.json("/logout", {}, Authorization=f"Bearer {access}")


def with_a_session(person: Recorder) -> None:
    person.get("/login")
    person.form("/login", **ANN)
    person.get("/me")
    person.form("/logout", sure="yes")


@pytest.mark.parametrize(
    ("page", "act"),
    [(Page, with_a_session), (WithToken, with_a_token), (Bearer, with_bearer)],
)
def test_a_recording_becomes_a_file_and_a_verdict(
    server: Server,
    page: type[Page],
    act: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing has to be written by hand, and no password is in it."""
    monkeypatch.setenv(PASSWORD_ENV, ANN["password"])
    file = tmp_path / "it.toml"
    with server.serving(Site(), page) as url:
        act(person := Recorder(url))
        assert main(["record", str(person.written(tmp_path)), f"--out={file}"]) == 0
        assert ANN["password"] not in file.read_text()
        assert main(["doctor", str(file)]) == 0
        assert main([str(file), "--only=replay,fixation,tampering"]) == 0


def test_a_name_is_known_by_where_it_is_shown(tmp_path: Path) -> None:
    """Whatever its field is called: a later page has it, and no earlier one."""
    file = tmp_path / "login.har"
    sign_in = "POST /in ok t=token-7-of-a-page&who=ann&pass=secret"
    wanted = (
        "GET / token-7-of-a-page",
        sign_in,
        "GET /me token-7-of-a-page,ann",
        "POST /logout ok",
    )
    file.write_text(json.dumps({"log": {"entries": [*entries(*wanted)]}}))
    assert find(read_har(file)).username == "ann"


def test_what_was_guessed_is_marked(server: Server, tmp_path: Path) -> None:
    """Whoever reads the file sees what to look at."""
    with server.serving(Site(), WithToken) as url:
        with_a_token(person := Recorder(url))
    main(["record", str(person.written(tmp_path)), f"--out={tmp_path / 'it.toml'}"])
    text = (tmp_path / "it.toml").read_text()
    assert text.count("# guessed") == 3
    assert "[[token]]" in text
    assert 'kind = "credentials"' in text
    assert "a&b" not in text


def entries(*wanted: str) -> Iterator[dict[str, Any]]:
    """Yield entries of a recording: ``METHOD path answer [body]``."""
    for each in wanted:
        method, path, text, *body = each.split(" ")
        request = {"method": method, "url": f"http://127.0.0.1{path}", "headers": []}
        if body:
            request["postData"] = {"mimeType": "application/x-www-form-urlencoded", "text": body[0]}
        yield {"request": request, "response": {"status": 200, "content": {"text": text}}}


SIGN_IN = "POST /login ok user=ann&password=secret"


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (("GET / hello",), "no sign-in"),
        (("POST /login ok password=secret&x=1", "GET /me ann"), "no field with a name"),
        ((SIGN_IN,), "no page after the sign-in names"),
        ((SIGN_IN, "GET /me nobody", "POST /logout ok"), "no page after the sign-in names"),
        (("GET /me ann", SIGN_IN, "GET /me ann", "POST /logout ok"), "no page after the sign-in"),
    ],
)
def test_what_a_recording_lacks_is_said(
    wanted: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    """In a sentence that says what to do."""
    file = tmp_path / "login.har"
    file.write_text(json.dumps({"log": {"entries": [*entries(*wanted)]}}))
    with pytest.raises(Unusable, match=sentence):
        find(read_har(file))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"log": {"entries": [1]}}'])
def test_what_is_no_recording_is_said(text: str, tmp_path: Path) -> None:
    """Another file is one line."""
    file = tmp_path / "login.har"
    file.write_text(text)
    with pytest.raises(Unusable, match="no HAR"):
        read_har(file)


def test_a_file_that_is_there_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be somebody's work."""
    har, file = tmp_path / "login.har", tmp_path / "it.toml"
    wanted = (SIGN_IN, "GET /me ann", "POST /logout ok")
    har.write_text(json.dumps({"log": {"entries": [*entries(*wanted)]}}))
    file.write_text("mine")
    with pytest.raises(SystemExit):
        main(["record", str(har), f"--out={file}"])
    assert "exists" in capsys.readouterr().err
    assert file.read_text() == "mine"


# The doctor


def examined(server: Server, tmp_path: Path, file: str, *habits: str) -> int:
    with server.serving(Site(*habits)) as url:
        path = tmp_path / "it.toml"
        path.write_text(file.replace("URL", url))
        return main(["doctor", str(path)])


def test_a_file_that_fits_is_said_to(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each request with what was answered, and then what could be tried."""
    assert examined(server, tmp_path, FILE + PASSWORD + WRITE) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (
        "✓ sign_in, who: POST /login answered 200; GET /me answered 200 names ann; held: sid"
        in lines
    )
    assert any("replay" in line and "can be tried" in line for line in lines)
    assert any("idle-expiry" in line and "needs the idle time-out" in line for line in lines)


@pytest.mark.parametrize(
    ("line", "instead", "sentence"),
    [
        ('"{password}" }', '"wrong" }', "✗ sign_in, who: to sign in was answered 403"),
        ("user {username}", "hello {username}", "does not say that ann is signed in: GET /me"),
        (
            "user {username}",
            "nobody",
            "✗ who, for a stranger: what shows who is signed in is there",
        ),
        (
            'holds = \'"{key}"',
            "holds = 'x{key}\"",
            "✗ write, read: [read]: what was written is not",
        ),
        ("/logout", "/me", "✗ sign_out: "),
    ],
)
def test_what_does_not_fit_is_said_with_its_answer(
    server: Server,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    line: str,
    instead: str,
    sentence: str,
) -> None:
    """And the rest is tried as far as it makes sense."""
    assert examined(server, tmp_path, (FILE + WRITE).replace(line, instead)) == 2
    assert sentence in capsys.readouterr().out


def test_the_doctor_gives_a_password_back(server: Server, tmp_path: Path) -> None:
    """It changes it, as the file says, and then changes it back."""
    assert ACCOUNT in FILE
    with server.serving(site := Site()) as url:
        path = tmp_path / "it.toml"
        path.write_text((FILE + PASSWORD).replace("URL", url))
        assert main(["doctor", str(path)]) == 0
    assert site.accounts == {"ann": "violet-otter-91"}
