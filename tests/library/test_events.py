"""What happens to sessions: counted, logged once in a while, told."""

from __future__ import annotations

import asyncio
import logging

import pytest
from state_app import ADA, BASKET, WHO, Visitor, World, with_session
from tornado_state import StoreRefused, TooLarge
from tornado_state.events import Events
from watched_store import Clock


def test_everything_is_counted_and_told() -> None:
    """By name, whether or not there is a sentence for it."""
    told: list[str] = []
    events = Events(told.append)
    for event in ("signed_in", "forged", "forged"):
        events.tell(event)
    assert told == ["signed_in", "forged", "forged"]
    assert events.counts == {"signed_in": 1, "forged": 2}


@pytest.mark.parametrize("error", [RuntimeError, asyncio.CancelledError])
async def test_a_listener_that_fails_changes_nothing_of_what_happened(
    error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    """A sign-in is none the less confirmed, and a forged cookie no reason for an answer of 500."""

    def fails(event: str) -> None:
        raise error(event)

    visitor = Visitor(World(state_events=fails))
    state = await visitor.state(WHO)
    state.sign_in(ADA)
    await visitor.answer(state)
    assert (await visitor.state(WHO))[WHO] == ADA
    assert caplog.messages == ["state_events failed"]


def test_what_anybody_can_bring_about_is_logged_once_in_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With how often it was since; another event has lines of its own."""
    clock = Clock()
    events = Events(clock=clock)
    for _ in range(3):
        events.tell("forged", "a cookie was refused")
    events.tell("unreadable", "a record is none of ours")
    clock.pass_(59)
    events.tell("forged", "a cookie was refused")
    clock.pass_(1)
    events.tell("forged", "a cookie was refused")
    assert caplog.messages == [
        "a cookie was refused (1 since the last line)",
        "a record is none of ours (1 since the last line)",
        "a cookie was refused (4 since the last line)",
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


async def test_what_a_handler_asked_for_is_told_once_it_is_confirmed() -> None:
    """Sign-in, renewal and sign-out; a visit that only counts is nothing."""
    visitor = Visitor(World())
    for ask in (
        lambda state: state.__setitem__(BASKET, 1),
        lambda state: state.sign_in(ADA),
        lambda state: state.renew_id(),
        lambda state: state.destroy(),
    ):
        state = await visitor.state(WHO, BASKET)
        ask(state)
        await visitor.answer(state)
    assert visitor.world.events == ["signed_in", "renewed", "signed_out"]


async def test_a_change_that_was_refused_is_told() -> None:
    """Because it is too large, or because the store has no room."""
    visitor = await with_session()
    with pytest.raises(TooLarge):
        await visitor.assign(lines=[1] * 32_767)
    visitor.world.store.fail("cas", why=StoreRefused("full"))
    with pytest.raises(StoreRefused):
        await visitor.assign(basket=2)
    assert visitor.world.events == ["refused", "refused"]
