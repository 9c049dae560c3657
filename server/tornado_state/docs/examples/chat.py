"""A chat: a WebSocket with its visitor's state, which is closed when the session ends."""

from typing import Any, ClassVar

from tornado_state import Kind, StateApplication, StateHandler, StateWebSocketHandler

USER = Kind("user", str, identity=True, confidential=True, revocable=True)
SENT = Kind("sent", int, default=0, fresh=True, concurrent=True)


class SignIn(StateHandler):
    user = USER

    def post(self) -> None:
        self.state.sign_in(self.get_argument("name"))


class SignOut(StateHandler):
    user = USER

    def post(self) -> None:
        self.state.destroy()


class Chat(StateWebSocketHandler):
    user = USER
    sent = SENT
    everybody: ClassVar[set["Chat"]] = set()

    def open(self, *args: str, **kwargs: str) -> None:
        self.everybody.add(self)

    def on_close(self) -> None:
        self.everybody.discard(self)

    async def on_message(self, message: str | bytes) -> None:
        async with self.open_state() as state:
            name = state[USER]
            number = await state.update(SENT, lambda n: n + 1)
        for other in self.everybody:
            await other.write_message(f"{name} ({number}): {message!s}")


def make_app(**settings: Any) -> StateApplication:
    return StateApplication(
        [("/sign-in", SignIn), ("/sign-out", SignOut), ("/chat", Chat)], **settings
    )
