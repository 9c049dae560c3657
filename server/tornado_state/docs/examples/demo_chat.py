"""Tornado's demo *chat* on a WebSocket, for people who are signed in, until they sign out."""

import json
import uuid
from collections import deque
from typing import Any, ClassVar

from tornado.template import DictLoader
from tornado.web import authenticated
from tornado_state import Kind, StateApplication, StateHandler, StateWebSocketHandler

USER = Kind("user", str, identity=True, confidential=True, revocable=True)

Message = dict[str, str]


class Main(StateHandler):
    user = USER

    @authenticated
    def get(self) -> None:
        self.render("index.html", messages=ChatSocket.messages)


class SignIn(StateHandler):
    user = USER

    def get(self) -> None:
        self.render("sign_in.html")

    def post(self) -> None:
        self.state.sign_in(self.get_argument("name"))
        self.redirect("/")


class SignOut(StateHandler):
    user = USER

    def post(self) -> None:
        self.state.destroy()
        self.redirect("/sign-in")


class ChatSocket(StateWebSocketHandler):
    user = USER
    waiters: ClassVar[set["ChatSocket"]] = set()
    messages: ClassVar[deque[Message]] = deque(maxlen=200)

    def get_compression_options(self) -> dict[str, Any]:
        return {}

    def open(self, *args: str, **kwargs: str) -> None:
        if self.current_user is None:
            self.close(self.session_ended_code, "sign in first")
        else:
            self.waiters.add(self)

    def on_close(self) -> None:
        self.waiters.discard(self)

    def on_message(self, message: str | bytes) -> None:
        if self not in self.waiters:
            return
        body = str(json.loads(message)["body"])
        chat = {"id": str(uuid.uuid4()), "from": self.current_user, "body": body}
        chat["html"] = self.render_string("message.html", message=chat).decode()
        self.messages.append(chat)
        for waiter in self.waiters:
            waiter.write_message(chat)


TEMPLATES = {
    "index.html": """<!doctype html><title>Chat</title><div id="inbox">
        {% for message in messages %}{% include "message.html" %}{% end %}</div>
        <form id="say"><input name="body"></form>
        <form action="/sign-out" method="post"><button>Sign out</button></form>
        <script>
        const socket = new WebSocket(location.href.replace("http", "ws") + "chatsocket");
        socket.onmessage = (event) =>
            inbox.insertAdjacentHTML("beforeend", JSON.parse(event.data).html);
        socket.onclose = (event) => { if (event.code === 4401) location = "/sign-in"; };
        say.onsubmit = () => {
            socket.send(JSON.stringify({body: say.body.value}));
            say.reset();
            return false;
        };
        </script>""",
    "message.html": """<p id="m{{ message["id"] }}">{{ message["from"] }}: {{ message["body"] }}</p>""",
    "sign_in.html": """<form method="post"><input name="name" required><button>Sign in</button></form>""",
}


def make_app(**settings: Any) -> StateApplication:
    routes = [
        ("/", Main),
        ("/sign-in", SignIn),
        ("/sign-out", SignOut),
        ("/chatsocket", ChatSocket),
    ]
    settings = {"login_url": "/sign-in", **settings}
    # Tornado keeps loaders by their path.
    templates: dict[str, Any] = {
        "template_loader": DictLoader(TEMPLATES),
        "template_path": __name__,
    }
    return StateApplication(routes, **templates, **settings)
