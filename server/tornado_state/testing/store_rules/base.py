"""What the author of a store overrides, and how a rule is run."""

from __future__ import annotations

import asyncio
import secrets
import unittest
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, TypeVar

from ...stores.base import SessionRecord, SessionStore

#: How often a rule looks before it says that something did not come to be.
_LOOKS = 600

RulesT = TypeVar("RulesT", bound="StoreRules")


class StoreRules:
    """What a store's author overrides; only `make_store` must be."""

    #: Whether two stores that `make_store` returns in one test keep the same records.
    shared = False

    def make_store(self) -> SessionStore | Awaitable[SessionStore]:
        """Return a new store, within the event loop that it is used in; may be ``async``."""
        raise NotImplementedError(f"{type(self).__name__} overrides make_store")

    def make_store_out_of_reach(self) -> SessionStore | Awaitable[SessionStore] | None:
        """Return a store whose server is away; None, as here, where there is no such thing."""
        return None

    async def close_store(self, store: SessionStore) -> None:
        """End a store that was made here."""
        await store.close()

    async def let_time_pass(self) -> None:
        """Let up to a second pass, by the store's clock; override it where that can be turned."""
        await asyncio.sleep(0.05)

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Fail unless ``found`` is ``wanted``, of the same type."""
        if type(found) is not type(wanted) or found != wanted:
            raise AssertionError(f"{what}: {_shown(found)}, and must be {_shown(wanted)}")

    async def read(self, store: SessionStore, key: str) -> SessionRecord:
        """Return the record, which must be there, or fail."""
        record = await store.load(key)
        if record is None:
            raise AssertionError("load: None, and the record must be there")
        self.expect("the type of a record's bytes", type(record.sealed), bytes)
        self.expect("the type of a token", type(record.token), bytes)
        return record

    async def until_gone(self, store: SessionStore, key: str) -> None:
        """Return once the record has expired; fail when it does not."""
        for _ in range(_LOOKS):
            if await store.load(key) is None:
                return
            await self.let_time_pass()
        raise AssertionError("the record has not expired, long after its idle seconds")

    async def refused(self, what: str, call: Callable[[], Awaitable[object]]) -> str:
        """Return the text of the `ValueError` that ``call`` must raise."""
        try:
            answer = await call()
        except ValueError as error:
            return str(error)
        raise AssertionError(f"{what}: {_shown(answer)}, and must be refused with a ValueError")


def new_key() -> str:
    """Return a store key that nobody has."""
    return secrets.token_urlsafe(32)


def rule(test: Callable[[RulesT, SessionStore], Awaitable[None]]) -> Callable[[RulesT], None]:
    """Make a test of what is said about a store: a method that runs it on one that is new."""

    async def with_store(rules: RulesT) -> None:
        store = await made(rules.make_store())
        try:
            await test(rules, store)
        finally:
            await rules.close_store(store)

    def run(self: RulesT) -> None:
        asyncio.run(with_store(self))

    # Not `functools.wraps`: pytest would take the parameters of what is wrapped for fixtures.
    run.__name__, run.__qualname__, run.__doc__ = test.__name__, test.__qualname__, test.__doc__
    run.__module__ = test.__module__
    return run


async def made(store: SessionStore | Awaitable[SessionStore]) -> SessionStore:
    """Return the store that an author's method, ``async`` or not, has made."""
    return store if isinstance(store, SessionStore) else await store


def skip(why: str) -> NoReturn:
    """Leave the rule out, in the way that both unittest and pytest understand."""
    raise unittest.SkipTest(why)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 200 else f"{text[:200]}... ({len(text)} characters)"
