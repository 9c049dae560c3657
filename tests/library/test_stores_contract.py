"""The contract suite itself: it finds what stores get wrong, with pytest and with unittest."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
import unittest
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tornado_state.exceptions import StoreUnavailable
from tornado_state.stores import MemoryStore, SessionRecord, SessionStore
from tornado_state.testing import StoreContract


class Weak(MemoryStore):
    """A store in memory with a mistake; ``now`` is its clock."""

    now = 0.0

    def __init__(self) -> None:
        super().__init__(lambda: type(self).now)


class UnconditionalCas(Weak):
    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        record = await self.load(key)
        return await super().cas(key, sealed, record.token if record else token, idle)


class CasThatCreates(Weak):
    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        stored = await super().cas(key, sealed, token, idle)
        return await self.add(key, sealed, idle) if stored is None else stored


class CasThatAnswersFalseForNothing(Weak):
    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        return bool(await super().cas(key, sealed, token, idle))


class CasInTwoSteps(Weak):
    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        record = await self.load(key)
        await asyncio.sleep(0)
        if record is None or record.token != token:
            return await super().cas(key, sealed, token, idle)
        now = await self.load(key)
        return await super().cas(key, sealed, now.token if now else token, idle)


class CasThatLeavesTheClock(Weak):
    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        expires = self._kept[key].expires if key in self._kept else 0
        stored = await super().cas(key, sealed, token, idle)
        if stored:
            self._kept[key] = self._kept[key]._replace(expires=expires)
        return stored


class AddThatReplaces(Weak):
    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        await self.delete(key)
        return await super().add(key, sealed, idle)


class AddInTwoSteps(Weak):
    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        if await self.load(key):
            return False
        await asyncio.sleep(0)
        await self.delete(key)
        return await super().add(key, sealed, idle)


class AddThatKeepsAlive(Weak):
    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        await self.touch(key, idle)
        return await super().add(key, sealed, idle)


class TouchThatResurrects(Weak):
    def __init__(self) -> None:
        super().__init__()
        self._ended: dict[str, Any] = {}

    async def delete(self, key: str) -> bool:
        if key in self._kept:
            self._ended[key] = self._kept[key]
        return await super().delete(key)

    async def touch(self, key: str, idle: int) -> bool:
        if key in self._ended:
            self._kept[key] = self._ended.pop(key)
        return await super().touch(key, idle)


class TouchThatCreates(Weak):
    async def touch(self, key: str, idle: int) -> bool:
        return await super().touch(key, idle) or not await self.add(key, b"", idle)


class TouchThatDoesNothing(Weak):
    async def touch(self, key: str, idle: int) -> bool:
        return await super().touch(key, idle) if await self.load(key) is None else True


class TouchThatMakesAVersion(Weak):
    async def touch(self, key: str, idle: int) -> bool:
        record = await self.load(key)
        if record:
            return bool(await self.cas(key, record.sealed, record.token, idle))
        return await super().touch(key, idle)


class TouchThatNeverShortens(Weak):
    async def touch(self, key: str, idle: int) -> bool:
        expires = self._kept[key].expires if key in self._kept else 0
        touched = await super().touch(key, idle)
        if touched:
            later = max(expires, self._kept[key].expires)
            self._kept[key] = self._kept[key]._replace(expires=later)
        return touched


class TokensFromBytes(Weak):
    def _keep(self, key: str, sealed: bytes, idle: int) -> None:
        super()._keep(key, sealed, idle)
        kept = self._kept[key]
        self._kept[key] = kept._replace(record=SessionRecord(sealed, sealed[:16]))


class TokensThatBeginAnew(Weak):
    def __init__(self) -> None:
        super().__init__()
        self._numbers: Counter[str] = Counter()

    def _keep(self, key: str, sealed: bytes, idle: int) -> None:
        super()._keep(key, sealed, idle)
        self._numbers[key] += 1
        record = SessionRecord(sealed, b"%d" % self._numbers[key])
        self._kept[key] = self._kept[key]._replace(record=record)

    async def delete(self, key: str) -> bool:
        self._numbers.pop(key, None)
        return await super().delete(key)


class TokensAsNumbers(Weak):
    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        int(token)
        return await super().cas(key, sealed, token, idle)


class TokensOfText(Weak):
    async def load(self, key: str) -> SessionRecord | None:
        record = await super().load(key)
        return record and SessionRecord(record.sealed, record.token.decode())  # type: ignore[arg-type]


class DeleteThatIsAlwaysTrue(Weak):
    async def delete(self, key: str) -> bool:
        await super().delete(key)
        return True


class DeleteThatRaises(Weak):
    async def delete(self, key: str) -> bool:
        if not await super().delete(key):
            raise KeyError(key)
        return True


class DeleteThatForgets(Weak):
    async def delete(self, key: str) -> bool:
        return await self.load(key) is not None


class ExpiryIgnored(Weak):
    def __init__(self) -> None:
        super().__init__()
        self._clock = lambda: 0.0


class ExpiryPushedByLoad(Weak):
    async def load(self, key: str) -> SessionRecord | None:
        await self.touch(key, 60)
        return await super().load(key)


class ExpiryTheSameForAll(Weak):
    def _keep(self, key: str, sealed: bytes, idle: int) -> None:
        super()._keep(key, sealed, min(idle, 1))


class ExpiryInTheWay(Weak):
    """What has expired is absent to a load, and taken to an add that comes first."""

    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        return key not in self._kept and await super().add(key, sealed, idle)


class ExpirySeenByLoadAlone(Weak):
    async def touch(self, key: str, idle: int) -> bool:
        if key in self._kept:
            self._kept[key] = self._kept[key]._replace(expires=self._clock() + idle)
        return await super().touch(key, idle)


class BytesAsText(Weak):
    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        return await super().add(key, sealed.decode(errors="replace").encode(), idle)


class BytesStripped(Weak):
    async def load(self, key: str) -> SessionRecord | None:
        record = await super().load(key)
        return record and record._replace(sealed=record.sealed.rstrip())


class BytesCut(Weak):
    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        return await super().cas(key, sealed[:65_535], token, idle)


class KeysCut(Weak):
    async def load(self, key: str) -> SessionRecord | None:
        await super().load(key)
        return await super().load(key[:42] + "A")

    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        return await super().add(key[:42] + "A", sealed, idle)


class KeysInOneCase(Weak):
    async def load(self, key: str) -> SessionRecord | None:
        return await super().load(key.lower())

    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        return await super().add(key.lower(), sealed, idle)


class KeysUnchecked(Weak):
    async def load(self, key: str) -> SessionRecord | None:
        return await super().load(key) if len(key) == 43 else None


class KeysShown(Weak):
    async def delete(self, key: str) -> bool:
        try:
            return await super().delete(key)
        except ValueError as error:
            raise ValueError(f"{error}: {key}") from error


class IdleRounded(Weak):
    async def touch(self, key: str, idle: int) -> bool:
        return await super().touch(key, int(idle))


class SizesUnchecked(Weak):
    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        return await super().add(key, sealed[:10], idle)


class AbsenceRaised(Weak):
    async def load(self, key: str) -> SessionRecord | None:
        record = await super().load(key)
        if record is None:
            raise LookupError("no such record")
        return record


class Remembering(Weak):
    """Two stores on the same records, of which each remembers what it has read."""

    everywhere: dict[str, Any] = {}  # noqa: RUF012 - it is what they share

    def __init__(self) -> None:
        super().__init__()
        self._kept = self.everywhere
        self._read: dict[str, SessionRecord | None] = {}

    async def load(self, key: str) -> SessionRecord | None:
        if self._read.get(key) is None:
            self._read[key] = await super().load(key)
        return self._read[key]

    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        self._read.pop(key, None)
        return await super().cas(key, sealed, token, idle)

    async def delete(self, key: str) -> bool:
        self._read.pop(key, None)
        return await super().delete(key)


class Slow(Weak):
    """Answers everybody who waits in one go, by what was asked for; cancelled, it mixes them up."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[asyncio.Future[SessionRecord | None]] = []
        self._keys: list[str] = []

    async def load(self, key: str) -> SessionRecord | None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._keys.append(key)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._send)
        return await future

    def _send(self) -> None:
        waiting = [future for future in self._waiting if not future.done()]
        for future, key in zip(waiting, self._keys, strict=False):
            kept = self._alive(key)
            future.set_result(kept.record if kept else None)
        self._waiting.clear()
        self._keys.clear()


#: What is wrong, and a rule that must find it.
WEAK: dict[type[Weak], str] = {
    UnconditionalCas: "cas_replaces_what_was_read",
    CasThatCreates: "a_late_write_never_brings_back_what_was_deleted",
    CasThatAnswersFalseForNothing: "absence_is_an_answer",
    CasInTwoSteps: "one_of_many_replaces",
    CasThatLeavesTheClock: "cas_keeps_a_record_alive",
    AddThatReplaces: "add_creates_and_never_replaces",
    AddInTwoSteps: "one_of_many_creates",
    AddThatKeepsAlive: "a_refused_write_leaves_the_clock_alone",
    TouchThatResurrects: "a_late_write_never_brings_back_what_was_deleted",
    TouchThatCreates: "asking_creates_nothing",
    TouchThatDoesNothing: "touch_keeps_a_record_alive",
    TouchThatMakesAVersion: "keeping_alive_is_no_new_version",
    TouchThatNeverShortens: "the_last_word_on_the_clock_counts",
    TokensFromBytes: "equal_bytes_do_not_make_a_stale_token_good",
    TokensThatBeginAnew: "an_old_token_is_no_good_for_a_new_record",
    TokensAsNumbers: "bytes_that_were_never_a_token_name_no_version",
    TokensOfText: "add_creates_and_never_replaces",
    DeleteThatIsAlwaysTrue: "delete_ends_a_record_once",
    DeleteThatRaises: "absence_is_an_answer",
    DeleteThatForgets: "what_was_written_is_read_at_once",
    ExpiryIgnored: "a_record_expires",
    ExpiryPushedByLoad: "a_record_expires",
    ExpiryTheSameForAll: "records_expire_each_by_its_own_clock",
    ExpiryInTheWay: "what_expired_unseen_is_absent_as_well",
    ExpirySeenByLoadAlone: "what_expired_unseen_is_absent_as_well",
    BytesAsText: "bytes_come_back_as_they_went",
    BytesStripped: "bytes_come_back_as_they_went",
    BytesCut: "bytes_come_back_as_they_went",
    KeysCut: "every_character_of_a_key_counts",
    KeysInOneCase: "every_character_of_a_key_counts",
    KeysUnchecked: "what_is_no_key_is_refused_by_every_method",
    KeysShown: "what_is_no_key_is_refused_by_every_method",
    IdleRounded: "idle_is_a_whole_number_of_seconds",
    SizesUnchecked: "what_is_too_large_is_refused",
    AbsenceRaised: "absence_is_an_answer",
    Remembering: "stores_on_the_same_records_agree",
    Slow: "whoever_leaves_takes_nobody_along",
}


def contract_of(store: type[Weak], *bases: type) -> type[Any]:
    """Return a class of tests for ``store``, as its author would write it."""

    class Tests(StoreContract, *bases):  # type: ignore[misc]
        shared = store is Remembering

        def make_store(self) -> SessionStore:
            return store()

        async def let_time_pass(self) -> None:
            store.now += 1

    return Tests


def failures_of(tests: type[Any]) -> dict[str, str]:
    """Run the tests with unittest; return what is wrong, by the name of the rule."""
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(tests).run(result)
    assert result.testsRun > 25
    return {test.id().rpartition(".test_")[2]: why for test, why in result.failures + result.errors}


@pytest.mark.parametrize("store", WEAK, ids=lambda store: store.__name__)
def test_a_planted_weakness_is_found(store: type[Weak]) -> None:
    """Each mistake that stores make breaks the rule that is about it."""
    assert WEAK[store] in failures_of(contract_of(store, unittest.TestCase))


@pytest.mark.parametrize("base", [unittest.TestCase, unittest.IsolatedAsyncioTestCase])
def test_a_store_that_is_right_passes_with_unittest(base: type) -> None:
    """Both kinds of test case run every rule, and none fails."""
    assert failures_of(contract_of(Weak, base)) == {}


class Deaf(Weak):
    """Takes an outage for absence."""

    async def check(self) -> None:
        raise StoreUnavailable("nobody answers")


async def nobody(*_: Any) -> Any:
    raise StoreUnavailable("nobody answers")


class Lost(Weak):
    """Tells an outage from absence."""

    check = load = add = cas = touch = load_and_touch = delete = nobody


class LostButForDelete(Lost):
    delete = Weak.delete


@pytest.mark.parametrize(
    ("store", "wrong"), [(Lost, set()), (Deaf, {"load"}), (LostButForDelete, {"delete"})]
)
def test_an_outage_that_is_taken_for_absence_is_found(store: type[Weak], wrong: set[str]) -> None:
    """The rule names the first method that answers although nobody is there."""

    class Tests(contract_of(Weak, unittest.TestCase)):  # type: ignore[misc]
        def make_store_out_of_reach(self) -> SessionStore:
            return store()

    failed = failures_of(Tests)
    assert set(failed) == ({"out_of_reach_is_never_absent"} if wrong else set())
    assert all(f"{name}: " in failed["out_of_reach_is_never_absent"] for name in wrong)


class FiveMethods(SessionStore):
    """What a store's author has to write, and no more."""

    def __init__(self, kept: MemoryStore) -> None:
        self._kept = kept

    async def load(self, key: str) -> SessionRecord | None:
        return await self._kept.load(key)

    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        return await self._kept.add(key, sealed, idle)

    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        return await self._kept.cas(key, sealed, token, idle)

    async def touch(self, key: str, idle: int) -> bool:
        return await self._kept.touch(key, idle)

    async def delete(self, key: str) -> bool:
        return await self._kept.delete(key)


class TestFiveMethods(StoreContract):
    """The defaults of the contract keep it."""

    now = 0.0

    def make_store(self) -> SessionStore:
        return FiveMethods(MemoryStore(lambda: self.now))

    async def let_time_pass(self) -> None:
        self.now += 1


def test_a_contract_without_a_store_says_what_is_missing() -> None:
    """make_store is the one method that an author must write."""
    with pytest.raises(NotImplementedError, match="overrides make_store"):
        StoreContract().test_absence_is_an_answer()


AUTHOR = """
import unittest
from tornado_state.stores import MemoryStore
from tornado_state.testing import StoreContract


class TestMine(StoreContract{base}):
    now = 0

    async def make_store(self):
        return MemoryStore(lambda: self.now)

    async def let_time_pass(self):
        self.now += 1
"""

RUNNERS: dict[str, tuple[str, list[str]]] = {
    "pytest": ("", ["pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"]),
    "unittest": (", unittest.TestCase", ["unittest", "-v", "test_mine"]),
}


@pytest.mark.parametrize("runner", RUNNERS)
def test_the_suite_runs_as_an_author_runs_it(tmp_path: Path, runner: str) -> None:
    """A file of ten lines, without a plugin or a setting, runs every rule."""
    base, command = RUNNERS[runner]
    (tmp_path / "test_mine.py").write_text(AUTHOR.format(base=base))
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PATH": ""}
    said = subprocess.run(
        [sys.executable, "-W", "error", "-m", *command],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stdout + said.stderr
    assert "skipped" in said.stdout + said.stderr


def rules() -> dict[str, Callable[..., object]]:
    return {
        name: getattr(StoreContract, name) for name in dir(StoreContract) if name.startswith("test")
    }


def test_every_rule_is_said_in_a_sentence() -> None:
    """The first line of each test's docstring is what a store must do."""
    for name, test in rules().items():
        assert (test.__doc__ or "").strip().endswith("."), name
        assert "\n" not in (test.__doc__ or ""), name


def test_the_suite_needs_no_test_framework() -> None:
    """From the wheel alone: nothing but the library is imported."""
    code = "import sys, tornado_state.testing; print('pytest' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_a_rule_does_not_wait_for_what_will_not_come() -> None:
    """On a clock that is turned, expiry that is ignored is found at once."""
    began = time.process_time()
    assert "a_record_expires" in failures_of(contract_of(ExpiryIgnored, unittest.TestCase))
    assert time.process_time() - began < 30


def test_a_store_of_five_methods_tells_no_more_than_it_knows() -> None:
    """Neither how much room it has, nor that anybody else would answer."""
    store = FiveMethods(MemoryStore())
    assert store.room is None
    assert not store.may_answer_elsewhere
