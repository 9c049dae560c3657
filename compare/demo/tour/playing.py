"""Playing a step on both sides of a booth, beat by beat, as the page asks for it. Blocks.

Rule 1: the first beat begins a step anew, whatever was before; another one counts only as the next
of the step that is being played.
Rule 2: a store that was taken away is back before anything else begins, the visitor is signed in
on both sides, and both carts are the same: what came of one step does not differ in the next.
Rule 3: what has been told of a step stays with the booth: a page that is loaded anew, another tab
and the file to be saved tell the same. ``pages`` are the two browsers' pages after each beat.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from ...shop_visitor import ShopVisitor
from ...waiting import wait_until
from ..booth import Booth
from ..lab import You, level_carts
from ..scene import Stage
from .step import Beat, Step
from .steps import BY_NAME

_LOADED = re.compile(r"<link [^>]*>|<script [^>]*></script>|<svg\b.*?</svg>", re.DOTALL)
_AS_A_BROWSER = {"Accept": "text/html", "X_View": "compact"}


class OutOfOrder(Exception):
    """This beat is not the next one."""


class Play:
    """A step that is being played."""

    def __init__(self, booth: Booth, step: Step) -> None:
        self.step = step
        self.stages = {application: Stage(booth, application) for application in booth.sides}
        self.played = 0


def play(booth: Booth, name: str, number: int, guess: Mapping[str, bool]) -> dict[str, Any]:
    """Play beat ``number`` of a step, and return what the page is told of the step so far.

    Raises `KeyError` where there is no such step, `OutOfOrder`, and what may go wrong.
    """
    step = BY_NAME[name]
    if number == 0:
        _begin(booth, step, guess)
    playing: Play | None = booth.play
    if playing is None or playing.step is not step or playing.played != number:
        raise OutOfOrder
    booth.play = None  # whatever fails on the way is begun anew
    story = booth.stories[name]
    story["beats"].append(_played(playing, step.beats[number]))
    playing.played += 1
    if playing.played < len(step.beats):
        booth.play = playing
    else:
        story["seen"] = {each: _seen(booth, step, stage) for each, stage in playing.stages.items()}
    story["version"] = booth.version + 1
    return story


def told(story: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page is told of a step: it has the two browsers themselves."""
    beats = [{name: each[name] for name in each if name != "pages"} for each in story["beats"]]
    return {**story, "beats": beats}


def _begin(booth: Booth, step: Step, guess: Mapping[str, bool]) -> None:
    bring_back(booth)
    for side in booth.sides.values():
        side.path, side.guest = "/", None
    playing = Play(booth, step)
    stages = playing.stages
    booth.first = booth.first or {each: _pages(stage) for each, stage in stages.items()}
    booth.stories[step.name] = {"guess": dict(guess), "beats": [], "seen": None, "version": 0}
    for stage in stages.values():
        stage.you.become(stage.person)
    level_carts(booth.sides.values())
    booth.play = playing


def bring_back(booth: Booth) -> None:
    """Have the store answer again, if it does not; return when it does."""
    if not booth.frozen:
        return
    booth.freeze(frozen=False)
    for side in booth.sides.values():
        you = You(side)
        wait_until(partial(_answers, you), "the store answers again")


def _answers(you: You) -> bool:
    return you.ask_who().status != 503


def _played(playing: Play, beat: Beat) -> dict[str, Any]:
    for stage in playing.stages.values():
        stage.lanes = []
        beat.play(stage)
    return {
        "told": beat.told,
        "lanes": {each: stage.lanes for each, stage in playing.stages.items()},
        "shown": {each: stage.shown for each, stage in playing.stages.items()},
        "guests": {each: stage.side.guest is not None for each, stage in playing.stages.items()},
        "pages": {each: _pages(stage) for each, stage in playing.stages.items()},
    }


def _pages(stage: Stage) -> dict[str, str]:
    """Return what the two browsers show, as they would load it now."""
    side, guest = stage.side, stage.side.guest
    jars = {"you": side.jar}
    if guest is not None:
        jars["guest"] = guest.jar
    return {name: _page(side.target.url, jar) for name, jar in jars.items()}


def _page(url: str, jar: Mapping[str, str]) -> str:
    """Return the page without what it would load: it is to be shown where there is no shop."""
    return _LOADED.sub("", ShopVisitor(url, "looker", jar).send("GET", "/", **_AS_A_BROWSER).text)


def _seen(booth: Booth, step: Step, stage: Stage) -> dict[str, Any]:
    seen = step.judged(stage)
    booth.measured.setdefault(stage.application, {})[step.capability] = seen.meets
    return asdict(seen) | {"sentence": stage.said + seen.sentence}
