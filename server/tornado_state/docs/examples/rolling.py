"""A new secret, in three steps, each on every process before the next begins."""

from typing import Any

from tornado_state import Kind, StateApplication, StateHandler

VISITS = Kind("visits", int, default=0, fresh=True)


class Visits(StateHandler):
    visits = VISITS

    def get(self) -> None:
        self.visits += 1
        self.write(str(self.visits))


def make_app(step: int, old: str, new: str, **settings: Any) -> StateApplication:
    secrets: list[dict[str, Any]] = [
        {"cookie_secret": old},  # as it was: a lone secret is version 0
        {"cookie_secret": {0: old, 1: new}, "key_version": 0},  # 1. all know the new one
        {"cookie_secret": {0: old, 1: new}, "key_version": 1},  # 2. it signs
        {"cookie_secret": {1: new}},  # 3. the old one is forgotten
    ]
    return StateApplication([("/", Visits)], **secrets[step], **settings)
