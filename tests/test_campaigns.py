"""What campaigns do before they begin, and that they can fail, in small numbers."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import campaign_real_applications
import pytest
from campaign_outage import Client, served
from campaign_races import increments, strangers, touching
from chosen_store import STORES, command_line
from opened_store import LONG, closing, new_key
from raced_stores import cut_connections, opened
from tornado_state.stores.redis.commands import RedisCommand
from tornado_state.stores.redis.connection import Wire
from tornado_state.stores.redis.lane import RedisLane

from compare.app_process import ROOT
from compare.store_process import StoreProcess


def test_an_application_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing tried is nothing found: it would look like a campaign that is done."""
    with pytest.raises(SystemExit) as ended:
        campaign_real_applications.main(["wordpress", "no_such_thing"])
    assert ended.value.code == 2
    assert "no_such_thing" in capsys.readouterr().err


def test_a_store_that_no_campaign_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Else it would be memcached that was tried."""
    with pytest.raises(SystemExit) as ended:
        command_line(None).parse_args(["--store=sqlite"])
    assert ended.value.code == 2
    assert "sqlite" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["races", "races-weak", "outage", "releases", "sockets"])
def test_make_hands_the_store_on(target: str) -> None:
    """Its server is what is needed, and its name what the campaign is told."""
    command = ["make", "-n", f"campaign-{target}", "STORE=redis"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert ".ci/need redis-server" in said
    assert "--store=redis" in said


@pytest.fixture(params=STORES, scope="module")
def process(request: pytest.FixtureRequest) -> Iterator[StoreProcess]:
    """The server of each store."""
    with STORES[request.param]() as started:
        yield started


@pytest.mark.parametrize("weak", [False, True])
async def test_the_planted_weakness_alone_loses(process: StoreProcess, weak: bool) -> None:
    """A campaign that cannot fail shows nothing."""
    async with (
        closing(opened(process, LONG, weak=weak)) as one,
        closing(opened(process, LONG, weak=weak)) as other,
    ):
        missing, made = await increments([touching(one), touching(other)], 10)
    assert made == 20
    assert bool(missing) is weak


async def test_connections_are_cut(process: StoreProcess) -> None:
    """What asks then is answered over another one."""
    async with closing(opened(process, LONG)) as store:
        for _ in range(2):
            assert await store.load(new_key()) is None
        (first,) = cut_connections(store)
        assert await store.load(new_key()) is None
        (second,) = cut_connections(store)
    assert first is not second


async def _slip(_: RedisLane, wire: Wire, commands: list[RedisCommand]) -> list[RedisCommand]:
    """Take all answers for those of the commands alone that somebody still waits for."""
    replies = await wire.exchange([each.request() for each in commands])
    wanted = [each for each in commands if each.is_wanted()]
    return [each for each, reply in zip(wanted, replies, strict=False) if each.hear(reply)]


async def test_answers_that_slip_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lookups are cancelled while they are under way, and another's record is no session."""
    monkeypatch.setattr(RedisLane, "_ask", _slip)
    with STORES["redis"]() as redis:
        wrong, answered = await strangers(redis, 5_000)
    assert 0 < wrong < answered


async def test_lookups_are_counted(process: StoreProcess) -> None:
    """Whether there is a record or not, and a write is none."""
    key = new_key()
    async with closing(opened(process, LONG)) as store:
        assert await store.add(key, b"record", 60)
        before = process.lookups()
        assert await store.load(new_key()) is None
        found = await store.load(key)
        assert await store.cas(key, b"another", found.token, 60)
    assert process.lookups() - before == 2


async def test_a_visitor_of_an_outage_is_signed_in_and_out() -> None:
    """The small application answers the same questions as the shop."""
    with STORES["redis"]() as store, served(store) as new_client:
        visitor: Client = new_client()
        assert (await visitor.ask("/health")).code == 200
        assert await visitor.known() == 401
        await visitor.begin()
        assert (await visitor.ask(visitor.page)).code == 200
        assert await visitor.known() == 200
        assert await visitor.sign_out() == 204
        assert await visitor.known() == 401
