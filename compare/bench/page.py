"""``bench.html``: one page that needs nothing else, to be read and sent around."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tornado.template import Loader

from .. import reports
from ..reports.words import busy, number
from .charts import costs, growths, latencies, memories, rates, weights
from .contenders import READ, WRITE
from .grown import Growth
from .results import Comparison, Results
from .words import failed, mebibytes, middle, per_session, share, spread, times

_FOLDER = Path(__file__).parent
_PAGES = Loader(str(_FOLDER), autoescape="xhtml_escape")
_REPORT_STYLE = Path(reports.__file__).parent / "page.css"
_CASES = {READ: "Reading", WRITE: "Writing"}


def as_page(results: Results) -> str:
    """Return the page as HTML."""
    page: bytes = _PAGES.load("page.html").generate(
        results=results,
        style=_REPORT_STYLE.read_text() + (_FOLDER / "bench.css").read_text(),
        headlines=headlines(results),
        costs=[group for group in costs(results) if group[1]],
        rates=[group for group in rates(results) if group[1]],
        latencies=[(_CASES[case], latencies(results, case)) for case in (READ, WRITE)],
        memories=memories(results),
        weights=weights(results),
        growths=[(growth, growths(growth)) for growth in with_connections(results)],
        words=_WORDS,
        busy=busy(results.machine),
        day=results.started_at.replace("T", " ").removesuffix("Z"),
    )
    return page.decode()


def headlines(results: Results) -> list[str]:
    """Return what the figures say of ours beside what most people know, in a sentence each."""
    beside = [_headline(each) for each in results.comparisons() if _is_said(each)]
    return beside + list(_beside_bare(results))


def with_connections(results: Results) -> list[Growth]:
    """Return all that grew, connections first: those were varied with the rest."""
    entry = results.entry("ours_memcached")
    own = [entry.grown()] if entry and len(entry.connections(READ)) > 1 else []
    return [*own, *results.growth]


def _is_said(each: Comparison) -> bool:
    """Whether it is ours on memcached beside what most people know: the others are in the table."""
    known = each.other.name in {"express_memcached", "tornado_cookie"}
    return known and each.overhead is not None and each.rate is not None


def _beside_bare(results: Results) -> Iterator[str]:
    for case in (READ, WRITE):
        if share := results.of_bare_rate("ours_memcached", case):
            yield (
                f"{_CASES[case]} a session on memcached: {times(share)} times the requests a "
                "second of Tornado without any."
            )


def _headline(each: Comparison) -> str:
    return (
        f"{_CASES[each.case]}: {each.mine.title} adds {times(each.overhead)} times what "
        f"{each.other.title} adds to a request, and answers {times(each.rate)} times as many."
    )


_WORDS = {
    "failed": failed,
    "mebibytes": mebibytes,
    "middle": middle,
    "number": number,
    "per_session": per_session,
    "share": share,
    "spread": spread,
    "times": times,
}
