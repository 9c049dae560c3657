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
    Kind,
    PlacementTable,
    RequestState,
    StateError,
    TooLarge,
)
from tornado_state.cookies import tier as cookie_tier
from tornado_state.cookies import wire
from tornado_state.cookies.client_state import ClientState
from tornado_state.cookies.signing import SignedValue, Signer
from tornado_state.delegates import LoadFirst
from tornado_state.sessions import records
from tornado_state.sessions.clocks import Clocks
from tornado_state.sessions.endings import Endings
from tornado_state.sessions.id_cookie import Presented, SessionIDCookie
from tornado_state.sessions.records import SessionRecords
from tornado_state.sessions.request_session import RequestSession
from tornado_state.sessions.sealing import Contents, Sealer
from tornado_state.sessions.session import Session
from tornado_state.sessions.stored import Found
from tornado_state.sessions.tier import ServerSessionTier

from server.cookie_app import COMPOSITION as COOKIE
from server.handlers import account, sessions, sign_in
from server.handlers.base import ShopHandler
from server.operation import start
from server.operation.start import Composition, main
from server.session_app import COMPOSITION as SESSION
from server.shop import CART, CREDENTIALS, PREFERENCES, Credentials

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


def let_go(handler: ShopHandler) -> None:
    """Have the browser forget the session ID, and the store not: the library refuses to."""
    name = handler.application.composition.sessions.cookie_name
    RequestState.check_cookies = lambda _self, _headers: None
    handler.add_header("Set-Cookie", f"{name}=; Max-Age=0; Path=/")


# What the cookies tell


@weakness
def tells_the_email_in_a_cookie() -> None:
    post = sign_in.LoginHandler.post

    async def spoiled(self: sign_in.LoginHandler) -> None:
        await post(self)
        self.set_cookie("remember", b64encode(self.credentials.email.encode()).decode())

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
            return SignedValue(
                b64decode(signed.split("|")[4].partition(":")[2]), int(self._clock()), 0
            )
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

    def spoiled(self: Signer, secrets: Mapping[int, bytes], *more: Any, **options: Any) -> None:
        last = options["key_version"]
        init(self, {last: secrets[last]}, *more, **options)

    Signer.__init__ = spoiled


@weakness
def never_forgets_a_secret() -> None:
    never_forgetting(Signer)
    never_forgetting(Sealer)


def never_forgetting(signs: Any) -> None:
    """Have what signs or seals know every secret that it was ever told."""
    init = signs.__init__
    (run_dir,) = [each.partition("=")[2] for each in sys.argv if each.startswith("--run-dir=")]
    remembered = Path(run_dir, "remembered-secrets")

    def spoiled(self: Any, secrets: Mapping[int, bytes], *more: Any, **options: Any) -> None:
        known = json.loads(remembered.read_text()) if remembered.exists() else {}
        known |= {str(version): secret.decode() for version, secret in secrets.items()}
        remembered.write_text(json.dumps(known))
        bytes_of = {int(version): secret.encode() for version, secret in known.items()}
        init(self, bytes_of, *more, **options)

    signs.__init__ = spoiled


# Signing in


@weakness
def signs_nobody_in() -> None:
    async def spoiled(_self: sign_in.LoginHandler, signed_in: Any) -> Credentials:
        account = signed_in.account
        return Credentials(account.id, account.username, account.email, "now")

    sign_in.LoginHandler._sign_in = spoiled


# Ending


@weakness
def signs_out_in_the_browser_only() -> None:
    async def spoiled(handler: Any) -> None:
        let_go(handler)
        handler.answer_form(None, "/")

    sign_in.sign_out = spoiled


@weakness
def shows_the_cart_after_sign_out() -> None:
    async def spoiled(handler: Any) -> None:
        handler.state._drop(CREDENTIALS)
        await handler.state.commit()
        let_go(handler)
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
    load_by_a_task()


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
    drop_ending = ClientState.drop_ending

    def spoiled(self: ClientState, *, everything: bool) -> None:
        drop_ending(self, everything=True)

    ClientState.drop_ending = spoiled
    return COOKIE


# Writing


def load_by_a_task() -> None:
    """Have each session loaded by `RequestSession.load`, as one that was renewed is."""

    def load_and(self: LoadFirst, begin: Callable[[], object]) -> None:
        if self._state.needs_loading():
            self._loading = asyncio.ensure_future(self._load_and_begin(begin))
        else:
            self._begin(begin)

    LoadFirst._load_and = load_and


def load_with_the_headers() -> None:
    """Have the state read as soon as a request begins, long before its body is there."""

    async def early(self: LoadFirst, *head: Any) -> None:
        if self._state.needs_loading():
            await self._state.load()
        begun = self._handler.headers_received(*head)
        if begun is not None:
            await begun

    LoadFirst.headers_received = early
    LoadFirst._load_and = LoadFirst._begin


@weakness
def saves_with_plain_set() -> None:
    async def update(self: RequestState, kind: Any, function: Any) -> Any:
        self[kind] = function(self[kind])
        await asyncio.sleep(0.02)  # as long as a slow handler takes between reading and writing
        return self[kind]

    async def swap(self: SessionRecords, stored: Any, new: Any, _address: str) -> bool:
        await self.store.delete(stored.store_key)
        await self.store.add(new.store_key, new.sealed, self.expiry(stored))
        return True

    async def end(self: Endings, stored: Any) -> None:
        await self._records.delete(stored)

    RequestState.update, SessionRecords.swap, Endings.end = update, swap, end
    load_with_the_headers()


@weakness
def refuses_every_change_of_a_cart() -> None:
    update = RequestState.update

    async def spoiled(self: RequestState, kind: Any, *arguments: Any) -> Any:
        if kind in self:
            raise Conflict((kind.name,))
        return await update(self, kind, *arguments)

    RequestState.update = spoiled


@weakness
def answers_every_second_change_with_500() -> None:
    update, numbers = RequestState.update, count()

    async def spoiled(self: RequestState, kind: Any, *arguments: Any) -> Any:
        if kind is CART and kind in self and next(numbers) % 2:
            raise StateError("every second one")
        return await update(self, kind, *arguments)

    RequestState.update = spoiled


@weakness
def answers_before_saving() -> None:
    saving = set()

    async def update(self: RequestState, kind: Any, function: Any) -> Any:
        self[kind] = function(self[kind])
        return self[kind]

    def close(self: RequestState) -> None:
        async def save() -> None:
            try:
                await self.commit()
            except StateError:
                return  # the answer has long said 200

        if self.store_key is not None:
            saving.add(asyncio.ensure_future(save()))

    must_wait = RequestState.must_wait

    def must_wait_for_new(self: RequestState, **options: bool) -> bool:
        return self.store_key is None and must_wait(self, **options)

    RequestState.update, RequestState.close = update, close
    RequestState.must_wait = must_wait_for_new
    load_with_the_headers()


# Session IDs and time


@weakness
def keeps_its_id_at_sign_in() -> None:
    def spoiled(self: RequestState, value: Credentials, _remember: bool = False) -> None:
        self._person = CREDENTIALS.person(value)
        self._assign(CREDENTIALS, value)

    RequestState.sign_in = spoiled


@weakness
def adopts_any_session_id() -> None:
    make = records.new_session_id

    async def spoiled(self: ServerSessionTier, presented: Presented) -> Session:
        if presented.session_id is None:
            return self.empty(presented)
        found = await self.records.fetch(presented.session_id)
        if found is None:
            records.new_session_id = lambda _version: presented.session_id
            added = await self.records.add({}, None, remembered=False)
            records.new_session_id = make
            found = await self.records.fetch(added.session_id)
        return Session(found, rules=self.rules, presented=presented)

    ServerSessionTier.load = spoiled
    load_by_a_task()


@weakness
def adopts_what_it_never_gave() -> None:
    read = SessionIDCookie.read

    def spoiled(self: SessionIDCookie, cookies: wire.Cookies) -> Presented:
        presented, value = read(self, cookies), cookies.get(self.name)
        if presented.session_id is not None or value is None:
            return presented
        made_up = urlsafe_b64encode(sha256(value.encode()).digest()).decode().rstrip("=")
        return Presented(f"0.{made_up}", named=True)

    SessionIDCookie.read = spoiled
    adopts_any_session_id()


@weakness
def lets_scripts_read_its_cookies() -> None:
    written = wire.SetCookie.header.fget
    wire.SetCookie.header = property(lambda self: written(self).replace("HttpOnly; ", ""))


@weakness
def ignores_the_idle_timeout() -> None:
    remaining = Clocks.remaining
    Clocks.expiry = lambda self, *times, remembered, anonymous: remaining(
        self, *times, remembered=remembered
    )


@weakness
def never_pushes_the_idle_clock() -> None:
    SessionRecords.touch_due = lambda _self, _stored: False


@weakness
def ignores_the_absolute_timeout() -> None:
    Clocks.absolute = lambda _self, **_options: 10**9


@weakness
def shows_everybody_the_last_cart() -> None:
    get, update, last = RequestState.__getitem__, RequestState.update, {}

    def spoiled_get(self: RequestState, kind: Any) -> Any:
        return last.get(kind, {}) if kind is CART else get(self, kind)

    async def spoiled_update(self: RequestState, kind: Any, *arguments: Any) -> Any:
        last[kind] = await update(self, kind, *arguments)
        return last[kind]

    RequestState.__getitem__, RequestState.update = spoiled_get, spoiled_update


# Sizes


@weakness
def sends_cookies_of_any_size() -> Composition:
    cookie_tier.MAX_COOKIE = 1_000_000
    return COOKIE


@weakness
def loses_what_was_there_when_it_refuses() -> None:
    update = RequestState.update

    async def spoiled(self: RequestState, kind: Any, function: Any) -> Any:
        try:
            return await update(self, kind, function)
        except TooLarge:
            await self.end([self.store_key])
            raise

    RequestState.update = spoiled


@weakness
def refuses_no_size() -> None:
    records.check_size = lambda _values, _fits: None
    CART.values._size = 10**9


# The store


def keep_as(write: Callable[[bytes], bytes], read: Callable[[bytes], bytes]) -> None:
    """Have records written plainly, but for what ``write`` does and ``read`` undoes."""

    def seal(_: Sealer, _id: str, contents: Contents, *, last_word: bool = False) -> bytes:
        plain = json.dumps([*contents[:3], contents.data.decode()], separators=(",", ":"))
        return (b"\x02" if last_word else b"\x01") + write(plain.encode())

    def unseal(_: Sealer, _id: str, sealed: bytes) -> Contents:
        *times, data = json.loads(read(sealed[1:]))
        return Contents(*times, data.encode())

    Sealer.seal, Sealer.unseal = seal, unseal


@weakness
def stores_what_anybody_can_read() -> None:
    keep_as(lambda plain: plain, lambda kept: kept)


@weakness
def stores_what_anybody_can_inflate() -> None:
    keep_as(
        lambda plain: b"v1:" + gzip.compress(plain),
        lambda kept: gzip.decompress(kept.removeprefix(b"v1:")),
    )


@weakness
def uses_the_session_id_as_the_key() -> None:
    Sealer._store_key = lambda _self, session_id: session_id.partition(".")[2]


@weakness
def takes_an_outage_for_signed_out() -> None:
    load = RequestSession.load

    async def spoiled(self: RequestSession) -> None:
        await load(self)
        if not self.is_loaded:
            self.take_over(self.tier.empty(self._presented))
            self.is_loaded = True

    RequestSession.load = spoiled
    load_by_a_task()


@weakness
def takes_the_cookie_away_in_an_outage() -> None:
    write_error = ShopHandler.write_error

    def spoiled(self: ShopHandler, status_code: int, **kwargs: Any) -> None:
        if status_code == 503:
            let_go(self)
        write_error(self, status_code, **kwargs)

    ShopHandler.write_error = spoiled


def when_away(wait: Callable[[int], Any]) -> None:
    """Have ``wait`` done, with its number, in each request that finds the store away."""
    load, numbers = RequestSession.load, count()

    async def spoiled(self: RequestSession) -> None:
        await load(self)
        if not self.is_loaded:
            pause = wait(next(numbers))
            if pause is not None:
                await pause

    RequestSession.load = spoiled
    load_by_a_task()


@weakness
def blocks_once_in_an_outage() -> None:
    when_away(lambda number: None if number else time.sleep(0.9))


@weakness
def waits_long_in_an_outage() -> None:
    when_away(lambda _number: asyncio.sleep(1.9))


@weakness
def answers_an_outage_with_500() -> None:
    send_error = ShopHandler.send_error

    def spoiled(self: ShopHandler, status_code: int = 500, **kwargs: Any) -> None:
        send_error(self, status_code)

    ShopHandler.send_error = spoiled


@weakness
def never_says_that_a_session_ended() -> None:
    RequestState.ended = property(lambda _self: False)


@weakness
def stores_a_session_for_whoever_looks() -> None:
    seen, needs_loading = Kind("seen", bool), RequestSession.needs_loading

    def spoiled(self: RequestSession) -> bool:
        waits = needs_loading(self)
        if not waits and self.is_loaded:
            self.known.journal.assign(seen, True)
        return waits

    RequestSession.needs_loading = spoiled


@weakness
def looks_up_three_times() -> None:
    load = ServerSessionTier.load

    async def spoiled(self: ServerSessionTier, presented: Presented) -> Session:
        await load(self, presented)
        await load(self, presented)
        return await load(self, presented)

    ServerSessionTier.load = spoiled
    load_by_a_task()


if __name__ == "__main__":
    assert start.main is main
    sys.exit(main(WEAKNESSES[os.environ["WEAKNESS"]]()))
