"""An application with sign-in, sessions in its memory, and habits of its own: ``PORT HABIT``.

None of its habits breaks a promise of session handling but those that a test says break one.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
from typing import Any

from tornado.web import Application, RequestHandler

ACCOUNTS = {"ann": "violet-otter-91"}
SESSIONS: dict[str, dict[str, Any]] = {}
MOST_LOOKS = 6
habit = sys.argv[2]
looks = 0


class Site(RequestHandler):
    def session(self) -> dict[str, Any] | None:
        names = ("sid", "remembered") if habit == "either_of_two_cookies" else ("sid",)
        found = [SESSIONS.get(self.get_cookie(name) or "") for name in names]
        return next(filter(None, found), None)

    def get(self) -> None:
        global looks  # noqa: PLW0603 (there is one of it in a process)
        session = self.session()
        if self.request.path == "/notes":
            self.write(json.dumps(session["notes"] if session else {}))
            return
        looks += 1
        if habit == "limits_how_often_one_asks" and looks > MOST_LOOKS:
            self.set_status(429)
        elif habit == "shows_the_time":
            self.write(f"{time.monotonic_ns()}: ")
        elif habit == "sets_its_cookie_with_each_answer" and session:
            self.keep(self.get_cookie("sid") or "")
        self.write(f"user {session['user']}" if session else "nobody")

    def post(self) -> None:
        getattr(self, self.request.path.removeprefix("/"))()

    def keep(self, session_id: str) -> None:
        self.set_cookie("sid", session_id, httponly=True, samesite="Lax")

    def login(self) -> None:
        name = self.get_body_argument("name")
        if ACCOUNTS.get(name) != self.get_body_argument("password"):
            self.send_error(403)
            return
        session_id = secrets.token_hex(7 if habit == "has_short_ids" else 16)
        SESSIONS[session_id] = {"user": name, "notes": {}}
        if habit == "either_of_two_cookies":
            self.set_cookie("sid", session_id)
            self.set_cookie("remembered", session_id)
            return
        if habit == "deletes_its_cookie_first":
            self.add_header("Set-Cookie", "sid=; Max-Age=0; Path=/")
        self.keep(session_id)

    def logout(self) -> None:
        SESSIONS.pop(self.get_cookie("sid") or "", None)

    def note(self) -> None:
        if session := self.session():
            session["notes"][self.get_body_argument("key")] = self.get_body_argument("value")

    def password(self) -> None:
        session = self.session()
        if session is None or habit == "says_200_and_changes_no_password":
            return
        ACCOUNTS[session["user"]] = self.get_body_argument("new")
        if habit == "changes_the_password_without_an_answer":
            self.detach().close()
            self._finished = True


async def main() -> None:
    Application([("/.*", Site)]).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
