"""Asking several servers the same thing: all at once, and the first one that knows is believed.

So one that is away costs no time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from ...exceptions import StoreRefused, StoreUnavailable, StoreUnfit
from ..exchanges.commands import StoreError

AnswerT = TypeVar("AnswerT")


async def first_told(questions: Iterable[Coroutine[Any, Any, AnswerT]]) -> AnswerT:
    """Return the first answer; where there is none, raise what is worst of what went wrong."""
    asked = [asyncio.ensure_future(each) for each in questions]
    errors: list[StoreError] = []
    try:
        for answer in asyncio.as_completed(asked):
            try:
                return await answer
            except (StoreUnavailable, StoreRefused) as error:
                errors.append(error)
    finally:
        for each in asked:
            each.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    raise next((each for each in errors if isinstance(each, StoreUnfit)), errors[0])
