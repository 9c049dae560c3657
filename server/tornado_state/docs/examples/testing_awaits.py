"""The same tests with pytest and pytest-tornasync."""

from typing import Any

import pytest
from examples.signing_in import User, make_app
from tornado_state import StateApplication
from tornado_state.testing import CookieJar, sign_in


@pytest.fixture
def app() -> StateApplication:
    return make_app(
        cookie_secret="a secret of these tests, and of nothing else",
        session_store="memory://",
        cookie_secure=False,
    )


async def test_somebody_signed_in(app: StateApplication, http_server_client: Any) -> None:
    jar = CookieJar(await sign_in(app, User("ann")))
    answer = await jar.fetch(http_server_client, "/account")
    assert answer.body == b"signed in as ann"


async def test_signing_in_and_out(app: StateApplication, http_server_client: Any) -> None:
    jar = CookieJar()  # a browser
    form = "name=ann&password=correct+horse"
    answer = await jar.fetch(http_server_client, "/sign-in", method="POST", body=form)
    assert answer.body == b"signed in as ann"
    await jar.fetch(http_server_client, "/sign-out", method="POST", body="")
    assert dict(jar) == {}
