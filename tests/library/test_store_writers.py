"""What somebody can do who writes to the store and has a session of his own, and what not."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from abroad_app import EMPTY, FILLED, Browser, serving
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tornado_state.cookies.signing import Signer
from tornado_state.sessions.sealing import Contents, Sealer

FORGED = b'{"user":{"id":"admin"},"visits":99}'


def own_id(browser: Browser) -> str:
    """Return the session ID as its holder reads it out of the cookie."""
    signer = Signer({0: browser.application.settings["cookie_secret"]}, "state")
    signed = signer.verify("state-session-id", browser.jar["state-session-id"])
    assert signed is not None
    return signed.value.decode()


def by_id_alone(session_id: str, store_key: str, now: int) -> bytes:
    """Seal with what the holder of an ID knows and nothing else."""
    key = hmac.digest(session_id.encode(), b"record key\x01", "sha256")
    text = b"%d,%d,0,%s" % (now, now, FORGED)
    sealed = AESGCM(key).encrypt(bytes(12), text, b"\x01" + store_key.encode())
    return b"\x01" + bytes(12) + sealed


def by_a_guess(session_id: str, _store_key: str, now: int) -> bytes:
    """Seal as the library does, with a secret that is not the application's."""
    sealer = Sealer({0: b"a guess that is not the true one!"}, "state", 0)
    return sealer.seal(session_id, Contents(now, now, False, FORGED))


@pytest.mark.parametrize("forge", [by_id_alone, by_a_guess])
async def test_the_holder_of_an_id_cannot_write_its_record(forge: Any) -> None:
    """Neither another person nor other values: what was not sealed with the secret is no record."""
    async with serving() as browser:
        await browser.fetch("/fill", "POST")
        (key,) = browser.store._kept
        now = int(browser.application.settings["state_clock"]())
        forged = forge(own_id(browser), key, now)
        browser.store.tamper(lambda sealed: forged)
        values = await browser.values()
        assert (values["user"], values["visits"]) == (None, 0)
        assert browser.application.state_events.counts["unreadable"] == 1


async def test_the_holder_of_an_id_cannot_tell_where_its_record_is() -> None:
    """The store key does not follow from the ID alone."""
    async with serving() as browser:
        await browser.fetch("/fill", "POST")
        session_id = own_id(browser).encode()
        for label in (b"store key\x01", b"store key\0" + session_id + b"\x01"):
            derived = hmac.digest(session_id, label, "sha256")
            assert urlsafe_b64encode(derived).rstrip(b"=").decode() not in browser.store._kept


async def test_a_record_put_back_is_its_own_session_as_it_was() -> None:
    """What remains: it is nobody else's and no later sign-in's, and counts no longer."""
    async with serving() as browser:
        await browser.fetch("/fill", "POST")
        ((key, kept),) = browser.store._kept.items()
        before_sign_in = browser.copy()
        await browser.fetch("/login", "POST")
        browser.store._kept[key] = kept
        assert await before_sign_in.values() == FILLED
        assert (await browser.values())["user"] == "ann"
        browser.application.settings["state_clock"].pass_(43_200)
        browser.store._kept[key] = kept._replace(expires=float("inf"))
        seen = await before_sign_in.values()
        assert (seen["visits"], seen["user"]) == (EMPTY["visits"], None)
