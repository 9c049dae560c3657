"""A person in front of an application that is described by a file.

Rule 1: each verb is a request of the file's. What the file has not, is `NotTried`, not a failure.
Rule 2: what an answer means is said by the file: whoever is signed in is named in one, and what was
written stands in another. 500 and more is never an answer to either.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ..browser import Begun, Reply
from ..findings import Exchange
from ..shop_visitor import NEW_PASSWORD, PASSWORD, Person, ShopVisitor, Unexpected
from .description import NotTried, Question, Request
from .passwords import signs_in
from .placeholders import filled, uses

if TYPE_CHECKING:
    from .described_target import DescribedTarget


#: Answers that say nothing of who is signed in.
_TOO_OFTEN = frozenset({408, 429})
#: Answers that say nothing of a change: who asks, how often, and what is out of reach.
_OF_OTHER_THINGS = frozenset({401, 403, 404, 405, 408, 429, 502, 503, 504})


class DescribedVisitor(ShopVisitor):
    """Somebody in front of ``target``, with the cookies in ``jar``."""

    def __init__(
        self, target: DescribedTarget, name: str, jar: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(target.url, name, jar)
        self.target = target
        self.ca_file = target.ca_file
        self.has_signed_in = False

    def copy(self, name: str) -> DescribedVisitor:
        """Return somebody else with the same cookies."""
        other = DescribedVisitor(self.target, name, self.jar)
        other.has_signed_in = self.has_signed_in
        return other

    def take(self, exchange: Exchange, reply: Reply) -> None:
        """Keep cookies as a browser does, and remember what they are called."""
        super().take(exchange, reply)
        self.target.cookie_names |= self.jar.keys()

    # Accounts

    def register(self, person: Person) -> None:
        """Make an account."""
        request = self._wanted("register")
        self._done(self._begin(request, **person._asdict()).finish(), "register")

    def sign_in(self, person: Person, **_headers: str) -> Reply:
        """Sign in."""
        values = person._asdict() | {"password": self.target.password_of(person)}
        reply = self._begin(self.target.description.sign_in, **values).finish()
        self.has_signed_in = True
        return self._done(reply, "sign in")

    def sign_out(self) -> None:
        """Sign out; the target must confirm."""
        self._done(self._begin(self.target.description.sign_out).finish(), "sign out")

    def ask_who(self) -> Reply:
        """Ask who is signed in, whatever comes back."""
        return self._ask(self.target.description.who)

    def who(self) -> str | None:
        """Return the name of whoever is signed in, None for nobody."""
        return self.name_in(self._answered(self.ask_who(), "asked who is signed in"))

    def name_in(self, reply: Reply) -> str | None:
        """Return whom an answer to `ask_who` names, None for nobody."""
        if reply.status >= 300:
            return None
        holds = self.target.description.who.holds
        for person in self.target.people:
            if filled(holds, person._asdict()) in reply.text:
                return person.username
        return None

    def change_password(self, new: str = NEW_PASSWORD, current: str = PASSWORD) -> None:
        """Change it, of whoever the target made or was given last; see `passwords`."""
        request = self._wanted("password")
        person = self.target.people[-1]
        values = person._asdict() | {"password": self.target.password_of(person)}
        begun = self._begin(request, **values, new_password=new)
        self.target.changed_passwords[person.username] = new
        self._done(begun.finish(), "change the password")
        if not signs_in(DescribedVisitor(self.target, "owner"), person):
            raise Unexpected(
                "the change of password was confirmed, and the new one does not sign in"
            )

    # State

    def begin_to_add(self, sku: str, note: str = "") -> Begun:
        """Send all of a change but the last byte. What it writes can be told from all else."""
        request = self._wanted("write")
        if note and not uses(request, "value"):
            raise NotTried("[write] has no {value}")
        value = f"{secrets.token_hex(8)}{note}"
        self.target.written[sku] = value
        return self._begin(request, key=sku, value=value)

    def took(self, reply: Reply) -> bool:
        """Return whether a change was confirmed."""
        return reply.status < 400

    def counted(self, reply: Reply) -> bool:
        """Return whether a change among others was confirmed."""
        return self.took(reply)

    def was_refused(self, reply: Reply) -> bool:
        """Return whether a change was refused for what it is; any other answer is `Unexpected`."""
        if reply.status in _OF_OTHER_THINGS:
            raise Unexpected(f"to write was answered {reply.status}{_why(reply)}")
        return not self.took(reply)

    def put(self, sku: str, note: str = "") -> None:
        """Write; it must be taken. Where that takes a sign-in, others only have a look."""
        write = self.target.description.write
        if write and not write.without_sign_in and not self.has_signed_in:
            self.ask_who()
            return
        self._done(self.add(sku, note), "write")

    def remove(self, sku: str) -> None:
        """Do nothing: what is written next takes its place."""

    def cart(self) -> dict[str, dict[str, Any]]:
        """Return what is there of what was written, as ``{key: {"note": value}}``."""
        question = self._wanted("read")
        if not uses(question, "key") or "{key}" not in question.path:
            text = self._answered(self._ask(question), "read").text
            return self._found(question, dict.fromkeys(self.target.written, text))
        answers = {
            sku: self._answered(self._ask(question, key=sku), "read").text
            for sku in self.target.written
        }
        return self._found(question, answers)

    def ask_everything(self) -> list[Reply]:
        """Ask for whatever is kept of the visitor, whatever comes back."""
        question = self.target.description.read
        if question is None or "{key}" in question.path:
            return [self.ask_who()]
        return [self.ask_who(), self._ask(question)]

    def told(self, reply: Reply) -> Any:
        """Return who is signed in by an answer, and what in it was written; a page has more."""
        question = self.target.description.read
        texts = dict.fromkeys(self.target.written, reply.text)
        return self.name_in(reply), self._found(question, texts) if question else {}

    def is_known(self, replies: list[Reply], _stranger: list[Reply]) -> bool:
        """Return whether answers to `ask_everything` show who is signed in, or what was written."""
        question = self.target.description.read
        if self.name_in(replies[0]) or question is None or len(replies) == 1:
            return self.name_in(replies[0]) is not None
        return bool(self._found(question, dict.fromkeys(self.target.written, replies[1].text)))

    def _found(self, question: Question, answers: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        return {
            sku: {"note": value}
            for sku, value in self.target.written.items()
            if filled(question.holds, {"key": sku, "value": value}) in answers[sku]
        }

    # Requests

    def _wanted(self, table: str) -> Any:
        found = getattr(self.target.description, table)
        if found is None:
            raise NotTried(f"the file has no [{table}]")
        return found

    def _ask(self, question: Question, **values: str) -> Reply:
        self.target.spend()
        headers = {"Accept": "*/*"} | filled(question.headers, values)
        reply = self.begin_with("GET", filled(question.path, values), b"", headers).finish()
        if reply.status in _TOO_OFTEN:
            raise Unexpected(
                f"{question.path} takes no more requests now: it answered {reply.status}"
            )
        return reply

    def _begin(self, request: Request, **values: str) -> Begun:
        if uses(request, "token"):
            values["token"] = self._token()
        self.target.spend()
        headers = {"Accept": "*/*"}
        body = b""
        if request.form is not None:
            body = urlencode(filled(request.form, values)).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif request.json is not None:
            body = json.dumps(filled(request.json, values)).encode()
            headers["Content-Type"] = "application/json"
        headers |= filled(request.headers, values)
        return self.begin_with(request.method, filled(request.path, values), body, headers)

    def _token(self) -> str:
        token = self.target.description.token
        assert token is not None, "a file whose requests need one has it"
        self.target.spend()
        page = self.begin_with("GET", token.path, b"", {"Accept": "*/*"}).finish()
        if token.cookie:
            if token.cookie in self.jar:
                return self.jar[token.cookie]
            raise Unexpected(f"{token.path} set no cookie {token.cookie}")
        found = re.search(token.pattern or "", page.text)
        if found is None:
            raise Unexpected(f"the token's pattern is not in {token.path} (status {page.status})")
        return found[1]

    def _done(self, reply: Reply, what: str) -> Reply:
        if reply.status >= 400:
            raise Unexpected(f"to {what} was answered {reply.status}{_why(reply)}")
        return reply

    def _answered(self, reply: Reply, what: str) -> Reply:
        if reply.status >= 500:
            raise Unexpected(f"{what}, it answered {reply.status}{_why(reply)}")
        return reply


def _why(reply: Reply) -> str:
    """Return what the answer says, in a few words."""
    text = re.sub(r"<[^>]*>|\s+", " ", reply.text).strip()
    return f": {text[:120]}" if text else ""
