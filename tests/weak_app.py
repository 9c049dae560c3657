"""The server-session shop with a weakness planted, so that experiments can be seen to find it.

``python -m weak_app`` with the weakness's name in ``WEAKNESS`` takes the options of the application
it spoils. Each is what some session layer in use does.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import sys
import time
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from tornado_state import (
    SERVER_SESSION,
    SIGNED_COOKIE,
    Conflict,
    PlacementTable,
    RequestState,
    ServerSessionTier,
    Signer,
    StateError,
)
from tornado_state.cookies import signed_cookie, wire
from tornado_state.cookies.client_state import ClientState
from tornado_state.cookies.signed_cookie import SignedValue
from tornado_state.sessions import record_contents, server_session, session_records
from tornado_state.sessions.sealing import decode, encode
from tornado_state.sessions.session import Session
from tornado_state.sessions.session_records import Found, SessionRecords

from server.cookie_app import COMPOSITION as COOKIE
from server.handlers import account, sessions, sign_in
from server.handlers.base import ShopHandler
from server.operation import start
from server.operation.start import Composition, main
from server.session_app import COMPOSITION as SESSION
from server.shop import CART, CREDENTIALS, PREFERENCES

Weakness = Callable[[], Composition]
WEAKNESSES: dict[str, Weakness] = {}


def weakness(function: Callable[[], Composition | None]) -> Callable[[], Composition | None]:
    """Plant it into the server-session shop, unless it returns another composition."""
    WEAKNESSES[function.__name__] = lambda: function() or SESSION
    return function


def placed(**tiers: Any) -> Composition:
    """Return the server-session shop with kinds placed elsewhere."""
    kinds = {kind.name: kind for kind in (PREFERENCES, CART, CREDENTIALS)}
    table = dict.fromkeys(kinds.values(), SERVER_SESSION)
    table |= {kinds[name]: tier for name, tier in tiers.items()}
    placement = PlacementTable(table, allow_misplaced=True)
    return Composition(SESSION.name, SESSION.title, SESSION.port, placement)


# What the cookies tell


@weakness
def tells_the_email_in_a_cookie() -> None:
    post = sign_in.LoginHandler.post

    async def spoiled(self: sign_in.LoginHandler) -> None:
        await post(self)
        credentials = self.state.get(CREDENTIALS)
        self.set_cookie("remember", b64encode(credentials["email"].encode()).decode())

    sign_in.LoginHandler.post = spoiled


@weakness
def trusts_a_signed_sign_in() -> Composition:
    return placed(credentials=SIGNED_COOKIE)


@weakness
def keeps_the_cart_in_a_cookie() -> Composition:
    return placed(cart=SIGNED_COOKIE)


@weakness
def verifies_no_signature() -> None:
    def spoiled(_self: Signer, _name: str, signed: str, **_options: Any) -> SignedValue | None:
        fields = signed.split("|")
        try:
            value = b64decode(fields[4].partition(":")[2], validate=True)
        except (IndexError, ValueError):
            return None
        return SignedValue(value, 0, 0)

    Signer.verify = spoiled


@weakness
def believes_any_cart_cookie() -> Composition:
    verify = Signer.verify

    def spoiled(self: Signer, name: str, signed: str, **options: Any) -> SignedValue | None:
        if not name.endswith("cart"):
            return verify(self, name, signed, **options)
        try:
            return SignedValue(b64decode(signed.split("|")[4].partition(":")[2]), 0, 0)
        except (IndexError, ValueError):
            return None

    Signer.verify = spoiled
    return placed(cart=SIGNED_COOKIE)


@weakness
def breaks_on_a_changed_cookie() -> None:
    verify = Signer.verify

    def spoiled(self: Signer, *arguments: Any, **options: Any) -> Any:
        verified = verify(self, *arguments, **options)
        assert verified is not None
        return verified

    Signer.verify = spoiled


@weakness
def knows_the_newest_secret_alone() -> None:
    init = Signer.__init__

    def spoiled(self: Signer, cookie_secret: Mapping[int, str], *arguments: Any) -> None:
        last = next(reversed(cookie_secret))
        init(self, {last: cookie_secret[last]}, *arguments)

    Signer.__init__ = spoiled


@weakness
def never_forgets_a_secret() -> None:
    init = Signer.__init__
    (run_dir,) = [each.partition("=")[2] for each in sys.argv if each.startswith("--run-dir=")]
    remembered = Path(run_dir, "remembered-secrets")

    def spoiled(self: Signer, cookie_secret: Mapping[int, str], *arguments: Any) -> None:
        known = json.loads(remembered.read_text()) if remembered.exists() else {}
        known |= {str(version): secret for version, secret in cookie_secret.items()}
        remembered.write_text(json.dumps(known))
        init(self, {int(version): secret for version, secret in known.items()}, *arguments)

    Signer.__init__ = spoiled


# Signing in


@weakness
def signs_nobody_in() -> None:
    async def spoiled(_self: sign_in.LoginHandler, signed_in: Any) -> dict[str, Any]:
        account = signed_in.account
        return {"username": account.username, "email": account.email, "signed_in_at": "now"}

    sign_in.LoginHandler._sign_in = spoiled


# Ending


@weakness
def signs_out_in_the_browser_only() -> None:
    async def spoiled(handler: Any) -> None:
        handler.add_header("Set-Cookie", "__Host-session-session-id=; Max-Age=0; Path=/; Secure")
        handler.answer_form(None, "/")

    sign_in.sign_out = spoiled


@weakness
def shows_the_cart_after_sign_out() -> None:
    async def spoiled(handler: Any) -> None:
        del handler.state[CREDENTIALS]
        await handler.state.commit()
        handler.add_header("Set-Cookie", "__Host-session-session-id=; Max-Age=0; Path=/; Secure")
        handler.answer_form(None, "/")

    sign_in.sign_out = spoiled


@weakness
def keeps_others_at_a_change_of_password() -> None:
    async def spoiled(_self: Any, _account_id: str, *_mine: str) -> int:
        return 0

    sessions.SessionsBase.end_others = spoiled


@weakness
def keeps_its_id_at_a_change_of_password() -> None:
    async def spoiled(self: account.PasswordHandler, sign_in: Any, *passwords: str) -> int:
        await self.accounts.change_password(sign_in.account.id, *passwords)
        return await self.end_others(sign_in.account.id)

    account.PasswordHandler._change = spoiled


@weakness
def remembers_sessions_in_the_process() -> None:
    find, add, remembered = SessionRecords.find, SessionRecords.add, {}

    async def remembering_find(self: SessionRecords, session_id: str) -> Any:
        found = await find(self, session_id)
        if found.stored is not None:
            remembered[session_id] = found
        return remembered.get(session_id, found)

    async def remembering_add(self: SessionRecords, *arguments: Any) -> Any:
        added = await add(self, *arguments)
        remembered[added.session_id] = Found(added)
        return added

    SessionRecords.find, SessionRecords.add = remembering_find, remembering_add


@weakness
def lists_only_the_current_session() -> None:
    living = sessions.SessionsHandler._living

    async def spoiled(self: sessions.SessionsHandler, account_id: str) -> list[Any]:
        rows = await living(self, account_id)
        return [row for row in rows if row.store_key == self.state.store_key]

    sessions.SessionsHandler._living = spoiled


@weakness
def says_that_it_ended_sessions() -> None:
    async def spoiled(_self: Any, _store_keys: Any) -> None:
        return None

    ServerSessionTier.end = spoiled


@weakness
def forgets_preferences_at_sign_out() -> Composition:
    def spoiled(self: ClientState) -> None:
        for kind in self._kinds:
            self._values[kind] = None
            self._loaded.setdefault(kind, b"")

    ClientState.drop_bound = spoiled
    return COOKIE


# Writing


@weakness
def saves_with_plain_set() -> None:
    async def update(self: RequestState, kind: Any, function: Any, initial: Any = None) -> Any:
        self[kind] = function(self.get(kind, initial))
        await asyncio.sleep(0.02)  # as long as a slow handler takes between reading and writing
        return self[kind]

    async def swap(self: SessionRecords, stored: Any, data: bytes) -> bool:
        contents = session_records.Contents(self._layouts.today, stored.created_at, data)
        await self.store.delete(stored.store_key)
        sealed = session_records.seal(stored.session_id, contents)
        await self.store.add(stored.store_key, sealed, self._expiry(stored.created_at))
        return True

    async def end(self: SessionRecords, stored: Any) -> None:
        await self.store.delete(stored.store_key)

    RequestState.update, SessionRecords.swap, SessionRecords.end = update, swap, end


@weakness
def refuses_every_change_of_a_cart() -> None:
    update = RequestState.update

    async def spoiled(self: RequestState, kind: Any, *arguments: Any) -> Any:
        if self.get(kind):
            raise Conflict(kind.name)
        return await update(self, kind, *arguments)

    RequestState.update = spoiled


@weakness
def answers_every_second_change_with_500() -> None:
    update, numbers = RequestState.update, count()

    async def spoiled(self: RequestState, kind: Any, *arguments: Any) -> Any:
        if kind is CART and self.get(kind) and next(numbers) % 2:
            raise StateError("every second one")
        return await update(self, kind, *arguments)

    RequestState.update = spoiled


@weakness
def answers_before_saving() -> None:
    async def update(self: RequestState, kind: Any, function: Any, initial: Any = None) -> Any:
        self[kind] = function(self.get(kind, initial))
        return self[kind]

    def close(self: RequestState) -> None:
        async def save() -> None:
            try:
                await self.commit()
            except StateError:
                return  # the answer has long said 200

        if self._session.stored is not None:
            self._saving = asyncio.ensure_future(save())

    must_wait = RequestState.must_wait

    def must_wait_for_new(self: RequestState) -> bool:
        return self._session.stored is None and must_wait(self)

    RequestState.update, RequestState.close = update, close
    RequestState.must_wait = must_wait_for_new


# Session IDs and time


@weakness
def keeps_its_id_at_sign_in() -> None:
    def spoiled(self: RequestState, kind: Any, value: Any) -> None:
        self[kind] = value

    RequestState.sign_in = spoiled


@weakness
def adopts_any_session_id() -> None:
    make = session_records.new_session_id

    async def spoiled(self: ServerSessionTier, cookies: Mapping[str, str]) -> Session:
        presented = self._cookie.read(cookies)
        if presented is None:
            return Session()
        found = await self.records.fetch(presented.session_id)
        if found is None:
            session_records.new_session_id = lambda: presented.session_id
            added = await self.records.add(b"{}")
            session_records.new_session_id = make
            found = await self.records.fetch(added.session_id)
        return Session(found)

    ServerSessionTier.load = spoiled


@weakness
def adopts_what_it_never_gave() -> None:
    make = session_records.new_session_id

    load = ServerSessionTier.load

    async def spoiled(self: ServerSessionTier, jar: Mapping[str, str]) -> Session:
        if self._cookie.read(jar) is not None:
            return await load(self, jar)
        presented = jar.get("__Host-session-session-id")
        if presented is None:
            return Session()
        made_up = urlsafe_b64encode(sha256(presented.encode()).digest()).decode().rstrip("=")
        found = await self.records.fetch(made_up)
        if found is None:
            session_records.new_session_id = lambda: made_up
            await self.records.add(b"{}")
            session_records.new_session_id = make
            found = await self.records.fetch(made_up)
        return Session(found)

    ServerSessionTier.load = spoiled


@weakness
def lets_scripts_read_its_cookies() -> None:
    written = wire.SetCookie.header.fget
    wire.SetCookie.header = property(lambda self: written(self).replace("HttpOnly; ", ""))


@weakness
def ignores_the_idle_timeout() -> None:
    SessionRecords._expiry = SessionRecords._remaining


@weakness
def never_pushes_the_idle_clock() -> None:
    SessionRecords.touch_due = lambda _self, _stored: False


@weakness
def ignores_the_absolute_timeout() -> None:
    init = SessionRecords.__init__

    def spoiled(self: SessionRecords, *arguments: Any, **options: Any) -> None:
        init(self, *arguments, **options)
        self._absolute_timeout = 10**9

    SessionRecords.__init__ = spoiled


@weakness
def shows_everybody_the_last_cart() -> None:
    get, update, last = RequestState.get, RequestState.update, {}

    def spoiled_get(self: RequestState, kind: Any, default: Any = None) -> Any:
        return last.get(kind, default) if kind is CART else get(self, kind, default)

    async def spoiled_update(self: RequestState, kind: Any, *arguments: Any) -> Any:
        last[kind] = await update(self, kind, *arguments)
        return last[kind]

    RequestState.get, RequestState.update = spoiled_get, spoiled_update


# Sizes


@weakness
def sends_cookies_of_any_size() -> Composition:
    signed_cookie.MAX_COOKIE = 1_000_000
    return COOKIE


@weakness
def loses_what_was_there_when_it_refuses() -> None:
    commit = ServerSessionTier.commit

    async def spoiled(self: ServerSessionTier, session: Session, *arguments: Any) -> Any:
        try:
            return await commit(self, session, *arguments)
        except server_session.TooLarge:
            await self.records.delete(session.stored)
            raise

    async def update(self: RequestState, kind: Any, function: Any, initial: Any = None) -> Any:
        self[kind] = function(self.get(kind, initial))
        return self[kind]

    server_session.TooLarge = session_records.TooLarge
    ServerSessionTier.commit, RequestState.update = spoiled, update


@weakness
def refuses_no_size() -> None:
    session_records._check_size = lambda _data, _fits: None


# The store


@weakness
def stores_what_anybody_can_read() -> None:
    def seal(_session_id: str, contents: Any) -> bytes:
        return encode([contents.layout, contents.created_at, contents.data.decode()])

    def unseal(_session_id: str, sealed: bytes) -> Any:
        layout, created_at, data = decode(sealed)
        return session_records.Contents(layout, created_at, data.encode())

    session_records.seal, record_contents.unseal = seal, unseal


@weakness
def stores_what_anybody_can_inflate() -> None:
    def seal(_session_id: str, contents: Any) -> bytes:
        plain = encode([contents.layout, contents.created_at, contents.data.decode()])
        return b"v1:" + gzip.compress(plain)

    def unseal(_session_id: str, sealed: bytes) -> Any:
        layout, created_at, data = decode(gzip.decompress(sealed.removeprefix(b"v1:")))
        return session_records.Contents(layout, created_at, data.encode())

    session_records.seal, record_contents.unseal = seal, unseal


@weakness
def uses_the_session_id_as_the_key() -> None:
    session_records.store_key = lambda session_id: session_id


@weakness
def takes_an_outage_for_signed_out() -> None:
    load = RequestState.load

    async def spoiled(self: RequestState) -> None:
        await load(self)
        if self._unloaded is not None and self._needs_session:
            self._session, self._unloaded = Session(), None

    RequestState.load = spoiled


@weakness
def takes_the_cookie_away_in_an_outage() -> None:
    write_error = ShopHandler.write_error

    def spoiled(self: ShopHandler, status_code: int, **kwargs: Any) -> None:
        if status_code == 503:
            self.add_header("Set-Cookie", "__Host-session-session-id=; Max-Age=0; Path=/; Secure")
        write_error(self, status_code, **kwargs)

    ShopHandler.write_error = spoiled


def when_away(wait: Callable[[int], Any]) -> None:
    """Have ``wait`` done, with its number, in each request that finds the store away."""
    load, numbers = RequestState.load, count()

    async def spoiled(self: RequestState) -> None:
        await load(self)
        if self._unloaded is not None and self._needs_session:
            pause = wait(next(numbers))
            if pause is not None:
                await pause

    RequestState.load = spoiled


@weakness
def blocks_once_in_an_outage() -> None:
    when_away(lambda number: None if number else time.sleep(0.45))


@weakness
def waits_long_in_an_outage() -> None:
    when_away(lambda _number: asyncio.sleep(1.2))


@weakness
def answers_an_outage_with_500() -> None:
    send_error = ShopHandler.send_error

    def spoiled(self: ShopHandler, status_code: int = 500, **kwargs: Any) -> None:
        send_error(self, status_code)

    ShopHandler.send_error = spoiled


@weakness
def never_says_that_a_session_ended() -> None:
    init = Session.__init__

    def spoiled(self: Session, stored: Any = None, **options: Any) -> None:
        init(self, stored, value=options.get("value"))

    Session.__init__ = spoiled


@weakness
def stores_a_session_for_whoever_looks() -> None:
    load = RequestState.load

    async def spoiled(self: RequestState) -> None:
        await load(self)
        if self._unloaded is None and not self._session:
            self._session["seen"] = True

    RequestState.load = spoiled


@weakness
def looks_up_three_times() -> None:
    load = ServerSessionTier.load

    async def spoiled(self: ServerSessionTier, cookies: Mapping[str, str]) -> Session:
        await load(self, cookies)
        await load(self, cookies)
        return await load(self, cookies)

    ServerSessionTier.load = spoiled


if __name__ == "__main__":
    assert start.main is main
    sys.exit(main(WEAKNESSES[os.environ["WEAKNESS"]]()))
