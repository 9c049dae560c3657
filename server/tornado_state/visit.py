"""What a request says of itself, as far as state has to know: its cookies, and whence it came.

Rule 1: a cookie goes out only where it arrives and replaces nothing: not over plain http when it is
``Secure``, and not with the answer to a request from another site that came without it.
Rule 2: a browser that sends a request from another site's page leaves out the cookies that are
``SameSite``. Such a request cannot tell what the browser has, so no cookie may be set in answer to
it (RFC 6265bis 5.6.3; the headers are of the W3C's Fetch Metadata). A site has no
port, and a proxy may have dropped it.
Rule 3: an ``Origin`` that cannot be read is nobody's, as ``null`` is, which no check lets through.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from urllib.parse import urlsplit

import msgspec
from tornado.httputil import HTTPHeaders, HTTPServerRequest, split_host_and_port

from .cookies.wire import Cookies, SetCookie
from .exceptions import CrossSite, InsecureTransport

#: Methods with which a link or a form of another site brings ``Lax`` cookies along.
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def make_origin_readable(headers: HTTPHeaders) -> None:
    """Put ``null`` in place of an ``Origin`` over which Tornado's checks would stumble."""
    if "Origin" not in headers._as_list:  # to ask Tornado for what is not there costs more
        return
    try:
        urlsplit(headers["Origin"]).port  # noqa: B018 - which is read as it is asked for
    except ValueError:
        headers["Origin"] = "null"


class Visit(msgspec.Struct, frozen=True, gc=False):
    """See the module's rule. ``address`` is the client's, as far as the server believes it.

    The request itself is not kept: it leads to its connection, which has the visit.
    """

    _headers: HTTPHeaders
    _method: str | None
    _is_https: bool
    address: str
    cookies: Cookies

    @classmethod
    def of(
        cls, request: HTTPServerRequest, names: Container[str], https_in_front: bool = False
    ) -> Visit:
        """Return what ``request`` says; ``names`` are of the application's cookies.

        ``https_in_front`` is whether something in front serves https and does not say so.
        """
        headers = request.headers
        is_https = https_in_front or request.protocol == "https"
        cookies = Cookies(headers._as_list.get("Cookie", ()), names)
        return cls(headers, request.method, is_https, request.remote_ip or "", cookies)

    def after(self, answered: Iterable[SetCookie]) -> Visit:
        """Return the visit as it is once the cookies ``answered`` have arrived."""
        return msgspec.structs.replace(self, cookies=self.cookies.after(answered))

    def check_may_keep(self, names: Collection[str], *, secure: bool, samesite: str) -> None:
        """Raise where cookies of these names must not be set in answer to this request.

        `InsecureTransport` when it came over plain http, as far as the server believes, and they
        are to be ``secure``; `CrossSite` when the browser has perhaps kept them to itself.
        """
        if secure and not self._is_https:
            raise InsecureTransport
        if any(name not in self.cookies for name in names) and self._hides_cookies(samesite):
            raise CrossSite

    def lets_through(self, cookie: SetCookie, *, secure: bool) -> bool:
        """Return whether nobody on the way can read a cookie that is to be ``secure``."""
        return not (secure and cookie.keeps) or self._is_https

    def _hides_cookies(self, samesite: str) -> bool:
        if samesite == "None" or not self._is_cross_site():
            return False
        return samesite == "Strict" or not self._is_navigation()

    def _is_cross_site(self) -> bool:
        headers = self._headers
        site = headers.get("Sec-Fetch-Site")
        if site is not None:
            return site == "cross-site"
        origin = headers.get("Origin")
        if origin is None:
            return False
        there, here = _host_name(urlsplit(origin).netloc), _host_name(headers.get("Host", ""))
        return not there or there != here

    def _is_navigation(self) -> bool:
        """Return whether ``Lax`` cookies come along: somebody follows a link from there to here."""
        headers = self._headers
        goes_here = headers.get("Sec-Fetch-Dest", "document") == "document"
        mode = headers.get("Sec-Fetch-Mode", "navigate")
        return self._method in _SAFE and mode == "navigate" and goes_here


def _host_name(host: str) -> str:
    return split_host_and_port(host.lower())[0]
