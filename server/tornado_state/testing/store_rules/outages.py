"""No answer is no answer: never None, never False, and never anything but `StoreUnavailable`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ...exceptions import StoreUnavailable
from ...stores.base import SessionStore
from .base import StoreRules, made, new_key, rule, skip


class OutageRules(StoreRules):
    """A store that is well passes its check; one out of reach is never taken for an empty one."""

    @rule
    async def test_a_store_that_is_well_passes_its_check(self, store: SessionStore) -> None:
        """Check returns, keeps nothing, and may be called again."""
        await store.check()
        await store.check()

    @rule
    async def test_out_of_reach_is_never_absent(self, store: SessionStore) -> None:
        """Where nobody answers, every method and the check raise StoreUnavailable, each time."""
        out_of_reach = self.make_store_out_of_reach()
        if out_of_reach is None:
            skip("this store is never out of reach")
        lost = await made(out_of_reach)
        try:
            for _ in range(2):
                for name, call in _calls(lost).items():
                    await self._unavailable(name, call)
        finally:
            await self.close_store(lost)

    async def _unavailable(self, name: str, call: Callable[[], Awaitable[object]]) -> None:
        try:
            answer = await call()
        except StoreUnavailable:
            return
        raise AssertionError(f"{name}: {answer!r}, and nobody can tell: StoreUnavailable")


def _calls(store: SessionStore) -> dict[str, Callable[[], Awaitable[object]]]:
    key = new_key()
    return {
        "check": store.check,
        "load": lambda: store.load(key),
        "add": lambda: store.add(key, b"record", 60),
        "cas": lambda: store.cas(key, b"record", b"1", 60),
        "touch": lambda: store.touch(key, 60),
        "load_and_touch": lambda: store.load_and_touch(key, 60),
        "delete": lambda: store.delete(key),
    }
