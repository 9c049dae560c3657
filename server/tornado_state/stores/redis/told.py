"""Asking several servers the same thing: all at once, and the first one that knows is believed.

So one that is away costs no time. Whose answer is doubtful is believed when nobody tells better.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from ...exceptions import StoreRefused, StoreUnavailable, StoreUnfit
from ..exchanges.commands import StoreError

AnswerT = TypeVar("AnswerT")


async def first_told(
    questions: Iterable[Coroutine[Any, Any, AnswerT]],
    is_doubtful: Callable[[AnswerT], bool] = lambda _: False,
    patience: float | None = None,
) -> AnswerT:
    """Return the first answer; where there is none, raise what is worst of what went wrong.

    With a doubtful one at hand, ``patience`` is how many seconds others are waited for.
    """
    asked = [asyncio.ensure_future(each) for each in questions]
    errors: list[StoreError] = []
    doubtful: list[AnswerT] = []
    pending = {*asked}
    try:
        while pending:
            limit = patience if doubtful else None
            done, pending = await asyncio.wait(
                pending, timeout=limit, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                break
            for each in done:
                if isinstance(error := each.exception(), StoreUnavailable | StoreRefused):
                    errors.append(error)
                elif is_doubtful(each.result()):
                    doubtful.append(each.result())
                else:
                    return each.result()
    finally:
        for each in asked:
            each.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    if doubtful:
        return doubtful[0]
    raise next((each for each in errors if isinstance(each, StoreUnfit)), errors[0])
