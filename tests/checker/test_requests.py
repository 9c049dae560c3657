"""The one shape of a request: what real sign-ins ask for can be said, and is done."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from served import ACCOUNT, FILE, REGISTER, WRITE, Page, Server, Site, jwt_of, target

from compare.check.described_target import DescribedTarget
from compare.check.description import Unusable
from compare.check.doctor import examined
from compare.check.first_look import first_look
from compare.check.trial import BROKEN, KEPT, NOT_TRIED, trial
from compare.experiments import (
    attributes,
    disclosure,
    failed_save,
    fixation,
    leaked_store,
    lost_update,
    replay,
    revocation,
    store_down,
    tampering,
)

HEAD = f'name = "it"\nurl = "URL"\n{ACCOUNT}'


@contextmanager
def looked_at(
    server: Server, file: str, page: type[Page], *habits: str
) -> Iterator[DescribedTarget]:
    """Have a target that has been used once as its file says."""
    with server.serving(Site(*habits), page) as url, target(file, url) as found:
        found.allow(200)
        first_look(found)
        yield found


TOKEN = """
[sign_in]
path = "/login"
form = { name = "{username}", password = "{password}", csrf = "{csrf}" }
[sign_out]
path = "/logout"
[who]
path = "/me"
holds = "user {username}"
[token]
path = "/form"
"""
#: A token as pages have it, with what has to be written with an entity.
CSRF = 'a&b"c<d>+/=7'


class WithToken(Page):
    """Gives the token in every way, and asks for it at the sign-in."""

    def get_form(self) -> None:
        self.set_cookie("csrf-cookie", "a%26b%22c%3Cd%3E%2B%2F%3D7")
        self.set_cookie(f"csrf-{self.request.host.partition(':')[2]}", "a%26b%22c%3Cd%3E%2B%2F%3D7")
        self.set_header("X-Csrf", CSRF)
        self.write(
            '<meta content="a&amp;b&quot;c&lt;d&gt;+/=7" name=csrf-meta>'
            "<input type=hidden name='csrf-field' value='a&amp;b&quot;c&lt;d&gt;+/=7'>"
            "<script>var csrf = 'a&amp;b&quot;c&lt;d&gt;+/=7';</script>"
        )

    def get_api(self) -> None:
        self.write({"data": {"tokens": [{"csrf": CSRF}]}})

    def post_login(self) -> None:
        if self.get_body_argument("csrf", "") != CSRF:
            self.send_error(403)
            return
        super().post_login()


@pytest.mark.parametrize(
    "take",
    [
        'take = { csrf = { meta = "csrf-meta" } }',
        'take = { csrf = { field = "csrf-field" } }',
        'take = { csrf = { cookie = "csrf-cookie" } }',
        'take = { csrf = { cookie = "csrf-{port}" } }',
        'take = { csrf = { header = "X-CSRF" } }',
        "take = { csrf = { pattern = \"csrf = '([^']+)'\" } }",
        'take = { csrf = { json = "data.tokens.0.csrf" } }',
    ],
    ids=["meta", "field", "cookie", "port", "header", "pattern", "json"],
)
def test_a_token_is_taken_from_wherever_it_is(server: Server, take: str) -> None:
    """From another page, as it is meant and not as it is written."""
    file = TOKEN.replace("/form", "/api") if "json" in take else TOKEN
    with looked_at(server, HEAD + file + take, WithToken) as found:
        assert found.people


def test_a_token_that_is_not_there_is_said_with_the_answer(server: Server) -> None:
    """What answered is in the sentence: a 404 is no page without a token."""
    file = HEAD + TOKEN.replace("/form", "/me") + 'take = { csrf = { field = "csrf" } }'
    with (
        pytest.raises(Unusable, match="/me has no input csrf: it answered 200: nobody"),
        looked_at(server, file, WithToken),
    ):
        pass


BEARER = """
[sign_in]
path = "/login"
json = { name = "{username}", password = "{password}" }
take = { access = { json = "access" } }
[sign_out]
path = "/logout"
headers = { Authorization = "Bearer {access}" }
[who]
path = "/me"
headers = { Authorization = "Bearer {access}" }
success = { json = { "user.name" = "{username}" } }
[write]
path = "/notes"
json = { key = "{key}", value = "{value}" }
headers = { Authorization = "Bearer {access}" }
without_sign_in = false
take = { id = { json = "id" } }
[read]
path = "/notes/{id}"
headers = { Authorization = "Bearer {access}" }
holds = "{value}"
"""


class Bearer(Page):
    """A single-page application's server: a token in JSON, brought along in a header."""

    @property
    def session_id(self) -> str:
        return (self.request.headers.get("Authorization") or "").removeprefix("Bearer ")

    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.request.body))

    def post_login(self) -> None:
        if self.site.accounts.get(self.body()["name"]) != self.body()["password"]:
            self.send_error(401)
            return
        token = (
            jwt_of({"email": "ann@post.example"}) if self.does("tells") else secrets.token_hex(16)
        )
        self.site.sessions[token] = {"user": self.body()["name"]}
        self.write({"access": token})

    def post_logout(self) -> None:
        if not self.does("signs_out_in_the_browser_only"):
            self.site.sessions.pop(self.session_id, None)

    def get(self) -> None:
        number = self.request.path.rpartition("/")[2]
        if number in self.site.notes and self.session:
            self.write({"note": self.site.notes[number]})
        elif self.request.path == "/me" and self.session:
            self.write({"user": {"name": self.session["user"]}})
        else:
            self.send_error(401 if self.request.path == "/me" else 404)

    def post_notes(self) -> None:
        number = secrets.token_hex(4)
        self.site.notes[number] = self.body()["value"]
        self.write({"id": number})


@pytest.mark.parametrize(
    ("habits", "experiment", "verdict"),
    [
        ((), replay.EXPERIMENT, KEPT),
        (("signs_out_in_the_browser_only",), replay.EXPERIMENT, BROKEN),
        ((), tampering.EXPERIMENT, KEPT),
        (("tells",), disclosure.EXPERIMENT, BROKEN),
        ((), fixation.EXPERIMENT, KEPT),
        ((), lost_update.EXPERIMENT, KEPT),
        ((), attributes.EXPERIMENT, NOT_TRIED),
    ],
)
def test_a_bearer_token_is_held_like_a_cookie(
    server: Server, habits: tuple[str, ...], experiment: Any, verdict: str
) -> None:
    """It is copied, changed, read and forgotten; IDs that the server makes are used in paths."""
    found = server.checked(experiment, *habits, file=HEAD + BEARER, page=Bearer)
    assert found.verdict == verdict, found.sentence
    assert not found.is_missing  # there are no cookies whose attributes could be judged


class Basic(Page):
    """Asks for name and password with each request."""

    def get_me(self) -> None:
        wanted = b64encode(b"ann:violet-otter-91").decode()
        known = self.request.headers.get("Authorization") == f"Basic {wanted}"
        self.write("user ann" if known and self.get_cookie("in") else "nobody")

    def post_login(self) -> None:
        self.set_cookie("in", "yes")

    def post_logout(self) -> None:
        self.clear_cookie("in")


def test_name_and_password_may_go_in_a_header(server: Server) -> None:
    """A stranger, who has none, sends no such header."""
    file = FILE + 'headers = { Authorization = "Basic {basic}" }'
    with looked_at(server, file, Basic) as found:
        assert found.people


STEPS = """
[[sign_in.steps]]
path = "/begin"
form = { name = "{username}" }
take = { flow = { json = "flow" } }
[[sign_in.steps]]
path = "/login"
form = { flow = "{flow}", name = "{username}", password = "{password}" }
[sign_out]
path = "/logout"
success = { status = 401 }
[who]
path = "/me"
holds = "user {username}"
"""


class Steps(Page):
    """Signs in in two steps, sets its session where the sign-in leads to, signs out with 401."""

    def post_begin(self) -> None:
        self.write({"flow": "f-" + self.get_body_argument("name")})

    def post_login(self) -> None:
        if self.get_body_argument("flow") == "f-ann" and self.get_body_argument("password"):
            self.redirect("/callback?code=1")

    def get_callback(self) -> None:
        self.keep(self.site.new_id(), {"user": "ann"})
        self.redirect("/")

    def post_logout(self) -> None:
        super().post_logout()
        self.set_status(401)


def test_steps_are_done_in_order_and_redirects_followed(server: Server) -> None:
    """The session that a page further on sets is the visitor's; a 401 may be success."""
    found = server.checked(replay.EXPERIMENT, file=HEAD + STEPS, page=Steps)
    assert found.verdict == KEPT, found.sentence


def test_redirects_are_not_followed_where_the_file_says_so(server: Server) -> None:
    """Then the session is not set, and the sentence says what was answered."""
    file = HEAD + STEPS.replace('"{password}" }', '"{password}" }\nfollow = false')
    with pytest.raises(Unusable, match="does not say that ann is signed in"):
        server.checked(replay.EXPERIMENT, file=file, page=Steps)


class Elsewhere(Page):
    """Sends whoever signs in to another site."""

    def post_login(self) -> None:
        super().post_login()
        self.redirect("http://192.0.2.7/elsewhere?code=1")


def test_nobody_is_followed_to_another_site(server: Server) -> None:
    """What is sent goes to the application alone."""
    with server.serving(site := Site(), Elsewhere) as url, target(FILE, url) as found:
        assert [each.verdict for each in trial(found, [replay.EXPERIMENT])] == [KEPT]
    assert not any("elsewhere" in path for _, path in site.asked)


def test_nothing_is_sent_for_what_the_file_has_not(server: Server) -> None:
    """Nobody signs in for an experiment that cannot be tried; the sentence says what is missing."""
    lacking = [store_down, failed_save, leaked_store, lost_update, revocation]
    with server.serving(site := Site()) as url, target(FILE, url) as found:
        told = [each.sentence for each in trial(found, [each.EXPERIMENT for each in lacking])]
    tables = ["store", "store", "store", "write", "password"]
    assert told == [f"Not tried: the file has no [{table}]." for table in tables]
    assert site.asked.count(("POST", "/login")) == 1  # to see that the file is right


class ElsewhereFirst(Page):
    """Has whoever signs in go to another site first."""

    def post_login(self) -> None:
        self.redirect("http://192.0.2.7/elsewhere?code=1")


def test_a_sign_in_that_leads_to_another_site_is_said(server: Server) -> None:
    """It is not followed; the sentence says so, and where a browser would have gone."""
    away = "answered 302, which leads to http://192.0.2.7: nothing is sent but to http://127"
    with pytest.raises(Unusable, match=away) as raised:
        server.checked(replay.EXPERIMENT, page=ElsewhereFirst)
    assert "code=1" not in str(raised.value)


class SameName(Page):
    """Sets a second cookie of the name, for a path of its own."""

    def post_login(self) -> None:
        super().post_login()
        self.add_header("Set-Cookie", "sid=of-another-path; Path=/elsewhere; HttpOnly")


def test_one_name_on_two_paths_is_two_cookies(server: Server) -> None:
    """The one of another path takes nobody's place."""
    found = server.checked(replay.EXPERIMENT, "writes_its_cookie_with_blanks", page=SameName)
    assert found.verdict == KEPT, found.sentence


def test_blanks_around_a_cookie_do_not_count(server: Server) -> None:
    """``sid = value ;`` is kept and sent as browsers do."""
    assert server.checked(replay.EXPERIMENT, "writes_its_cookie_with_blanks").verdict == KEPT


class FromItself(Page):
    """Believes only what comes from its own pages."""

    def post_login(self) -> None:
        if self.request.headers.get("Referer") == f"http://{self.request.host}/login":
            super().post_login()


def test_headers_may_have_the_address(server: Server) -> None:
    """``{url}`` and ``{port}`` are filled in everywhere."""
    file = FILE.replace("[sign_out]", 'headers = { Referer = "{url}/login" }\n[sign_out]')
    assert server.checked(replay.EXPERIMENT, file=file, page=FromItself).verdict == KEPT


class FewAccounts(Page):
    """Lets two people register, and asks everybody else to come back later."""

    def post_register(self) -> None:
        if len(self.site.accounts) >= 3:
            self.set_status(429)
            self.set_header("Retry-After", "3600")
            return
        super().post_register()


def test_few_accounts_are_enough(server: Server) -> None:
    """Where no more may register, those who have are used again."""
    file = FILE.replace(ACCOUNT, REGISTER) + WRITE
    with server.serving(Site(), FewAccounts) as url, target(file, url) as found:
        tried = [fixation.EXPERIMENT, replay.EXPERIMENT, tampering.EXPERIMENT]
        verdicts = [each.verdict for each in trial(found, tried)]
    assert verdicts == [BROKEN, KEPT, KEPT]  # the planted notes stay good


class TooMany(Page):
    """Answers every third sign-in with 429, for no time at all."""

    def post_login(self) -> None:
        self.site.notes["sign-ins"] = self.site.notes.get("sign-ins", "") + "."
        if len(self.site.notes["sign-ins"]) % 3 == 0:
            self.set_status(429)
            self.set_header("Retry-After", "0")
            return
        super().post_login()


def test_retry_after_is_obeyed(server: Server) -> None:
    """A request that came too early is sent again when it may."""
    with server.serving(Site(), TooMany) as url, target(FILE, url) as found:
        assert [each.verdict for each in trial(found, [replay.EXPERIMENT] * 3)] == [KEPT] * 3


class TooManyForNow(Page):
    """Lets nobody sign in for now, and does not say until when."""

    def post_login(self) -> None:
        self.set_status(429)


def test_too_many_requests_point_to_the_pace(server: Server) -> None:
    """Who is not let in for having asked too often is told what in the file slows that down."""
    with server.serving(Site(), TooManyForNow) as url, target(FILE, url) as found:
        (told,) = (said for well, said in examined(found) if not well)
        with pytest.raises(Unusable, match=r"answered 429 \(too many requests: \[pace\]"):
            first_look(found)
    assert "429 (too many requests: [pace]" in told


def test_a_visitor_who_is_signed_in_need_not_sign_in_again(server: Server) -> None:
    """The password is given back by somebody new each time, so that no alarm is false."""
    file = FILE + '[password]\npath = "/password"\nform = { new = "{new_password}" }\n'
    with server.serving(site := Site("signs_nobody_in_twice")) as url, target(file, url) as found:
        assert [each.verdict for each in trial(found, [revocation.EXPERIMENT])] == [KEPT]
    assert site.accounts == {"ann": "violet-otter-91"}
