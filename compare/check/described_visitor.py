"""A person in front of an application that is described by a file.

Rule 1: each verb is a request of the file's. What the file has not, is `NotTried`, not a failure.
Rule 2: what an answer means is said by the file, or learnt (`answers`): whoever is signed in is
named in one, and what was written stands in another. 500 and more is never an answer to either.
Rule 3: what a visitor was given (cookies, and values taken from answers) is theirs; a copy has it
too, and whoever signs out forgets it, as a browser and a page's script do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..browser import Begun, Reply
from ..findings import Exchange
from ..shop_visitor import NEW_PASSWORD, PASSWORD, Person, ShopVisitor, Unexpected
from .answers import looks_like
from .description import NotTried
from .in_address import known_to_all, somebody_elses
from .passwords import signs_in
from .placeholders import filled
from .requests_of import Requests
from .shape import Question, Request
from .taking import told_of
from .writing import Writing

if TYPE_CHECKING:
    from .described_target import DescribedTarget

#: Answers that say nothing of who is signed in.
_TOO_OFTEN = frozenset({408, 429})


class DescribedVisitor(ShopVisitor):
    """Somebody in front of ``target``, with the cookies in ``jar``."""

    def __init__(
        self, target: DescribedTarget, name: str, jar: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(target.url, name, jar)
        self.target = target
        self.ca_file = target.ca_file
        self.values: dict[str, str] = {}
        self.person: Person | None = None
        self.requests = Requests(self)
        self._writing = Writing(self)

    @property
    def held(self) -> dict[str, str]:
        """Cookies, and the values in ``{brackets}``."""
        return self.jar | {f"{{{name}}}": value for name, value in self.values.items()}

    @held.setter
    def held(self, held: dict[str, str]) -> None:
        self.values = {name[1:-1]: text for name, text in held.items() if name.startswith("{")}
        self.jar = {name: text for name, text in held.items() if not name.startswith("{")}

    @property
    def has_signed_in(self) -> bool:
        """Whether they have, whatever has become of it."""
        return self.person is not None

    def copy(self, name: str) -> DescribedVisitor:
        """Return somebody else with the same cookies and values."""
        other = DescribedVisitor(self.target, name, self.jar)
        other.values = dict(self.values)
        other.person = self.person
        return other

    def take(self, exchange: Exchange, reply: Reply) -> None:
        """Keep cookies as a browser does, and remember what they are called."""
        super().take(exchange, reply)
        self.target.cookie_names |= self.jar.keys()
        self.target.keep_secret(*self.jar.values())

    # Accounts

    def register(self, person: Person) -> None:
        """Make an account."""
        request: Request = self._wanted("register")
        values = self.target.values_of(person)
        self._done(request, self.requests.send(request, values, follow=True), "register")

    def sign_in(self, person: Person, **_headers: str) -> Reply:
        """Sign in."""
        self.person = person
        request = self.target.description.sign_in
        reply = self.requests.send(request, self.target.values_of(person), follow=True)
        self._done(request, reply, "sign in")
        self.target.known_to_all = known_to_all(self.target.description, self.values, self.jar)
        return reply

    def sign_out(self) -> None:
        """Sign out; the target must confirm, where anything is sent to it."""
        request = self.target.description.sign_out
        if request.in_browser:
            self.held = {}
            return
        self._done(request, self.requests.send(request, self.own_values()), "sign out")
        self.values = {}

    def ask_who(self) -> Reply:
        """Ask who is signed in, whatever comes back."""
        return self.ask(self.target.description.who)

    def who(self) -> str | None:
        """Return the name of whoever is signed in, None for nobody."""
        return self.name_in(self.answered(self.ask_who(), "asked who is signed in"))

    def name_in(self, reply: Reply) -> str | None:
        """Return whom an answer to `ask_who` names, None for nobody."""
        who = self.target.description.who
        for person in self.target.people:
            if self._names(who, reply, person._asdict()):
                return person.username
        return None

    def _names(self, who: Question, reply: Reply, values: Mapping[str, str]) -> bool:
        if who.refusal and looks_like(reply, who.refusal, values):
            return False
        if who.success:
            return (
                looks_like(reply, who.success, values) and filled(who.holds, values) in reply.text
            )
        return reply.status < 300 and filled(who.holds, values) in reply.text

    def change_password(self, new: str = NEW_PASSWORD, current: str = PASSWORD) -> None:
        """Change one's own."""
        request: Request = self._wanted("password")
        person = self.person or self.target.people[-1]
        new = new if self.target.password_of(person) != new else current
        values = self.target.values_of(person) | {"new_password": new}
        self.target.keep_secret(new)
        self.target.changed_passwords[person.username] = new
        reply = self._done(request, self.requests.send(request, values), "change the password")
        owner = DescribedVisitor(self.target, "owner")
        if not signs_in(owner, person):
            told = f"to change the password was answered {told_of(reply)}"
            raise Unexpected(f"{told}, and the new one does not sign in")

    def end_others(self) -> bool:
        """Use the option to end one's other sessions; False where there is none."""
        description = self.target.description
        if description.end_others is None:
            if description.password and description.password.has_option is False:
                return False
            raise NotTried(
                "the other device stays in, and whether one may end it, the file does not say: "
                "[end_others], or has_option = false in [password]"
            )
        reply = self.requests.send(description.end_others, self.own_values())
        self._done(description.end_others, reply, "end the other sessions")
        return True

    # State

    def begin_to_add(self, sku: str, note: str = "") -> Begun:
        """Send all of a change but the last byte. What it writes can be told from all else."""
        return self._writing.begin(self._wanted("write"), sku, note)

    def took(self, reply: Reply) -> bool:
        """Return whether a change was confirmed; `Unexpected` where an answer does not tell."""
        return self._writing.took(reply)

    def counted(self, reply: Reply) -> bool:
        """Return whether a change among others was confirmed."""
        return bool(self._writing.confirmed(reply))

    def was_refused(self, reply: Reply) -> bool:
        """Return whether a change was refused for what it is; any other answer is `Unexpected`."""
        return self._writing.was_refused(reply)

    def put(self, sku: str, note: str = "") -> None:
        """Write; it must be taken. Where that takes a sign-in, others only have a look."""
        write = self.target.description.write
        if write and not write.without_sign_in and not self.has_signed_in:
            self.ask_who()
            return
        reply = self.add(sku, note)
        if not self.took(reply):
            raise Unexpected(f"to write was answered {told_of(reply)}")

    def remove(self, sku: str) -> None:
        """Do nothing: what is written next takes its place."""

    def cart(self) -> dict[str, dict[str, Any]]:
        """Return what is there of what was written, as ``{key: {"note": value}}``."""
        return self._writing.cart(self._wanted("read"))

    def ask_everything(self) -> list[Reply]:
        """Ask for whatever is kept of the visitor, whatever comes back."""
        question = self.target.description.read
        if question is None or self.target.blind or not self.requests.one_for_all(question):
            return [self.ask_who()]
        return [self.ask_who(), self.ask(question)]

    def told(self, reply: Reply) -> Any:
        """Return who is signed in by an answer, and what in it was written; a page has more."""
        return self.name_in(reply), self._writing.seen_in(reply)

    def is_known(self, replies: list[Reply], stranger: list[Reply]) -> bool:
        """Return whether answers to `ask_everything` show somebody, or more than to a stranger."""
        if self.name_in(replies[0]):
            return True
        pairs = zip(replies[1:], stranger[1:], strict=False)
        seen = self._writing.seen_in
        return any(seen(now).keys() - seen(then).keys() for now, then in pairs)

    # Requests

    def ask(self, question: Question, **values: str) -> Reply:
        """Ask, whatever comes back; `Unexpected` where no more is answered now."""
        target = self.target
        others = somebody_elses(question, target.description, target.known_to_all, target.people)
        known = others | self.values | self.own_values() | values
        reply = self.requests.step(question, known, taking=False)
        if reply.status in _TOO_OFTEN:
            raise Unexpected(
                f"{question.path} takes no more requests now: it answered {told_of(reply)}"
            )
        return reply

    def own_values(self) -> dict[str, str]:
        """Return what may stand in a request about oneself, nothing without an account."""
        return self.target.values_of(self.person) if self.person else {}

    def answered(self, reply: Reply, what: str) -> Reply:
        """Return ``reply``; `Unexpected` where it is an error of the server's."""
        if reply.status >= 500:
            raise Unexpected(f"{what}, it answered {told_of(reply)}")
        return reply

    def _wanted(self, table: str) -> Any:
        found = getattr(self.target.description, table)
        if found is None:
            raise NotTried(f"the file has no [{table}]")
        return found

    def _done(self, request: Request, reply: Reply, what: str) -> Reply:
        """Return ``reply``; `Unexpected` unless it is success."""
        last = request.in_order[-1]
        if last.refusal and looks_like(reply, last.refusal, self.own_values()):
            raise Unexpected(f"to {what} was answered {told_of(reply)}, which is a refusal")
        if last.success and not looks_like(reply, last.success, self.own_values()):
            raise Unexpected(f"to {what} was answered {told_of(reply)}, which is no success")
        if not last.success and reply.status >= 400:
            raise Unexpected(f"to {what} was answered {told_of(reply)}")
        return reply
