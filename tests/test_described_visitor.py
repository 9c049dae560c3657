"""What the answers of a described application mean."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from compare.browser import Reply
from compare.check.described_visitor import DescribedVisitor
from compare.shop_visitor import Unexpected


def refused(status: int) -> bool:
    description = SimpleNamespace(write=None)
    target = SimpleNamespace(
        url="http://127.0.0.1", ca_file=None, looks=None, description=description
    )
    return DescribedVisitor(target, "visitor").was_refused(Reply(status, (), b"No.", 0, 0, 0.0))


@pytest.mark.parametrize("status", [400, 413, 422, 431, 500])
def test_a_change_can_be_refused(status: int) -> None:
    """In any way that an application has for it."""
    assert refused(status)


@pytest.mark.parametrize("status", [200, 204, 303])
def test_a_change_can_be_taken(status: int) -> None:
    """With a redirect as well."""
    assert not refused(status)


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_what_is_about_something_else_is_no_refusal(status: int) -> None:
    """Too many requests, a session that has ended: nothing was too large."""
    with pytest.raises(Unexpected, match=rf"answered {status}( \(too many .*\))?: No\."):
        refused(status)
