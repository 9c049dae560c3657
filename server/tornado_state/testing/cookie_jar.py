"""A jar that keeps cookies between the requests of a test, as one browser does.

Rule 1: it keeps what it is given by name and knows of one host. ``Path``, ``Domain`` and ``Secure``
are the browser's business; a cookie that is cleared or out of date is gone.
Rule 2: it follows redirects itself, because Tornado's clients drop the cookies on the way: a
sign-in that answers 303 with the new session would be lost. Only to the host that was asked, five
of them at most, and with ``follow_redirects=False`` none.
Rule 3: an answer is an answer, whatever its status; ``raise_error=True`` has it otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, cast, overload
from urllib.parse import SplitResult, urljoin, urlsplit

from tornado.httpclient import HTTPResponse

_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

#: What a request that has become a GET does not carry any more.
_OF_A_BODY = frozenset({"content-type", "content-length", "content-encoding"})

_Request = tuple[str, dict[str, Any]]


class WaitingClient(Protocol):
    """What returns the answer itself: an ``AsyncHTTPTestCase``."""

    @property
    def fetch(self) -> Callable[..., HTTPResponse]:
        """Takes a path and options, and returns the answer."""
        ...


class AsyncClient(Protocol):
    """What is awaited: pytest-tornasync's ``http_server_client``."""

    @property
    def fetch(self) -> Callable[..., Awaitable[HTTPResponse]]:
        """Takes a path and options, and returns what gives the answer."""
        ...


class CookieJar(Mapping[str, str]):
    """The cookies of one visitor, by name; ``cookies`` is a Cookie header to begin with.

    ::

        jar = CookieJar(sign_in(app, "ann"))
        answer = jar.fetch(self, "/cart")                      # in an AsyncHTTPTestCase
        answer = await jar.fetch(http_server_client, "/cart")  # with pytest-tornasync
    """

    def __init__(self, cookies: str = "") -> None:
        pairs = [pair.strip().partition("=") for pair in cookies.split(";") if pair.strip()]
        self._cookies = {name: value for name, _, value in pairs}

    def __getitem__(self, name: str) -> str:
        return self._cookies[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cookies)

    def __len__(self) -> int:
        return len(self._cookies)

    def __repr__(self) -> str:
        return f"<CookieJar of {', '.join(self) or 'nothing'}>"

    @property
    def headers(self) -> dict[str, str]:
        """The headers that bring the cookies along, for a client that `fetch` does not know."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.items())
        return {"Cookie": cookie} if cookie else {}

    def keep(self, response: HTTPResponse) -> None:
        """Do with the cookies of an answer what a browser does."""
        for header in response.headers.get_list("Set-Cookie"):
            pair, *attributes = header.split(";")
            name, _, value = pair.strip().partition("=")
            self._cookies.pop(name, None)
            if not _is_over(attributes):
                self._cookies[name] = value

    def clear(self) -> None:
        """Forget all cookies: the browser's end, or another visitor."""
        self._cookies.clear()

    @overload
    def fetch(self, client: WaitingClient, path: str, **options: Any) -> HTTPResponse: ...

    @overload
    def fetch(self, client: AsyncClient, path: str, **options: Any) -> Awaitable[HTTPResponse]: ...

    def fetch(
        self, client: WaitingClient | AsyncClient, path: str, **options: Any
    ) -> HTTPResponse | Awaitable[HTTPResponse]:
        """Fetch ``path`` with the cookies, and keep those of every answer on the way.

        ``options`` are the client's own. A ``Cookie`` header among them takes the jar's place.
        """
        visit = self._visit(path, options)
        asked, with_options = next(visit)
        answer = client.fetch(asked, **with_options)
        if isinstance(answer, HTTPResponse):
            return _waited_for(visit, cast("WaitingClient", client), answer)
        return _awaited(visit, cast("AsyncClient", client), answer)

    def _visit(
        self, path: str, options: Mapping[str, Any]
    ) -> Generator[_Request, HTTPResponse, HTTPResponse]:
        """Yield requests for answers until there is one to return."""
        options = dict(options)
        raise_error = options.pop("raise_error", False)
        follow = options.pop("follow_redirects", True)
        left = options.pop("max_redirects", _MOST_REDIRECTS) if follow else 0
        while True:
            sent = dict(options, headers={**self.headers, **dict(options.get("headers") or {})})
            response = yield path, {**sent, "raise_error": False, "follow_redirects": False}
            self.keep(response)
            next_path = _redirected(response, path) if left else None
            if next_path is None:
                break
            left -= 1
            path, options = next_path, _after(response.code, options)
        if raise_error:
            response.rethrow()
        return response


def _waited_for(
    visit: Generator[_Request, HTTPResponse, HTTPResponse],
    client: WaitingClient,
    answer: HTTPResponse,
) -> HTTPResponse:
    while True:
        try:
            path, options = visit.send(answer)
        except StopIteration as done:
            return cast("HTTPResponse", done.value)
        answer = client.fetch(path, **options)


async def _awaited(
    visit: Generator[_Request, HTTPResponse, HTTPResponse],
    client: AsyncClient,
    answer: Awaitable[HTTPResponse],
) -> HTTPResponse:
    while True:
        try:
            path, options = visit.send(await answer)
        except StopIteration as done:
            return cast("HTTPResponse", done.value)
        answer = client.fetch(path, **options)


def _is_over(attributes: list[str]) -> bool:
    """Return whether a cookie is to go; Max-Age counts before Expires (RFC 6265 5.3).

    One that cannot be read says nothing (5.2.1, 5.2.2).
    """
    pairs = [attribute.strip().partition("=") for attribute in attributes]
    given = {name.lower(): value for name, _, value in pairs}
    if re.fullmatch("-?[0-9]+", given.get("max-age", "")):
        return int(given["max-age"]) <= 0
    try:
        expires = parsedate_to_datetime(given.get("expires", ""))
    except ValueError:
        return False
    return expires.replace(tzinfo=expires.tzinfo or UTC) <= datetime.now(UTC)


def _redirected(response: HTTPResponse, asked: str) -> str | None:
    """Return what an answer leads to on the same host, None when it leads nowhere.

    As a path or a whole URL, whatever was ``asked``.
    """
    location = response.headers.get("Location")
    if response.code not in _REDIRECTS or location is None:
        return None
    here = urlsplit(response.effective_url)
    there = urlsplit(urljoin(response.effective_url, location))
    if (here.scheme, here.netloc) != (there.scheme, there.netloc):
        return None
    path = SplitResult("", "", there.path or "/", there.query, "")
    return there.geturl() if urlsplit(asked).scheme else path.geturl()


def _after(code: int, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of the request that follows (RFC 9110 15.4)."""
    method = options.get("method", "GET")
    if code in {307, 308} or method in {"GET", "HEAD"}:
        return dict(options)
    headers = dict(options.get("headers") or {})
    kept = {name: value for name, value in headers.items() if name.lower() not in _OF_A_BODY}
    rest = {name: value for name, value in options.items() if name not in {"body", "method"}}
    return {**rest, "headers": kept}
