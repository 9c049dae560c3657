"""What is told of a request's state: in the log, to the browser, to Prometheus."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from old_visitors import Shown
from prometheus_client.parser import text_string_to_metric_families
from state_app import (
    ADA,
    BASKET,
    IN_SESSION,
    STEP,
    THEME,
    WHO,
    Browser,
    World,
    handler,
    serving,
    serving_application,
)
from tornado.web import Application
from tornado_state import CompositionError, StateApplication
from tornado_state.events import EVENTS
from tornado_state.metrics import MetricsHandler

LOG = "tornado_state.explaining"


class Does(Shown):
    """Does to its state what the request says."""

    def get(self) -> None:
        return

    def post(self) -> None:
        self.state[BASKET] += 1

    def put(self) -> None:
        self.state.sign_in(ADA)

    def patch(self) -> None:
        self.state.renew_id()

    def delete(self) -> None:
        self.state.destroy()

    def options(self) -> None:
        self.state.destroy()
        self.state[STEP] = "anew"


def changes_within(self: Any) -> None:
    self.state[WHO]["id"] = "x" * 70_000


ROUTES = {
    "/": handler(*IN_SESSION, base=Does),
    "/cookie": handler(THEME, get=lambda self: self.state.__setitem__(THEME, "dark")),
    "/drop": handler(THEME, get=lambda self: self.state.__delitem__(THEME)),
    "/poll": handler(*IN_SESSION, counts_as_use=False, get=lambda self: None),
    "/error": handler(*IN_SESSION, get=lambda self: self.set_status(500)),
    "/wrong": handler(*IN_SESSION, get=changes_within),
}


async def lines(caplog: Any, browser: Browser, path: str = "/", method: str = "GET") -> list[str]:
    """Return what is logged for a request."""
    caplog.clear()
    await browser.get(path, method=method)
    return [record.message for record in caplog.records if record.name == LOG]


NO_COOKIE = "no cookie sent: nothing that one keeps has changed"
COOKIE = "cookie __Host-shop-session-id sent: what it keeps is new"
NAMES_NONE = "session not loaded: the request names none"
LOADED = "session loaded: the request names it, and the handler uses a kind in it"
NOTHING_NEW = "session neither saved nor touched: it is as it was, and was used a moment ago"


async def test_every_thing_done_and_not_done_is_a_line(caplog: pytest.LogCaptureFixture) -> None:
    """With why, in the order of a visit."""
    caplog.set_level(logging.DEBUG, LOG)
    world = World()
    async with serving(world, ROUTES) as browser:
        none = "session not saved: there is none, and nothing was assigned"
        assert await lines(caplog, browser) == [NAMES_NONE, none, NO_COOKIE]
        first = "session saved, for the first time: basket assigned"
        assert await lines(caplog, browser, "/", "POST") == [NAMES_NONE, first, COOKIE]
        saved = "session saved: basket changed"
        assert await lines(caplog, browser, "/", "POST") == [LOADED, saved, NO_COOKIE]
        assert await lines(caplog, browser) == [LOADED, NOTHING_NEW, NO_COOKIE]
        world.clock.pass_(600)
        poll = "session not touched: the request is no use of it"
        assert await lines(caplog, browser, "/poll") == [LOADED, poll, NO_COOKIE]
        touched = "session touched: a part of its idle timeout has passed"
        assert await lines(caplog, browser) == [LOADED, touched, NO_COOKIE]
        signed_in = "session saved under a new ID: a sign-in was asked for"
        assert await lines(caplog, browser, "/", "PUT") == [LOADED, signed_in, COOKIE]
        renewed = "session saved under a new ID: a renewal was asked for"
        assert await lines(caplog, browser, "/", "PATCH") == [LOADED, renewed, COOKIE]
        anew = "session ended, and another one saved: step assigned after a sign-out"
        assert await lines(caplog, browser, "/", "OPTIONS") == [LOADED, anew, COOKIE]
        error = "session not saved: the answer is 500"
        assert await lines(caplog, browser, "/error") == [LOADED, error, NO_COOKIE]
        over = "session ended: a sign-out was asked for"
        cleared = "cookie __Host-shop-session-id sent: what it kept is over"
        jar = dict(browser.jar)
        assert await lines(caplog, browser, "/", "DELETE") == [LOADED, over, cleared]
        browser.jar = jar
        ended = "session loaded: the request names one that is over"
        assert await lines(caplog, browser) == [ended, none, NO_COOKIE]
        browser.jar = {"__Host-shop-session-id": "forged"}
        forged = f"{NAMES_NONE} that can be trusted"
        assert await lines(caplog, browser) == [forged, none, NO_COOKIE]


async def test_what_keeps_a_state_from_being_used_is_a_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A handler that needs no session, a store that is away, a value that is refused."""
    caplog.set_level(logging.DEBUG, LOG)
    world = World()
    async with serving(world, ROUTES) as browser:
        unused = [
            "session not loaded: the handler uses no kind that is in it",
            "session not saved: it was not loaded",
        ]
        kept = "cookie __Host-shop-theme sent: what it keeps is new"
        assert await lines(caplog, browser, "/cookie") == [*unused, kept]
        dropped = "cookie __Host-shop-theme sent: what it kept is over"
        assert await lines(caplog, browser, "/drop") == [*unused, dropped]
        await browser.get("/", method="PUT")
        refused = (await lines(caplog, browser, "/wrong"))[1]
        assert refused.startswith("session not saved: who")
        world.store.fail("load")
        away = ["session not loaded: no answer", "session not saved: it was not loaded", NO_COOKIE]
        assert await lines(caplog, browser) == away


async def test_a_line_has_no_id_and_no_value(caplog: pytest.LogCaptureFixture) -> None:
    """Names of kinds and of cookies, and nothing that somebody has."""
    caplog.set_level(logging.DEBUG, LOG)
    async with serving(World(), ROUTES) as browser:
        said = await lines(caplog, browser, "/", "PUT")
        for secret in (*ADA.values(), *browser.jar.values()):
            assert secret not in " ".join(said)


async def test_nobody_who_does_not_log_it_pays_for_it(caplog: pytest.LogCaptureFixture) -> None:
    """At the level INFO there is no line."""
    caplog.set_level(logging.INFO, LOG)
    async with serving(World(), ROUTES) as browser:
        assert await lines(caplog, browser, "/", "POST") == []


@pytest.mark.parametrize("timing", [True, False])
async def test_a_browser_is_told_what_state_took_if_that_is_asked_for(timing: bool) -> None:
    """In ``Server-Timing``, beside what the handler says there itself."""

    async def everything(self: Any) -> None:
        self.set_header("Server-Timing", "mine;dur=1.0")
        await self.state.update(BASKET, lambda n: n + 1)
        await self.state.commit()
        await self.state.reload()
        self.state[BASKET] += 1

    world = World(state_timing=timing)
    async with serving(world, {"/": handler(BASKET, get=everything)}) as browser:
        await browser.get("/")
        told = (await browser.get("/")).headers.get_list("Server-Timing")
        assert told[0] == "mine;dur=1.0"
        assert bool([each for each in told if re.fullmatch(r"state;dur=\d+\.\d", each)]) is timing


async def test_events_are_counted_for_prometheus() -> None:
    """Every one has a line from the beginning, in both of its formats."""
    world = World()
    application = StateApplication(
        [*ROUTES.items(), ("/metrics", MetricsHandler)], **world.settings
    )
    async with serving_application(application) as browser:
        await browser.get("/", method="PUT")
        await browser.get("/", method="PATCH")
        await browser.get("/", method="PATCH")
        answer = await browser.get("/metrics")
        assert answer.headers["Content-Type"].startswith("text/plain")
        (family,) = text_string_to_metric_families(answer.body.decode())
        counted = {sample.labels["event"]: sample.value for sample in family.samples}
        expected = {**dict.fromkeys(EVENTS, 0), "signed_in": 1, "renewed": 2}
        assert counted == expected
        asked = await browser.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")
        assert asked.headers["Content-Type"].startswith("application/openmetrics-text")


async def test_metrics_of_another_application_are_refused() -> None:
    """It counts nothing of state."""
    async with serving_application(Application([("/", MetricsHandler)])) as browser:
        assert (await browser.get("/")).code == 500
    assert issubclass(CompositionError, ValueError)
