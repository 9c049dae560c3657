"""Whatever requests do, and whatever fails: nobody finds what was written for somebody else.

Handlers write whose it is into what they keep, in the session and in a cookie. What the visitor's
cookies lead to afterwards, with an honest store, is of whoever is signed in then.
``MODEL_EXAMPLES=5000`` tries that many programs, at random.
"""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from typing import Any

import pytest
from abroad_app import application
from commanded_store import Gate, fails, loses_its_answer
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tornado.web import HTTPError
from tornado_state import Kind, StateError, StateHandler
from without_sockets import ask

#: What may be so beforehand, what may be done, and how a request may end.
STEPS = st.one_of(
    st.sampled_from(["secret", "draft", "commit", "update", "reload", "renew", "destroy"]),
    st.sampled_from(["sign in ann", "sign in ben"]),
    st.builds(
        "fault {} {}".format,
        st.sampled_from(["load", "add", "cas", "cas", "delete"]),
        st.sampled_from(["before", "after"]),
    ),
    st.builds(
        "interrupt {} {}".format,
        st.sampled_from(["commit", "update"]),
        st.sampled_from(["before", "after"]),
    ),
    st.builds(
        "beside commit {}".format,
        st.sampled_from(["secret", "draft", "reload", "sign_in_ann", "sign_in_ben", "destroy"]),
    ),
    # Who assigns beside a reload has read nothing of who it may turn out to be.
    st.builds("beside reload {}".format, st.sampled_from(["reload", "sign_in_ann", "destroy"])),
)
REQUESTS = st.lists(
    st.tuples(st.lists(STEPS, max_size=6), st.sampled_from(["answer", "answer", "fail", "away"])),
    min_size=1,
    max_size=4,
)
EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))


class Whose(StateHandler):
    """Does step by step what a program says."""

    secret = Kind("secret", str, default="", confidential=True)
    draft = Kind("draft", str, default="")
    program: tuple[list[str], str] = ([], "answer")

    def get(self) -> None:
        self.write({"user": self.user, "secret": self.secret, "draft": self.draft})

    async def post(self) -> None:
        steps, ending = Whose.program
        self.assigned: set[str] = set()
        for step in steps:
            with suppress(StateError):
                await self.do(*step.split())
        if ending == "fail":
            raise HTTPError(500)
        self.application.session_store.away = ending == "away"

    async def do(self, what: str, *rest: str) -> None:
        store = self.application.session_store
        if what == "sign":
            self.state.sign_in(rest[-1])
            for name in self.assigned:  # what a request assigned before a sign-in is kept with it
                setattr(self, name, f"of {rest[-1]}")
        elif what == "fault":
            store.tell(rest[0], fails if rest[1] == "before" else loses_its_answer)
        elif what == "interrupt":
            gate = Gate()
            store.tell("cas", gate.before if rest[1] == "before" else gate.after)
            task = asyncio.ensure_future(self.do(rest[0]))
            reached = asyncio.ensure_future(gate.reached.wait())
            await asyncio.wait([task, reached], return_when=asyncio.FIRST_COMPLETED)
            task.cancel()
            reached.cancel()
            store.commands.clear()
            await asyncio.wait([task])
        elif what == "beside":
            await asyncio.gather(
                self.do(rest[0]), self.do(*rest[1].split("_")), return_exceptions=True
            )
        else:
            await getattr(self, f"do_{what}")()

    async def do_secret(self) -> None:
        self.secret = f"of {self.user}"
        self.assigned.add("secret")

    async def do_draft(self) -> None:
        self.draft = f"of {self.user}"
        self.assigned.add("draft")

    async def do_commit(self) -> None:
        await self.state.commit()

    async def do_update(self) -> None:
        whose = f"of {self.user}"
        self.assigned.add("secret")
        await self.state.update(Whose.secret, lambda _: whose)

    async def do_reload(self) -> None:
        await self.state.reload()

    async def do_renew(self) -> None:
        self.state.renew_id()

    async def do_destroy(self) -> None:
        self.state.destroy()


class InSession(Whose):
    """The session says who is signed in."""

    user = Kind("user", str, identity=True, confidential=True, revocable=True)


class InCookie(Whose):
    """A signed cookie says it."""

    user = Kind("user", str, identity=True)


@pytest.mark.parametrize("page", [InSession, InCookie])
def test_nobody_finds_what_is_somebody_elses(page: type[Whose]) -> None:
    """Of whoever is signed in, or nothing; and a GET is answered."""

    @settings(
        max_examples=EXAMPLES or 50,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @example([(["sign in ann", "secret"], "answer"), (["sign in ben", "secret", "update"], "fail")])
    @example(
        [
            (["secret"], "answer"),
            (["sign in ann", "interrupt commit before", "beside commit reload"], "answer"),
        ]
    )
    @example(
        [
            (
                [
                    *["secret", "beside reload destroy", "sign in ann"],
                    *["beside commit sign_in_ann", "reload"],
                ],
                "answer",
            ),
        ]
    )
    @example(
        [
            (
                [
                    *["beside reload destroy", "secret"],
                    *["beside commit sign_in_ann", "beside commit reload"],
                ],
                "answer",
            ),
        ]
    )
    @given(REQUESTS)
    def whatever(requests: list[tuple[list[str], str]]) -> None:
        asyncio.run(found_after(page, requests))

    whatever()


async def found_after(page: type[Whose], requests: Any) -> None:
    made, jar = application({"/": page}), dict[str, str]()
    store = made.session_store
    for program in requests:
        Whose.program = program
        await ask(made, "/", jar)
        store.away = False
        store.commands.clear()
        answer = await ask(made, "/", jar, "GET")
        assert answer.code == 200
        values = json.loads(answer.body)
        whose = {"", f"of {values['user']}"}
        assert {values["secret"], values["draft"]} <= whose, values
