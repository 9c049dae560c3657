"""Single-page applications: the token is the page's to hold, and perhaps to forget."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from served import FILE, Server, Site
from test_record import ANN, Recorder
from test_requests import BEARER, HEAD, Bearer

from compare.check.description import Unusable, described
from compare.check.main import main
from compare.check.record import PASSWORD_ENV
from compare.check.trial import BROKEN, KEPT, NOT_TRIED
from compare.experiment import Experiment
from compare.experiments import adoption, disclosure, replay, rollback

SIGN_OUT = BEARER[BEARER.index("[sign_out]") : BEARER.index("[who]")]
FORGETS = BEARER.replace(SIGN_OUT, "[sign_out]\nin_browser = true\n")


def test_a_sign_out_that_sends_nothing_ends_nothing(server: Server) -> None:
    """Where the page only forgets its token, a copy of it is as good as before."""
    found = server.checked(replay.EXPERIMENT, file=HEAD + FORGETS, page=Bearer)
    assert (found.verdict, found.word) == (BROKEN, replay.STILL_IN), found.sentence


def test_a_sign_out_is_a_request_or_none() -> None:
    """One of the two is said, and not both."""
    file = (HEAD + FORGETS).replace("URL", "http://127.0.0.1")
    for sign_out in ("[sign_out]\n", '[sign_out]\nin_browser = true\npath = "/logout"\n'):
        with pytest.raises(Unusable, match=r"\[sign_out\]: path, or in_browser = true"):
            described(file.replace("[sign_out]\nin_browser = true\n", sign_out), Path())


def test_a_token_that_no_sign_in_brings_along_cannot_be_planted(server: Server) -> None:
    """Whether a made-up one is taken for the victim's cannot be seen where it is never sent."""
    found = server.checked(adoption.EXPERIMENT, file=HEAD + BEARER, page=Bearer)
    assert (found.verdict, found.applies) == (NOT_TRIED, False), found.sentence
    assert "brings along nothing" in found.sentence
    assert server.checked(adoption.EXPERIMENT, file=FILE).verdict == KEPT


class ByAddress(Bearer):
    """Signs in with an email address, as many do."""

    def prepare(self) -> None:
        super().prepare()
        self.site.accounts["ann@post.example"] = ANN["password"]


def test_a_name_that_is_an_address_is_one(server: Server) -> None:
    """Whoever signs in with an address is told by a token that tells the name."""
    file = (HEAD + BEARER).replace('"ann"', '"ann@post.example"')
    found = server.checked(disclosure.EXPERIMENT, "tells", file=file, page=ByAddress)
    assert (found.verdict, found.word) == (BROKEN, disclosure.READABLE), found.sentence


def test_a_recording_without_a_sign_out_asks_whether_there_was_none(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """The file is made, and says what its reader has to decide."""
    monkeypatch.setenv(PASSWORD_ENV, ANN["password"])
    file = tmp_path / "it.toml"
    with server.serving(Site(), Bearer) as url:
        person = Recorder(url)
        access = person.json("/login", ANN).json["access"]
        person.get("/me", Authorization=f"Bearer {access}")
        assert main(["record", str(person.written(tmp_path)), f"--out={file}"]) == 0
        with pytest.raises(SystemExit):
            main(["doctor", str(file)])
        assert "`sign_out`" in capsys.readouterr().err
        file.write_text(file.read_text().replace("# [sign_out]\n# in_", "[sign_out]\nin_"))
        assert main(["doctor", str(file)]) == 0
        assert main([str(file), "--only=replay"]) == 1


class ById(Bearer):
    """Tells about people by the ID that it gives them; to everybody, if that is its habit."""

    def post_login(self) -> None:
        token = secrets.token_hex(16)
        self.site.sessions[token] = {"user": self.body()["name"]}
        self.write({"access": token, "id": "17"})

    def get(self) -> None:
        if self.request.path == "/people/17" and (self.session or self.does("tells_everybody")):
            self.write({"user": {"name": "ann"}})
        else:
            self.send_error(404)


BY_ID = (
    BEARER[: BEARER.index("[write]")]
    .replace("/me", "/people/{id}")
    .replace('json = "access" }', 'json = "access" }, id = { json = "id" }')
)


def test_who_may_be_asked_by_an_id(server: Server) -> None:
    """A stranger, who was given none, is asked with somebody else's."""
    found = server.checked(replay.EXPERIMENT, file=HEAD + BY_ID, page=ById)
    assert found.verdict == KEPT, found.sentence
    with pytest.raises(Unusable, match="there for somebody who is not"):
        server.checked(replay.EXPERIMENT, "tells_everybody", file=HEAD + BY_ID, page=ById)


class ByName(Bearer):
    """Keeps notes under their owner's name."""

    def get(self) -> None:
        if self.request.path == "/notes/ann" and self.session:
            self.write(self.session.get("notes", {}))
        else:
            super().get()

    def post_notes(self) -> None:
        self.session.setdefault("notes", {})[self.body()["key"]] = self.body()["value"]


BY_NAME = BEARER.replace("/notes/{id}", "/notes/{username}").replace(
    'take = { id = { json = "id" } }\n', ""
)


@pytest.mark.parametrize("experiment", [replay.EXPERIMENT, rollback.EXPERIMENT])
def test_a_stranger_reads_by_somebody_elses_name(server: Server, experiment: Experiment) -> None:
    """Whoever has no name looks at the page of the one who wrote."""
    found = server.checked(experiment, file=HEAD + BY_NAME, page=ByName)
    assert found.verdict == KEPT, found.sentence
