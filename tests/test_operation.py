"""The applications as processes: starting, stopping, several workers, https, proxies, logs."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from impostor import Impostor
from run_app import SECRET, run_app
from shop_client import ShopClient
from tornado.httpclient import AsyncHTTPClient
from tornado.httputil import HTTPHeaders
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler
from warm_start import WarmApp

from compare.app_process import AppProcess
from compare.memcached_process import MemcachedProcess
from compare.waiting import PATIENCE, free_port, wait_until
from server.catalogue import PRODUCTS
from server.cookie_app import COMPOSITION as COOKIE
from server.operation.door import Seats
from server.operation.forwarded import as_forwarded
from server.operation.server import Server
from server.operation.serving import Worker, serve
from server.operation.workers import Workers
from server.recommended_app import COMPOSITION as RECOMMENDED
from server.session_app import COMPOSITION as SESSION
from server.settings import Settings, read_settings
from server.start_error import StartError

ITEM = {"sku": PRODUCTS[0].sku, "quantity": 2}
MODULES = ("server.cookie_app", "server.session_app", "server.recommended_app")


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(SECRET)
    path.chmod(0o600)
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings("session", 8002, ["--dev", f"--run-dir={tmp_path / 'run'}"], {})


def refuses(url: str) -> bool:
    """Return whether nobody accepts connections at ``url``."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port)).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # its listener was closed just now
        return False
    return False


# Starting


@pytest.mark.parametrize("module", MODULES)
def test_an_application_says_where_it_is_and_what_is_misplaced(module: str) -> None:
    """The start says the title, the URL, where each kind is kept, and what is misplaced."""
    composition = {"cookie": COOKIE, "session": SESSION}.get(module[7:-4], RECOMMENDED)
    with AppProcess(module, "--dev") as app:
        first, *others = app.stderr.splitlines()
        assert f"{composition.title} at {app.url} (" in first
        for kind, tier in composition.placement.items():
            assert f"{kind.name}: {tier.tier}" in first
        for kind in composition.placement.misplaced:
            assert any(f"misplaced on purpose: {kind.name}" in line for line in others)
        assert "cookies are not Secure" in app.stderr


def test_only_the_comparisons_misplace() -> None:
    """The recommended application misplaces nothing; the two others do, and each something else."""
    assert RECOMMENDED.placement.misplaced == ()
    assert [kind.name for kind in COOKIE.placement.misplaced] == ["cart", "credentials"]
    assert [kind.name for kind in SESSION.placement.misplaced] == ["preferences"]


def test_the_cookie_application_needs_no_memcached(tmp_path: Path) -> None:
    """State in cookies starts where there is no memcached at all, and starts none."""
    with WarmApp("server.cookie_app", "--dev", environment={"PATH": str(tmp_path)}) as app:
        assert list(app.run_dir.glob("*.sock")) == []


def test_a_port_in_use_is_refused_at_start(tmp_path: Path) -> None:
    """A port that somebody has is one clear line and status 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run_app("server.cookie_app", "--dev", f"--port={port}", f"--run-dir={tmp_path}")
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert str(port) in line
    assert "in use" in line


def answer_as_a_web_server(connection: socket.socket) -> None:
    while connection.recv(1024):
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def hang_up(connection: socket.socket) -> None:
    connection.recv(1024)
    connection.close()


@pytest.mark.parametrize("behaviour", [answer_as_a_web_server, hang_up])
def test_another_service_on_memcached_s_port_is_refused_at_start(
    tmp_path: Path, behaviour: object
) -> None:
    """What answers, and not as memcached does, is one clear line and status 2."""
    with Impostor(behaviour) as other:  # type: ignore[arg-type]
        options = ("--dev", "--port=0", f"--run-dir={tmp_path}", f"--memcached={other.address}")
        ended = run_app("server.session_app", *options)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert other.address in line


def test_another_service_is_refused_also_while_a_node_is_away(tmp_path: Path) -> None:
    """One of the fleet away and another one no memcached: one clear line that names the latter."""
    with Impostor(answer_as_a_web_server) as other:
        fleet = f"--memcached=127.0.0.1:{free_port()},{other.address}"
        ended = run_app("server.session_app", "--dev", "--port=0", f"--run-dir={tmp_path}", fleet)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert other.address in line


def break_accounts(run_dir: Path) -> None:
    """Leave tables that can be read, and not be written."""
    run_dir.mkdir(exist_ok=True)
    with closing(sqlite3.connect(run_dir / "accounts-cookie.sqlite3")) as database:
        database.execute("DROP TABLE IF EXISTS session_places")
        database.execute("CREATE TABLE session_places (place TEXT)")


@pytest.mark.parametrize("workers", [1, 2])
def test_accounts_that_cannot_be_written_are_refused_at_start(tmp_path: Path, workers: int) -> None:
    """A database that takes no writes is one clear line and status 2, and nobody tries again."""
    break_accounts(tmp_path)
    options = ("--dev", "--port=0", f"--run-dir={tmp_path}", f"--processes={workers}")
    ended = run_app("server.cookie_app", *options)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert "--accounts: " in line
    assert "last_at" in line


def test_a_frozen_memcached_keeps_nobody_from_starting(memcached: MemcachedProcess) -> None:
    """The application starts, and all but the sessions is there."""
    memcached.freeze()
    with WarmApp("server.recommended_app", "--dev", f"--memcached={memcached.address}") as app:
        assert "until it answers" in app.stderr
        with ShopClient(app.url) as visitor:
            assert visitor.get("/health").status == 200
            assert visitor.post("/preferences", {"theme": "dark"}).status == 200
            assert visitor.get("/preferences").body["theme"] == "dark"
            assert visitor.post("/cart", ITEM).status == 503
    memcached.thaw()


def test_a_memcached_that_is_away_keeps_nobody_from_starting() -> None:
    """With its memcached away an application starts, says so, and answers what needs none."""
    with WarmApp("server.session_app", "--dev", f"--memcached=127.0.0.1:{free_port()}") as app:
        assert "until it answers" in app.stderr
        with ShopClient(app.url) as visitor:
            assert visitor.get("/health").status == 200
            assert visitor.post("/cart", ITEM).status == 503


def test_a_store_in_memory_is_said_aloud() -> None:
    """``--store=memory`` keeps sessions, needs no memcached, and warns that they end."""
    with WarmApp("server.session_app", "--dev", "--store=memory") as app:
        assert "end with it" in app.stderr
        with ShopClient(app.url) as visitor:
            visitor.post("/cart", ITEM)
            assert visitor.get("/cart").body["items"]


# Stopping


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_signal_stops_it_in_order(number: signal.Signals, workers: int) -> None:
    """SIGTERM and SIGINT end the application with status 0, open connections or not."""
    with (
        WarmApp("server.session_app", "--dev", f"--processes={workers}") as app,
        ShopClient(app.url) as visitor,
    ):
        assert visitor.get("/cart").status == 200
        assert app.stop(number) == 0
        assert "Traceback" not in app.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_in_flight_is_finished_and_committed(
    memcached: MemcachedProcess, workers: int
) -> None:
    """A request that is being read when SIGTERM comes is answered, and what it changed is kept."""
    options = ("--dev", f"--memcached={memcached.address}", f"--processes={workers}")
    with WarmApp("server.session_app", *options) as app, ShopClient(app.url) as visitor:
        last = visitor.begin_post("/cart", ITEM)
        app.send(signal.SIGTERM)
        wait_until(lambda: refuses(app.url), "it accepts no more")
        answer = visitor.end_post(last)
        assert answer.status == 200
        assert app.wait() == 0
        app.start()
        with ShopClient(app.url) as again:
            again.cookies = visitor.cookies
            assert again.get("/cart").body["items"][0]["quantity"] == 2


def test_ctrl_c_reaches_memcached_last() -> None:
    """SIGINT to the whole terminal group still commits what is in flight."""
    with WarmApp("server.session_app", "--dev") as app, ShopClient(app.url) as visitor:
        last = visitor.begin_post("/cart", ITEM)
        os.killpg(app.pid, signal.SIGINT)
        wait_until(lambda: refuses(app.url), "it accepts no more")
        assert visitor.end_post(last).status == 200
        assert app.wait() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_signal_ends_it_at_once(workers: int) -> None:
    """Whoever asks twice does not wait for what is in flight."""
    with (
        WarmApp("server.session_app", "--dev", f"--processes={workers}") as app,
        ShopClient(app.url) as visitor,
    ):
        visitor.begin_post("/cart", ITEM)
        app.send(signal.SIGTERM)
        wait_until(lambda: refuses(app.url), "it accepts no more")
        assert app.stop() != 0


def use_until_told_to_go(url: str, failures: list[str]) -> None:
    """Ask and ask until an answer closes the connection; whatever else happens is a failure."""
    with ShopClient(url) as visitor:
        visitor.post("/cart", ITEM)
        try:
            while True:
                answer = visitor.get("/cart")
                if answer.status != 200:
                    failures.append(str(answer.status))
                if answer.headers["Connection"] == "close":
                    return
        except (OSError, http.client.HTTPException) as error:
            failures.append(repr(error))


@pytest.mark.parametrize("workers", [1, 2])
def test_nothing_is_dropped_when_it_stops_under_load(workers: int) -> None:
    """SIGTERM in the midst of requests drops none: each is answered, the last one says close."""
    failures: list[str] = []
    with WarmApp("server.session_app", "--dev", f"--processes={workers}") as app:
        users = [
            threading.Thread(target=use_until_told_to_go, args=(app.url, failures))
            for _ in range(8)
        ]
        for user in users:
            user.start()
        wait_until(lambda: app.stderr.count(" /cart 200") > 100, "all are at work")
        assert app.stop() == 0
        for user in users:
            user.join()
    assert failures == []


class Slow(RequestHandler):
    """Answers when it is let; says what became of it."""

    async def get(self) -> None:
        self.settings["began"].set()
        await self.settings["let"].wait()
        self.settings["done"].append("answered")

    def on_connection_close(self) -> None:
        self.settings["left"].set()


def slow_application() -> Application:
    events = {name: asyncio.Event() for name in ("began", "left", "let")}
    return Application([("/", Slow)], done=[], **events)


async def turns_after_stop(listener: socket.socket) -> None:
    """Let the loop turn until ``listener`` is closed, and some more, for whatever comes next."""
    while listener.fileno() != -1:
        await asyncio.sleep(0)
    for _ in range(100):
        await asyncio.sleep(0)


async def test_a_request_whose_client_has_left_is_finished(settings: Settings) -> None:
    """What is in flight is finished before anything is closed, also if nobody waits for it."""
    application = slow_application()
    done: list[str] = application.settings["done"]

    @asynccontextmanager
    async def opening() -> AsyncIterator[Application]:
        yield application
        done.append("closed")

    listener, port = bind_unused_port()
    worker_end, parent_end = os.pipe()
    worker = Worker(worker_end, Seats(1), 0)
    serving = asyncio.create_task(serve(opening(), [listener], settings, None, worker))
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await application.settings["began"].wait()
    writer.close()
    await writer.wait_closed()
    await application.settings["left"].wait()
    os.close(parent_end)
    await turns_after_stop(listener)
    assert done == []
    application.settings["let"].set()
    await serving
    assert done == ["answered", "closed"]


async def test_a_connection_at_work_is_not_taken_for_an_idle_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However short the time an idle connection is given, one that has a request is left alone."""
    monkeypatch.setattr("server.operation.server._LINGER", 0)
    application = slow_application()
    listener, port = bind_unused_port()
    server = Server(application)
    server.add_socket(listener)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await application.settings["began"].wait()
    draining = asyncio.create_task(server.drain([listener], time.monotonic() + PATIENCE))
    await turns_after_stop(listener)
    application.settings["let"].set()
    await draining
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()


async def test_what_takes_too_long_is_dropped() -> None:
    """A request that is not answered in time does not keep the application from ending."""
    application = slow_application()
    listener, port = bind_unused_port()
    server = Server(application)
    server.add_socket(listener)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await application.settings["began"].wait()
    await server.drain([listener], until=0)
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
    application.settings["let"].set()


# Several workers


def children(pid: int) -> set[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    if listed.exists():
        return {int(child) for child in listed.read_text().split()}
    command = ["pgrep", "-P", str(pid)]  # macOS has it, a bare Debian has not
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return {int(child) for child in found.stdout.split()}


def test_workers_serve_the_same_sessions() -> None:
    """Whichever worker answers, a visitor has one cart."""
    with WarmApp("server.session_app", "--dev", "--processes=3") as app:
        cookies: dict[str, str] = {}
        for expected in range(1, 13):
            with ShopClient(app.url) as visitor:
                visitor.cookies = cookies
                cart = visitor.post("/cart", ITEM | {"quantity": 1}).body
                assert cart["items"][0]["quantity"] == expected
                cookies = visitor.cookies


def test_a_worker_that_ends_is_replaced(memcached: MemcachedProcess) -> None:
    """A killed worker is replaced, and what it served goes on."""
    options = ("--dev", "--processes=2", f"--memcached={memcached.address}")
    with WarmApp("server.session_app", *options) as app:
        workers = children(app.pid)
        assert len(workers) == 2
        victim = min(workers)
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: len(children(app.pid) - {victim}) == 2, "there are two again")
        assert f"worker {victim} ended" in app.stderr
        with ShopClient(app.url) as visitor:
            assert visitor.post("/cart", ITEM).status == 200
        assert app.stop() == 0


def every_worker_serves(app: AppProcess, people: ExitStack) -> bool:
    """Connect once more; return whether each worker has a connection by now."""
    parts = urlsplit(app.url)
    people.enter_context(socket.create_connection((parts.hostname, parts.port), PATIENCE))
    listed = [psutil.Process(pid).net_connections("tcp") for pid in children(app.pid)]
    return all(psutil.CONN_ESTABLISHED in {each.status for each in worker} for worker in listed)


def test_a_worker_that_cannot_start_again_leaves_the_others_serving() -> None:
    """With the accounts gone meanwhile, its replacement says so in a line, and is not hurried."""
    with WarmApp("server.cookie_app", "--dev", "--processes=2") as app:
        with ExitStack() as people:
            wait_until(lambda: every_worker_serves(app, people), "every worker serves")
        break_accounts(app.run_dir)
        os.kill(min(children(app.pid)), signal.SIGKILL)
        wait_until(lambda: "cannot start: --accounts: " in app.stderr, "it says so")
        with ShopClient(app.url) as visitor:
            assert visitor.get("/health").status == 200
        assert app.stop() == 0
        assert "Traceback" not in app.stderr


def test_workers_none_of_which_can_start_end_with_status_2(tmp_path: Path) -> None:
    """What has gone wrong since the check is one line a worker, and no worker is tried again."""

    def cannot(_worker: Worker) -> None:
        raise StartError("--accounts: gone")

    log = tmp_path / "log"
    pid = os.fork()
    if pid == 0:
        with log.open("w") as said:
            logging.basicConfig(stream=said, force=True)
            os._exit(Workers(2, cannot, []).run())
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 2
    lines = log.read_text().splitlines()
    assert lines
    assert all(line.endswith("a worker cannot start: --accounts: gone") for line in lines)


def test_workers_that_keep_ending_stop_it_all() -> None:
    """Ten ends in a minute are enough: the application stops with status 1."""
    with WarmApp("server.cookie_app", "--dev", "--processes=2") as app:
        while app.process.poll() is None and (workers := children(app.pid)):
            for worker in workers:
                os.kill(worker, signal.SIGKILL)
            ended = workers
            wait_until(
                lambda gone=ended: not children(app.pid) & gone or app.process.poll() is not None,
                "they have ended",
            )
        assert app.wait() == 1
        assert "workers keep ending" in app.stderr


def test_workers_end_with_their_parent() -> None:
    """When the parent is killed, the workers stop, and memcached after them."""
    with WarmApp("server.session_app", "--dev", "--processes=2") as app:
        (address,) = app.run_dir.glob("*.sock")
        app.kill()
        wait_until(lambda: refuses(app.url), "nobody serves")
        wait_until(lambda: not address.exists(), "the private memcached is gone")


# https and proxies


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certfile, keyfile = tmp_path / "cert.pem", tmp_path / "key.pem"
    certfile.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    keyfile.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certfile, keyfile


def test_https_with_cookies_for_https_alone(
    secret_file: Path, certificate: tuple[Path, Path]
) -> None:
    """With a certificate it serves https, and its cookies are Secure and of this host alone."""
    certfile, keyfile = certificate
    options = (f"--certfile={certfile}", f"--keyfile={keyfile}")
    secret = f"--cookie-secret-file={secret_file}"
    with WarmApp("server.recommended_app", secret, *options, certfile=certfile) as app:
        assert app.url.startswith("https://")
        https = ssl.create_default_context(cafile=certfile)
        with ShopClient(app.url, https) as visitor:
            visitor.post("/preferences", {"sort": "price"})
            answer = visitor.post("/cart", ITEM)
            assert set(visitor.cookies) == {"__Host-shop-preferences", "__Host-shop-session-id"}
            (cookie,) = answer.headers.get_all("Set-Cookie", [])
            assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
            assert visitor.get("/cart").body["items"]


def test_an_unusable_certificate_is_refused_at_start(secret_file: Path, tmp_path: Path) -> None:
    """A certificate that cannot be read, or is none, is one clear line and status 2."""
    options = (f"--cookie-secret-file={secret_file}", f"--run-dir={tmp_path}", "--port=0")
    missing = tmp_path / "missing"
    for certfile, keyfile, told in (
        (missing, secret_file, f"--certfile: {missing}: No such file"),
        (secret_file, missing, f"--keyfile: {missing}: No such file"),
        (secret_file, secret_file, f"--certfile: {secret_file}, --keyfile: {secret_file}: no "),
        (tmp_path, secret_file, f"--certfile: {tmp_path}: Is a directory"),
    ):
        https = (f"--certfile={certfile}", f"--keyfile={keyfile}")
        ended = run_app("server.cookie_app", *options, *https)
        assert ended.returncode == 2
        (line,) = ended.stderr.splitlines()
        assert told in line


def test_cookies_are_secure_behind_a_proxy(secret_file: Path) -> None:
    """Plain http without --dev is something behind a proxy: cookies are Secure, and it says so."""
    options = (f"--cookie-secret-file={secret_file}", "--trust-proxy")
    with WarmApp("server.cookie_app", *options) as app:
        assert "a proxy in front must serve https" in app.stderr
        with ShopClient(app.url) as visitor:
            answer = visitor.post("/preferences", {"sort": "price"}, X_Forwarded_Proto="https")
            assert "; Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("options", [(), ("--trust-proxy",)])
def test_a_proxy_need_not_say_that_it_has_https(
    secret_file: Path, options: tuple[str, ...]
) -> None:
    """Without --dev cookies are set, and ``Secure``, whatever the proxy in front tells."""
    secret = f"--cookie-secret-file={secret_file}"
    with (
        WarmApp("server.session_app", secret, *options) as app,
        ShopClient(app.url) as visitor,
    ):
        answer = visitor.post("/cart", {"sku": PRODUCTS[0].sku, "quantity": 1})
        assert answer.status == 200
        assert answer.headers["Set-Cookie"].startswith("__Host-session-")
        assert "; Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(("options", "believed"), [((), False), (("--trust-proxy",), True)])
def test_a_proxy_is_believed_when_told_to(options: tuple[str, ...], believed: bool) -> None:
    """``X-Forwarded-Proto`` from loopback counts with --trust-proxy, and without it does not."""
    with (
        WarmApp("server.cookie_app", "--dev", *options) as app,
        ShopClient(app.url) as visitor,
    ):
        answer = visitor.get("/health", X_Forwarded_Proto="https")
        assert ("Strict-Transport-Security" in answer.headers) == believed


class Told(RequestHandler):
    """Says what the request is taken for."""

    def get(self) -> None:
        self.write({"from": self.request.remote_ip, "by": self.request.protocol})


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ("", ("127.0.0.1", "http")),
        ("X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https", ("203.0.113.7", "https")),
        ("X-Forwarded-For: 10.0.0.1, 203.0.113.7", ("203.0.113.7", "http")),
        ("X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-For: 203.0.113.7", ("203.0.113.7", "http")),
        ("X-Forwarded-For: 203.0.113.7, unknown", ("127.0.0.1", "http")),
        ("X-Forwarded-Proto: https, http", ("127.0.0.1", "http")),
        ("X-Forwarded-Proto: http, https", ("127.0.0.1", "https")),
        ("X-Real-Ip: 10.0.0.1\r\nX-Scheme: https", ("127.0.0.1", "http")),
        ("X-Forwarded-For: 203.0.113.7\r\nX-Real-Ip: 10.0.0.1", ("203.0.113.7", "http")),
        ("X-Forwarded-Proto: http\r\nX-Scheme: https", ("127.0.0.1", "http")),
        ("X-Forwarded-For: 2001:db8::1", ("2001:db8::1", "http")),
    ],
)
async def test_a_proxy_is_believed_what_it_says_last(headers: str, told: tuple[str, str]) -> None:
    """Two headers are read, from their right end; each request is told of for itself."""
    listener, port = bind_unused_port()
    server = Server(Application([("/", Told)]), trust_proxy=True)
    server.add_socket(listener)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for sent, expected in ((headers, told), ("", ("127.0.0.1", "http"))):
        lines = f"GET / HTTP/1.1\r\nHost: x\r\n{sent}\r\n"
        writer.write(lines.encode() + b"\r\n" * bool(sent))
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].split()[0])
        assert tuple(json.loads(await reader.readexactly(size)).values()) == expected
    writer.close()
    await writer.wait_closed()
    await server.drain([listener], until=0)


@pytest.mark.parametrize(
    ("host", "said", "asked_for"),
    [
        ("shop.example", {"X-Forwarded-Port": "8443"}, "shop.example:8443"),
        ("shop.example", {"X-Forwarded-Port": "443"}, "shop.example"),
        ("shop.example:443", {}, "shop.example"),
        ("shop.example:80", {}, "shop.example:80"),
        ("shop.example:80", {"X-Forwarded-Proto": "http"}, "shop.example"),
        ("shop.example:8443", {"X-Forwarded-Port": "8003"}, "shop.example:8443"),
        ("shop.example", {"X-Forwarded-Port": "8003, 8443"}, "shop.example:8443"),
        ("[2001:db8::1]", {"X-Forwarded-Port": "8443"}, "[2001:db8::1]:8443"),
        ("[2001:db8::1]:443", {}, "[2001:db8::1]"),
        ("[2001:db8::443]", {}, "[2001:db8::443]"),
        ("shop.example", {"X-Forwarded-Port": "x"}, "shop.example"),
        ("shop.example", {"X-Forwarded-Port": "\u0664"}, "shop.example"),
        ("shop.example", {}, "shop.example"),
        ("", {"X-Forwarded-Port": "8443"}, ""),
    ],
)
def test_the_host_is_what_the_browser_asked_for(
    host: str, said: dict[str, str], asked_for: str
) -> None:
    """With the port that a proxy has dropped, and without the one that goes without saying."""
    headers = HTTPHeaders({"X-Forwarded-Proto": "https", **said, "Host": host})
    with as_forwarded(SimpleNamespace(remote_ip="127.0.0.1", protocol="http"), headers):
        assert headers["Host"] == asked_for
    headers = HTTPHeaders({"X-Forwarded-Proto": "https", **said, "Host": host})
    with as_forwarded(SimpleNamespace(remote_ip="203.0.113.7", protocol="http"), headers):
        assert headers["Host"] == host


async def test_a_proxy_that_does_not_say_who_asks_is_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Once: everybody seems to be this machine then, for which there is no limit."""
    listener, port = bind_unused_port()
    application = Application([("/", Told), ("/health", Told)])
    server = Server(application, trust_proxy=True, apart=frozenset({"/health"}))
    server.add_socket(listener)
    fetch = partial(AsyncHTTPClient().fetch, headers={"X-Real-Ip": "203.0.113.7"})
    await fetch(f"http://127.0.0.1:{port}/health")
    forwarded = {"X-Forwarded-For": "203.0.113.7"}
    await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/", headers=forwarded)
    assert caplog.messages == []
    for _ in range(2):
        await fetch(f"http://127.0.0.1:{port}/")
    (told,) = caplog.messages
    assert "X-Forwarded-For" in told
    await server.drain([listener], until=0)


def test_only_a_proxy_on_this_machine_is_believed() -> None:
    """Whoever connects from elsewhere is not believed, whatever headers it sends."""
    headers = HTTPHeaders({"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https"})
    for peer, taken_for in (("203.0.113.7", "203.0.113.7"), ("127.0.0.1", "10.0.0.1")):
        context = SimpleNamespace(remote_ip=peer, protocol="http")
        with as_forwarded(context, headers):
            assert context.remote_ip == taken_for
        assert (context.remote_ip, context.protocol) == (peer, "http")


# Logs


def test_production_logs_are_json_and_tell_no_secret(secret_file: Path) -> None:
    """One JSON object a line, with the events; no password, cookie, secret or search in them."""
    options = (f"--cookie-secret-file={secret_file}", "--trust-proxy")
    person = {"username": "canary-name", "email": "a@b.example", "password": "canary-password"}
    with WarmApp("server.session_app", *options) as app, ShopClient(app.url) as visitor:
        assert visitor.post("/register", person).status == 201
        assert visitor.post("/login", person | {"password": "wrong-canary"}).status == 401
        assert visitor.post("/login", person, X_Forwarded_Proto="https").status == 200
        assert visitor.get("/products?q=canary-search").status == 200
        assert visitor.get("/nowhere?q=canary-search").status == 404
        assert visitor.post("/logout", {}).status == 204
        cookies = list(visitor.cookies.values())
        assert app.stop() == 0
        lines = [json.loads(line) for line in app.stderr.splitlines()]
        for hidden in ("canary", SECRET, *filter(None, cookies)):
            assert hidden not in app.stderr
    assert {"time", "level", "logger"} <= set.intersection(*map(set, lines))
    requests = [line for line in lines if line.get("event") == "request"]
    assert {"method": "GET", "path": "/products", "status": 200}.items() <= requests[-3].items()
    assert {line["logger"] for line in lines} >= {"server.events", "server.access"}


def test_the_access_log_can_be_left_out() -> None:
    """``--access-log=false`` logs failures only."""
    with WarmApp("server.cookie_app", "--dev", "--access-log=false") as app:
        urllib.request.urlopen(f"{app.url}/health").close()
        assert "/health" not in app.stderr
