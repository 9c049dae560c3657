"""A Tornado application to try the checker on where nothing else is installed: ``PORT``."""

import asyncio
import secrets
import sys

from tornado.web import Application, RequestHandler

SESSIONS = {}


class Page(RequestHandler):
    """Signs in, signs out, and tells who is signed in."""

    def get(self):
        """Tell."""
        user = SESSIONS.get(self.get_cookie("sid"))
        self.write(f"user {user}" if user else "nobody")

    def post(self):
        """Do it."""
        if self.request.path == "/logout":
            SESSIONS.pop(self.get_cookie("sid"), None)
        elif self.get_body_argument("password") == "a password for trials":
            session_id = secrets.token_urlsafe(32)
            SESSIONS[session_id] = self.get_body_argument("name")
            self.set_cookie("sid", session_id, httponly=True, samesite="Lax")


def make_app():
    """Return it."""
    return Application([("/.*", Page)])


async def main():
    """Serve it."""
    make_app().listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
