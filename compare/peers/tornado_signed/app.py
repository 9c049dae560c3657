"""Tornado's sign-in with a signed cookie, as in "Authentication and security" of its user guide."""

import asyncio
import json
import os

import tornado

people: dict[str, str] = {}


class BaseHandler(tornado.web.RequestHandler):
    def get_current_user(self):
        return self.get_signed_cookie("user")

    def sent(self):
        return json.loads(self.request.body)


class RegisterHandler(BaseHandler):
    def post(self):
        people[self.sent()["username"]] = self.sent()["password"]
        self.set_status(201)


class LoginHandler(BaseHandler):
    def post(self):
        if people.get(self.sent()["username"]) != self.sent()["password"]:
            raise tornado.web.HTTPError(401)
        self.set_signed_cookie("user", self.sent()["username"])
        self.redirect("/me")


class LogoutHandler(BaseHandler):
    def post(self):
        self.clear_cookie("user")
        self.redirect("/me")


class MeHandler(BaseHandler):
    def get(self):
        if not self.current_user:
            raise tornado.web.HTTPError(401)
        self.write({"username": tornado.escape.to_unicode(self.current_user)})


class PasswordHandler(BaseHandler):
    def post(self):
        name = tornado.escape.to_unicode(self.current_user or b"")
        if people.get(name) != self.sent()["current"]:
            raise tornado.web.HTTPError(401)
        people[name] = self.sent()["new"]
        self.set_status(204)


class NotesHandler(BaseHandler):
    def notes(self):
        return json.loads(self.get_signed_cookie("notes") or "{}")

    def post(self):
        notes = self.notes() | {self.sent()["name"]: self.sent()["text"]}
        self.set_signed_cookie("notes", json.dumps(notes))
        self.write(notes)

    def get(self):
        self.write(self.notes())


async def main():
    app = tornado.web.Application(
        [
            ("/register", RegisterHandler),
            ("/login", LoginHandler),
            ("/logout", LogoutHandler),
            ("/me", MeHandler),
            ("/password", PasswordHandler),
            ("/notes", NotesHandler),
        ],
        cookie_secret="__TODO:_GENERATE_YOUR_OWN_RANDOM_VALUE_HERE__",
    )
    app.listen(int(os.environ["PORT"]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
