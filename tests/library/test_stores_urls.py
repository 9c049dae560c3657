"""A store by its URL: what is opened, and how what is wrong is told."""

from __future__ import annotations

import subprocess
import sys

import pytest
from opened_store import closing, new_key
from tornado_state import stores
from tornado_state.stores import MemcachedStore, MemoryStore, RedisStore, open_store
from tornado_state.stores.addresses import address_in_url, parse_address

from compare.memcached_process import MemcachedProcess
from compare.redis_process import RedisProcess

OPENED = {
    "memory://": MemoryStore,
    "memcached://localhost": MemcachedStore,
    "memcached://a.example,b.example:11212,[::1],[::1]:3": MemcachedStore,
    "memcached:///run/memcached.sock?deadline=2": MemcachedStore,
    f"memcached://{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 61},a.": MemcachedStore,
    "memcached://[fe80::1%25eth0]:11211?deadline=2.": MemcachedStore,
    "memcached://user:p%40ss%2Fword%3F@cache.example": MemcachedStore,
    "memcacheds://cache.example?deadline=0.25": MemcachedStore,
    "redis://localhost": RedisStore,
    "redis://:password@[::1]:6380/15?deadline=1e0": RedisStore,
    "rediss://user:password@redis.example/": RedisStore,
    "redis+unix:///run/redis.sock?db=2&deadline=.5": RedisStore,
    "redis+sentinel://a,b:26380,[::1]/sessions": RedisStore,
    "rediss+sentinel://:password@a/sessions/3?sentinel_password=%26": RedisStore,
    "redis+cluster://a,b:6380,[::1]": RedisStore,
    "rediss+cluster://user:password@a/?deadline=1": RedisStore,
    "redis+unix://:password@/run/redis%20sock": RedisStore,
}


@pytest.mark.parametrize("url", OPENED)
def test_a_url_opens_a_store_and_connects_nothing(url: str) -> None:
    """Every scheme with every part it may have; nobody need be there."""
    assert type(open_store(url)) is OPENED[url]


#: What is wrong, and what must be said of it. ``hidden`` stands where a password could.
WRONG = {
    "": "begins with memcached",
    "localhost:11211": "begins with memcached",
    "hidden": "begins with memcached",
    "mysql://hidden@localhost": "begins with memcached",
    "Memcached://localhost": "begins with memcached",
    "memcached:/localhost": "begins with memcached",
    "memcached://": "not host",
    "memcached:///": "not host",
    "memcached:////?deadline=1": "not host",
    "memcached://localhost?deadline=1_0": "deadline is a number",
    "memcached://localhost?deadline=%EF%BC%91": "deadline is a number",
    "memcached://localhost?deadline= 1": "deadline is a number",
    "memcacheds://localhost?ca_file=": "ca_file names no file",
    "rediss://localhost?ca_file=": "ca_file names no file",
    "memcached://,": "not host",
    "memcached://a b": "not host",
    "memcached://::1": "not host",
    **{
        f"{scheme}://{host}{rest}": "not host"
        for scheme, rest in (
            ("memcached", ""),
            ("memcacheds", ":1"),
            ("redis", "/1"),
            ("rediss", ""),
            ("redis+sentinel", "/sessions"),
            ("redis+cluster", ""),
        )
        for host in ("a..b", ".a", ".", "a" * 64, "a." * 128, "a,b..c")
    },
    "memcached://[::g]": "not host",
    "memcached://user:hidden": "no port .* 'user'",
    "memcached://localhost:0": "no port .* 'localhost'",
    "memcached://localhost:65536": "no port",
    "memcached://localhost:": "no port",
    "memcached://a,a:11211": "each only once",
    "memcached://localhost/hidden": "not both",
    "memcached:///" + "x" * 108: "at most 107 bytes",
    "memcached://user:hid/den@localhost": "percent-encode",
    "memcached://user:hid#den@localhost": "percent-encode",
    "memcached://user:hid@den@localhost": "percent-encode",
    "memcached://user:hid?den@localhost": "name=value",
    "memcached://user:%hidden@localhost": "the password .* a %",
    "memcached://user:%ffhidden@localhost": "the password .* UTF-8",
    "memcached://user:hidden%0a@localhost": "the password .* printed",
    "memcached://hidden@localhost": "user:password@",
    "memcached://:hidden@localhost": "user:password@",
    "memcached://us%20er:hidden@localhost": "no blank",
    "memcached://@localhost": "nothing before its @",
    "memcached://localhost?deadline": "name=value",
    "memcached://localhost?deadline=0": "deadline is a number",
    "memcached://localhost?deadline=-1": "deadline is a number",
    "memcached://localhost?deadline=nan": "deadline is a number",
    "memcached://localhost?deadline=inf": "deadline is a number",
    "memcached://localhost?deadline=hidden": "deadline is a number",
    "memcached://localhost?deadline=1&deadline=2": "deadline stands twice",
    "memcached://localhost?timeout=1": "no parameter timeout, only deadline",
    "memcached://localhost?ca_file=/etc/ssl/ca.pem": "no parameter ca_file",
    "memcacheds:///run/memcached.sock": "no TLS on a socket",
    "memcacheds://localhost?ca_file=/no/such/file": "ca_file names no file",
    "redis://": "not host",
    "redis://a,b": "not host",
    "redis://localhost/hidden": "database",
    "redis://localhost/0/1": "database",
    "redis://localhost/-1": "database",
    "redis://user@localhost": "user:password@ or :password@",
    "redis://localhost?db=1": "no parameter db",
    "redis+sentinel://localhost": "names the service",
    "redis+sentinel:///sessions": "not host",
    "redis+sentinel://a,,b/sessions": "not host",
    "redis+sentinel://a/ses%20sions": "names the service",
    "redis+sentinel://a/sessions/hidden": "database",
    "redis+sentinel://a/sessions?ca_file=/no/such/file": "no parameter ca_file",
    "redis+cluster://": "not host",
    "redis+cluster://a,": "not host",
    "redis+cluster://a/1": "no database",
    "redis+cluster://a?ca_file=/etc/ssl/ca.pem": "no parameter ca_file",
    "rediss+cluster://a?ca_file=/no/such/file": "ca_file names no file",
    "redis+unix://localhost/run/redis.sock": "path of a socket",
    "redis+unix://": "path of a socket",
    "redis+unix:///run/redis.sock?db=x": "database",
    "redis+unix:///run/redis.sock?db=": "database",
    "rediss://localhost?ca_file=/no/such/file": "ca_file names no file",
    "memory://localhost": "nothing follows memory://",
    "memory:///": "nothing follows memory://",
    "memory://?deadline=1": "no parameter deadline, nor any other",
}


@pytest.mark.parametrize("url", WRONG)
def test_a_wrong_url_is_told_in_a_sentence_without_any_password(url: str) -> None:
    """What is wrong is named, and nothing that could be a password is shown."""
    with pytest.raises(ValueError, match=WRONG[url]) as refusal:
        open_store(url)
    told = str(refusal.value)
    assert not any(part in told for part in ("hidden", "hid/", "den@"))
    assert "\n" not in told
    assert refusal.value.__suppress_context__ or "hid" not in str(refusal.value.__context__)


def test_the_zone_of_an_ipv6_address_stands_behind_an_encoded_percent_sign() -> None:
    """As URLs have it; to the network it is said without."""
    assert parse_address(address_in_url("[fe80::1%25eth0]:6380", 6379)) == ("fe80::1%eth0", 6380)
    assert address_in_url("[fe80::1%eth0]", 6379) == "[fe80::1%eth0]:6379"


def test_a_fleet_by_url_is_the_fleet_by_addresses() -> None:
    """A port that is left out is memcached's: a key has the same home however it is written."""
    short = open_store("memcached://a.example,b.example,c.example:11212")
    long = MemcachedStore(["c.example:11212", "b.example:11211", "a.example:11211"])
    assert isinstance(short, MemcachedStore)
    for key in [new_key() for _ in range(100)]:
        assert short.home(key) == long.home(key)


@pytest.mark.parametrize("process", [MemcachedProcess, RedisProcess])
async def test_a_store_that_was_opened_keeps_records(process: type[MemcachedProcess]) -> None:
    """By a port and by a path with signs that must be encoded."""
    scheme = "memcached" if process is MemcachedProcess else "redis+unix"
    with process() as server:
        path = server.address.replace("s", "%73")
        async with closing(open_store(f"{scheme}://{path}")) as store:
            await store.check()
            assert await store.add(new_key(), b"record", 60) is True


def test_a_store_that_is_none_is_no_attribute() -> None:
    """The names that are imported later are no others."""
    with pytest.raises(AttributeError, match="SqlStore"):
        stores.SqlStore  # noqa: B018


def test_without_the_client_library_nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is an ImportError, and names the package."""

    def missing(*_: object) -> None:
        raise ModuleNotFoundError(name="redis")

    monkeypatch.setattr("tornado_state.stores.urls.import_module", missing)
    with pytest.raises(ImportError, match="redis:// needs the package redis: pip install") as told:
        open_store("redis://localhost")
    assert told.value.name == "redis"


IMPORTED = "print(sorted({'pymemcache', 'redis', 'greenlet'} & set(sys.modules)))"


@pytest.mark.parametrize(
    ("url", "imported"),
    [("memory://", []), ("memcached://a", ["pymemcache"]), ("redis://a", ["redis"])],
)
def test_a_client_library_is_imported_when_its_store_is_opened(
    url: str, imported: list[str]
) -> None:
    """And not before: an application pays for the store it uses."""
    code = f"import sys; from tornado_state.stores import open_store; {IMPORTED}; "
    said = subprocess.run(
        [sys.executable, "-c", f"{code}open_store({url!r}); {IMPORTED}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.splitlines() == ["[]", str(imported)]


@pytest.mark.parametrize(("scheme", "package"), [("memcached", "pymemcache"), ("rediss", "redis")])
def test_a_missing_client_library_is_told_with_how_to_install_it(scheme: str, package: str) -> None:
    """One sentence with the line for pip."""
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from tornado_state.stores import open_store\n"
        f"try: open_store('{scheme}://a')\nexcept ImportError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    extra = "redis" if package == "redis" else "memcached"
    assert f"pip install 'tornado-state[{extra}]'" in said.stdout
    assert scheme in said.stdout
