"""What the page is made of; and the same page without a server, as it is saved and recorded.

Rule 1: a page that is saved is the same page, with everything it needs inside: it asks nobody for
anything, and what it shows of the two browsers are the pages they had.
Rule 2: it says that it is recorded, and when.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tornado.template import Loader

from ..reports.words import CAPABILITIES
from .actions import ACTIONS, FREEZE
from .booth import READY_MADE, Booth
from .matrix import matrix, placements
from .placing import EXAMPLES, NEEDS, placed_example
from .tour.objections import OBJECTIONS, READ, Objection
from .tour.step import Step
from .tour.steps import STEPS

FOLDER = Path(__file__).parent
_SHOP_STYLE = FOLDER.parent.parent / "server" / "static" / "style.css"

#: In the order in which each uses what the ones before it define.
SCRIPTS: tuple[str, ...] = (
    *("base.js", "lanes.js", "reader.js", "frames.js", "tour.js", "wire.js", "own.js", "page.js"),
)
LIVE = "live.js"

_SIDES = (
    ("cookie", "Signed cookie", "in your browser"),
    ("session", "Server session", "in memcached"),
)


def names_of_page() -> dict[str, Any]:
    """Return what the page's template always takes."""
    return {
        "steps": STEPS,
        "sides": _SIDES,
        "actions": (*ACTIONS, FREEZE),
        "examples": [{"name": each.name, "label": each.label} for each in EXAMPLES],
        "needs": NEEDS.items(),
        "ready_made": READY_MADE,
    }


def data_of_page(recorded: dict[str, Any] | None = None) -> str:
    """Return what the scripts take, as JSON that may stand in a page."""
    data = {
        "steps": [_described(step) for step in STEPS],
        "examples": [
            {
                "name": each.name,
                "label": each.label,
                "size": each.size,
                "needs": each.needs,
                "answer": placed_example(each),
            }
            for each in EXAMPLES
        ],
        "recorded": recorded,
    }
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")


def _described(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "label": step.label,
        "question": step.question,
        "guest": step.guest,
        "guest_sign": step.guest_sign,
        "beats": [beat.told for beat in step.beats],
        "lesson": step.lesson,
        "wrong_guess": step.wrong_guess,
        "takes_store_away": step.takes_store_away,
        "meaning": CAPABILITIES[step.capability],
        "objections": [_objection(OBJECTIONS[name]) for name in step.objections],
    }


def _objection(said: Objection) -> dict[str, Any]:
    link = {"href": f"/read/{said.read}", "label": READ[said.read][1]} if said.read else None
    return {"but": said.but, "answer": said.answer, "read": link}


def saved_page(booth: Booth, *, guessed: bool = True) -> str:
    """Return what has happened in a booth as one file; ``guessed`` with the visitor's guesses.

    Without them the tour begins anew for whoever opens it.
    """
    done = {name: story for name, story in booth.stories.items() if story["seen"]}
    recorded = {
        "stories": done,
        "yours": done if guessed else {},
        "first": booth.first,
        "css": _SHOP_STYLE.read_text(),
        "matrix": matrix(booth.measured),
        "placements": placements(),
    }
    page = (
        Loader(str(FOLDER / "templates"))
        .load("saved.html")
        .generate(
            **names_of_page(),
            results=0,
            recorded=datetime.now(UTC).strftime("%-d %B %Y, %H:%M UTC"),
            style=(FOLDER / "static" / "demo.css").read_text(),
            scripts=[(FOLDER / "static" / name).read_text() for name in SCRIPTS],
            data=data_of_page(recorded),
        )
    )
    return page.decode()
