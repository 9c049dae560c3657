"""A session store by its URL.

    memcached://host[:port][,host[:port]...]    a fleet of memcached nodes, 11211 by default
    memcached:///path/to/socket
    memcacheds://host[:port]...                 the same over TLS; ?ca_file= names the authority
    redis://host[:port][/database]              Redis or Valkey, 6379 and database 0 by default
    rediss://host...                            the same over TLS; ?ca_file= as above
    redis+unix:///path/to/socket                the same on a socket; ?db= is its number
    redis+sentinel://host[:port][,...]/service[/database]
                                                the primary that Sentinels tell, 26379 by default;
                                                ?sentinel_password= is what they want to be told
    redis+cluster://host[:port][,...]           a Redis Cluster that these are some nodes of
    rediss+sentinel://..., rediss+cluster://... the same over TLS, to all of them; ?ca_file=
    memory://                                   in this process, for trying things out

``user:password@`` stands before the hosts, each percent-encoded; ``?deadline=`` is the seconds for
a whole call. An IPv6 address stands in brackets.

Rule 1: whatever is wrong is a `ValueError` that names it in one sentence.
Rule 2: no error shows what could be a password: neither what stands before an ``@``, nor what
stands where a port should, nor a parameter's value.
Rule 3: a store's client library is imported when such a store is opened, and not before.
"""

from __future__ import annotations

import math
import re
import ssl
from collections.abc import Callable, Collection, Iterator
from importlib import import_module
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from .addresses import address_in_url
from .base import SessionStore
from .memory import MemoryStore

_NAME = re.compile(r"[a-z_]{1,20}")

_NUMBER = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)

#: What Redis lets a service be called.
_SERVICE = re.compile(r"[A-Za-z0-9._-]{1,100}")


class StoreUrl(NamedTuple):
    """A URL in its parts, percent-decoded; ``hosts`` is the text between the ``@`` and the path."""

    scheme: str
    user: str
    password: str
    hosts: str
    path: str
    parameters: dict[str, str]


def open_store(url: str) -> SessionStore:
    """Return the store that ``url`` names; nothing is connected before its first call.

    Raises `ValueError` for a URL that cannot be, and `ImportError` where the client library of that
    store is not installed.
    """
    parts = split_url(url)
    return _SCHEMES[parts.scheme](parts)


def split_url(url: str) -> StoreUrl:
    """Return the parts of ``url``, which may still be wrong for its scheme; or `ValueError`."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in _SCHEMES:
        raise ValueError(f"the URL of a session store begins with {_in_words(_SCHEMES)}")
    where, _, query = rest.partition("?")
    authority, slash, path = where.partition("/")
    login, at, hosts = authority.rpartition("@")
    if "#" in rest or "@" in login or (authority and "@" in path):
        raise ValueError(f"percent-encode @, /, ? and # in the user and password of a {scheme} URL")
    user, _, password = login.partition(":")
    if at and not user + password:
        raise ValueError(f"a {scheme} URL has nothing before its @")
    return StoreUrl(
        scheme,
        _decoded(user, "user"),
        _decoded(password, "password"),
        hosts,
        _decoded(slash + path, "path"),
        dict(_parameters(query)),
    )


def _parameters(query: str) -> Iterator[tuple[str, str]]:
    seen = set()
    for pair in query.split("&") if query else ():
        name, equals, value = pair.partition("=")
        if not _NAME.fullmatch(name) or not equals:
            raise ValueError("a parameter of a store's URL is name=value")
        if name in seen:
            raise ValueError(f"the parameter {name} stands twice in the store's URL")
        seen.add(name)
        yield name, _decoded(value, f"parameter {name}")


def _decoded(text: str, what: str) -> str:
    if re.search("%(?![0-9A-Fa-f]{2})", text):
        raise ValueError(f"the {what} in a store's URL has a % that two hex digits do not follow")
    try:
        decoded = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise ValueError(f"the {what} in a store's URL is not percent-encoded UTF-8") from None
    if not decoded.isprintable():
        raise ValueError(f"the {what} in a store's URL has a character that cannot be printed")
    return decoded


def _deadline(url: StoreUrl) -> float:
    text = url.parameters.get("deadline", "0.5")
    deadline = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not 0 < deadline < math.inf:
        raise ValueError("the parameter deadline is a number of seconds, more than 0")
    return deadline


def _tls(url: StoreUrl) -> ssl.SSLContext | None:
    """Return what verifies the server, where the scheme asks for TLS."""
    if not url.scheme.startswith(("memcacheds", "rediss")):
        return None
    ca_file = url.parameters.get("ca_file")
    try:
        if ca_file == "":
            raise FileNotFoundError(ca_file)  # which Python would take for none given
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(
            f"the parameter ca_file names no file of certificates that can be read: {ca_file!r}"
        ) from error


def _allow(url: StoreUrl, *names: str) -> None:
    if unknown := [name for name in url.parameters if name not in names]:
        known = f", only {_in_words(names)}" if names else ", nor any other"
        raise ValueError(f"a {url.scheme} URL has no parameter {unknown[0]}{known}")


def _in_words(names: Collection[str]) -> str:
    *some, last = names
    return f"{', '.join(some)} or {last}" if some else last


def _imported(scheme: str, extra: str, module: str) -> Any:
    """Return the module of a store, or say how to install what it needs."""
    try:
        return import_module(module, __package__)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{scheme}:// needs the package {error.name}: pip install 'tornado-state[{extra}]'",
            name=error.name,
        ) from error


def _open_memory(url: StoreUrl) -> SessionStore:
    _allow(url)
    if url != StoreUrl(url.scheme, "", "", "", "", {}):
        raise ValueError("nothing follows memory:// in the URL of a session store")
    return MemoryStore()


def _open_memcached(url: StoreUrl) -> SessionStore:
    secure = url.scheme == "memcacheds"
    _allow(url, "deadline", *(["ca_file"] if secure else []))
    if url.hosts and url.path.strip("/"):
        raise ValueError(f"a {url.scheme} URL has hosts or the path of a socket, not both")
    if secure and not url.hosts:
        raise ValueError("memcacheds:// needs a host, for there is no TLS on a socket")
    hosts = url.hosts.split(",") if url.hosts or not url.path.strip("/") else []
    addresses = [address_in_url(host, 11_211) for host in hosts] or [url.path]
    if bool(url.user) != bool(url.password) or re.search(r"[\s:]", url.user):
        raise ValueError(f"a {url.scheme} URL has user:password@, and no blank or : in the user")
    store = _imported(url.scheme, "memcached", ".memcached.store").MemcachedStore
    opened: SessionStore = store(
        addresses, user=url.user, password=url.password, tls=_tls(url), deadline=_deadline(url)
    )
    return opened


_REDIS_PARAMETERS = {
    "rediss": ["ca_file"],
    "redis+unix": ["db"],
    "redis+sentinel": ["sentinel_password"],
    "rediss+sentinel": ["sentinel_password", "ca_file"],
    "rediss+cluster": ["ca_file"],
}


def _open_redis(url: StoreUrl) -> SessionStore:
    _allow(url, "deadline", *_REDIS_PARAMETERS.get(url.scheme, []))
    if url.user and not url.password:
        raise ValueError(f"a {url.scheme} URL has user:password@ or :password@")
    service = ""
    if url.scheme == "redis+unix":
        if url.hosts or not url.path.strip("/"):
            raise ValueError("redis+unix:// is followed by the path of a socket, from the root on")
        address, database = url.path, url.parameters.get("db", "0")
    elif url.scheme.endswith("+cluster"):
        address, database = _addresses(url, 6379), "0"
        if url.path.strip("/"):
            raise ValueError(f"a {url.scheme} URL has no database: a cluster has no other than 0")
    elif url.scheme.endswith("+sentinel"):
        address = _addresses(url, 26_379)
        service, _, path = url.path.removeprefix("/").partition("/")
        database = path or "0"
        if not _SERVICE.fullmatch(service):
            raise ValueError(f"a {url.scheme} URL names the service after the hosts")
    else:
        address = address_in_url(url.hosts, 6379)
        database = url.path.removeprefix("/") or "0"
    if not re.fullmatch("[0-9]{1,5}", database):
        raise ValueError(f"the database in a {url.scheme} URL is a number")
    tls = _tls(url)
    store = _imported(url.scheme, "redis", ".redis.store").RedisStore
    opened: SessionStore = store(
        address,
        service=service,
        cluster=url.scheme.endswith("+cluster"),
        database=int(database),
        user=url.user,
        password=url.password,
        tls=tls is not None,
        ca_file=url.parameters.get("ca_file"),
        sentinel_password=url.parameters.get("sentinel_password", ""),
        deadline=_deadline(url),
    )
    return opened


def _addresses(url: StoreUrl, default_port: int) -> str:
    return ",".join(address_in_url(host, default_port) for host in url.hosts.split(","))


_SCHEMES: dict[str, Callable[[StoreUrl], SessionStore]] = {
    "memcached": _open_memcached,
    "memcacheds": _open_memcached,
    "redis": _open_redis,
    "rediss": _open_redis,
    "redis+unix": _open_redis,
    "redis+sentinel": _open_redis,
    "rediss+sentinel": _open_redis,
    "redis+cluster": _open_redis,
    "rediss+cluster": _open_redis,
    "memory": _open_memory,
}
