"""The fixture `check_sessions`, for pytest; an installed ``session-check`` brings it by itself.

.. code-block:: python

    def test_session_handling(check_sessions):
        check_sessions(make_app, "my-app.toml", known={"absolute-expiry"})

Rule: whoever does not use it pays nothing for it: everything is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .trial import Checked


@pytest.fixture
def check_sessions() -> Callable[..., list[Checked]]:
    """Call it with what makes an application, or its URL, and its file: see `in_tests.check`."""
    from .in_tests import check  # noqa: PLC0415 (see the rule)

    return check
