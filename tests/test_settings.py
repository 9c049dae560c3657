"""Options and environment: what is read, what is refused, and what a secret must be."""

from __future__ import annotations

import stat
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from run_app import SECRET, run_app

from compare.app_process import ROOT
from server.cookie_app import COMPOSITION
from server.cookie_secret import make_cookie_secret, read_cookie_secret
from server.operation.start import _Running, main
from server.options import OPTIONS
from server.settings import Settings, read_settings
from server.start_error import StartError


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    return path


def settings_of(
    tmp_path: Path, *options: str, dev: bool = True, environment: dict[str, str] | None = None
) -> Settings:
    arguments = [f"--run-dir={tmp_path / 'run'}", *(["--dev"] if dev else []), *options]
    return read_settings("session", 8002, arguments, environment or {})


#: Options, environment, and what the one line must name.
WRONG: Sequence[tuple[tuple[str, ...], dict[str, str], str]] = [
    (("--colour=red",), {}, "--colour"),
    (("--dev=maybe",), {}, "--dev"),
    (("serve",), {}, "serve"),
    (("--port",), {}, "--port"),
    (("--port=",), {}, "--port"),
    (("--port=http",), {}, "--port"),
    (("--port=65536",), {}, "--port"),
    (("--port=-1",), {}, "--port"),
    ((), {"PORT": "http"}, "PORT"),
    ((), {"PORT": "70000"}, "port"),
    ((), {"DEV": "perhaps"}, "DEV"),
    (("--address=0.0.0.0",), {}, "0.0.0.0"),
    (("--address=not an address",), {}, "--address"),
    (("--address=",), {}, "--address"),
    (("--idle-timeout=0",), {}, "--idle-timeout"),
    (("--idle-timeout=2592001", "--absolute-timeout=2592001"), {}, "--idle-timeout"),
    (("--idle-timeout=1.5",), {}, "--idle-timeout"),
    (("--idle-timeout=60", "--absolute-timeout=59"), {}, "--absolute-timeout"),
    (("--absolute-timeout=34560001",), {}, "--absolute-timeout"),
    ((), {"IDLE_TIMEOUT": "soon"}, "IDLE_TIMEOUT"),
    (("--state-name=My shop",), {}, "--state-name"),
    (("--store-deadline=0",), {}, "--store-deadline"),
    (("--store-deadline=nan",), {}, "--store-deadline"),
    (("--store-deadline=quick",), {}, "--store-deadline"),
    (("--processes=0",), {}, "--processes"),
    (("--processes=many",), {}, "--processes"),
    (("--store=redis",), {}, "--store"),
    (("--store=memory", "--processes=2"), {}, "--store=memory"),
    (("--store=memory", "--memcached=127.0.0.1:11211"), {}, "--memcached"),
    (("--memcached=localhost",), {}, "--memcached"),
    (("--memcached=localhost:0",), {}, "--memcached"),
    (("--memcached=localhost:11211,",), {}, "--memcached: empty address"),
    (("--memcached=,",), {}, "--memcached: empty address"),
    (("--memcached=",), {}, "--memcached: empty address"),
    (("--memcached=localhost:1, ,localhost:2",), {}, "--memcached: empty address"),
    ((), {"MEMCACHED": ","}, "--memcached: empty address"),
    (("--cookie-secret-file=",), {}, "--cookie-secret-file: empty value"),
    (("--accounts=",), {}, "--accounts: empty value"),
    (("--memcached=localhost:11211,localhost:11211",), {}, "--memcached"),
    (("--memcached=/" + "x" * 200,), {}, "--memcached"),
    ((), {"MEMCACHED": "localhost:port"}, "--memcached"),
    (("--accounts=accounts.db",), {}, "--accounts"),
    (("--accounts=sqlite:////dev/null/accounts",), {}, "--accounts"),
    (("--accounts=cobol://localhost/accounts",), {}, "--accounts"),
    (("--certfile=cert.pem",), {}, "--keyfile"),
    (("--keyfile=key.pem",), {}, "--certfile"),
    (("--certfile=no.pem", "--keyfile=no.pem"), {}, "--dev"),
    (("--run-dir=/dev/null/run",), {}, "--run-dir"),
    (("--cookie-secret-file=/no/such/file",), {}, "--cookie-secret-file"),
]


@pytest.mark.parametrize(("options", "environment", "named"), WRONG)
def test_a_wrong_option_is_one_line_and_status_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    environment: dict[str, str],
    named: str,
) -> None:
    """A wrong option is one line on standard error that names it, and exit status 2."""
    usable = {"PORT": "0", "DEV": "1", "RUN_DIR": str(tmp_path / "run")}
    for variable, text in (usable | environment).items():
        monkeypatch.setenv(variable, text)
    monkeypatch.setattr(sys, "argv", ["cookie_app", *options])
    assert main(COMPOSITION) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1, said.err
    assert named in said.err


def test_a_process_ends_with_that_line_and_status() -> None:
    """A process that is started with a wrong option says nothing else, no traceback either."""
    ended = run_app("server.session_app", "--dev", "--memcached=nowhere")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("session: --memcached: ")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_lists_every_option_with_its_variable(option: str) -> None:
    """``--help`` prints every option and its name in the environment, and exits with status 0."""
    ended = run_app("server.recommended_app", option)
    assert (ended.returncode, ended.stderr) == (0, "")
    for each in OPTIONS:
        assert f"--{each.name}" in ended.stdout
        assert each.variable in ended.stdout


def test_every_option_is_documented() -> None:
    """README.rst documents every option."""
    readme = (ROOT / "README.rst").read_text()
    assert [option.name for option in OPTIONS if f"--{option.name}" not in readme] == []


def test_defaults_are_the_contract_s(tmp_path: Path) -> None:
    """Without options everything is as the documentation says."""
    settings = settings_of(tmp_path)
    assert (settings.port, settings.address) == (8002, "127.0.0.1")
    assert (settings.idle_timeout, settings.absolute_timeout) == (1800, 43_200)
    assert (settings.store, settings.store_deadline, settings.processes) == ("memcached", 0.5, 1)
    assert settings.memcached == ()
    assert settings.accounts == tmp_path / "run/accounts-session.sqlite3"
    assert not settings.trust_proxy


def test_every_option_is_read_from_the_environment_too(tmp_path: Path) -> None:
    """A variable in upper case stands for an option."""
    environment = {
        "PORT": "9002",
        "STORE": "memory",
        "IDLE_TIMEOUT": "60",
        "TRUST_PROXY": "1",
        "STORE_DEADLINE": "0.25",
    }
    settings = settings_of(tmp_path, environment=environment)
    assert (settings.port, settings.store, settings.idle_timeout) == (9002, "memory", 60)
    assert (settings.trust_proxy, settings.store_deadline) == (True, 0.25)


def test_the_command_line_wins(tmp_path: Path) -> None:
    """An option outdoes its variable."""
    assert settings_of(tmp_path, "--port=9003", environment={"PORT": "9002"}).port == 9003


def test_an_empty_variable_is_none(tmp_path: Path) -> None:
    """``PORT=`` leaves the default."""
    assert settings_of(tmp_path, environment={"PORT": "", "MEMCACHED": ""}).port == 8002


def test_a_fleet_of_memcached(tmp_path: Path) -> None:
    """``--memcached`` names one or several, by host and port or by a socket's path."""
    settings = settings_of(tmp_path, "--memcached=a:1,[::1]:2,/run/memcached.sock")
    assert settings.memcached == ("a:1", "[::1]:2", "/run/memcached.sock")


def test_settings_show_no_secret(tmp_path: Path) -> None:
    """What prints settings prints neither the secret nor the accounts' password."""
    settings = settings_of(tmp_path, "--accounts=postgresql://shop:swordfish@db/shop")
    assert settings.cookie_secret[0] not in repr(settings)
    assert "swordfish" not in repr(settings)


def test_cookies_are_secure_but_in_development(tmp_path: Path, secret_file: Path) -> None:
    """Only ``--dev`` makes cookies that plain http may carry."""
    assert not settings_of(tmp_path).secure_cookies
    production = settings_of(tmp_path, f"--cookie-secret-file={secret_file}", dev=False)
    assert production.secure_cookies


def test_plain_http_leaves_the_machine_only_through_a_proxy(
    tmp_path: Path, secret_file: Path
) -> None:
    """Another address than loopback needs a certificate, or a proxy that is trusted."""
    options = (f"--cookie-secret-file={secret_file}", "--address=0.0.0.0")
    with pytest.raises(StartError, match="plain http"):
        settings_of(tmp_path, *options, dev=False)
    assert settings_of(tmp_path, *options, "--trust-proxy", dev=False).address == "0.0.0.0"
    https = ("--certfile=cert.pem", "--keyfile=key.pem")
    assert settings_of(tmp_path, *options, *https, dev=False).certfile == "cert.pem"


def test_without_dev_a_secret_is_needed(tmp_path: Path) -> None:
    """No secret is ever defaulted."""
    with pytest.raises(StartError, match="--cookie-secret-file is needed"):
        settings_of(tmp_path, dev=False)
    assert not (tmp_path / "run" / "cookie-secret-session").exists()


def test_development_makes_a_secret_once(tmp_path: Path) -> None:
    """The first run makes a secret, mode 600 in a folder of mode 700; the next one finds it."""
    first, second = settings_of(tmp_path), settings_of(tmp_path)
    assert first.cookie_secret == second.cookie_secret
    path = tmp_path / "run" / "cookie-secret-session"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_two_applications_have_two_secrets(tmp_path: Path) -> None:
    """Applications in one run directory do not share a secret."""
    options = [f"--run-dir={tmp_path}", "--dev"]
    cookie = read_settings("cookie", 8001, options, {})
    session = read_settings("session", 8002, options, {})
    assert cookie.cookie_secret != session.cookie_secret


def test_processes_that_start_at_once_use_one_secret(tmp_path: Path) -> None:
    """However many make it at the same time, there is one secret, and nobody reads half of it."""
    path = tmp_path / "secret"

    def start(_: int) -> str:
        make_cookie_secret(path)
        return read_cookie_secret(path)[0]

    with ThreadPoolExecutor(16) as threads:
        assert len(set(threads.map(start, range(64)))) == 1


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        (f"{SECRET}\n", {0: SECRET}),
        (f"  {SECRET}  \n\n", {0: SECRET}),
        (f"0:{SECRET}\n1:{SECRET[::-1]}\n", {0: SECRET, 1: SECRET[::-1]}),
        (f"3:{SECRET}\n10:{SECRET[::-1]}", {3: SECRET, 10: SECRET[::-1]}),
        (f"7:{SECRET}\n2:{SECRET[::-1]}", {7: SECRET, 2: SECRET[::-1]}),
        ("ä" * 3 + SECRET, {0: "ä" * 3 + SECRET}),
    ],
)
def test_a_lone_secret_is_version_0(tmp_path: Path, text: str, versions: dict[int, str]) -> None:
    """One secret is version 0; lines give versions, the newest last."""
    path = tmp_path / "secret"
    path.write_text(text, encoding="utf-8")
    assert list(read_cookie_secret(path).items()) == list(versions.items())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no secret"),
        (b"\n \n", "no secret"),
        (SECRET[:31].encode(), "shorter than 32 bytes"),
        (b"0:short", "shorter than 32 bytes"),
        (b"x" * 64, "repeated"),
        (b"changeme" * 8, "repeated"),
        (f"0:{SECRET}\n1:{SECRET}".encode(), "twice"),
        (f"0:{SECRET}\n0:{SECRET[::-1]}".encode(), "line 2: version 0 is there twice"),
        (b"1234567890:" + SECRET[:30].encode(), "line 1: the version is too long"),
        (b"\xef\xbb\xbf0:" + SECRET[:31].encode(), "shorter than 32 bytes"),
        (f"0:{SECRET}\n1:{SECRET[:31]}".encode(), "version 1 is shorter than 32 bytes"),
        (f"0:{SECRET[:31]}\n1:{SECRET}".encode(), "version 0 is shorter than 32 bytes"),
        (f"{SECRET}\n{SECRET[::-1]}".encode(), "line 1 is not version:secret"),
        (f"0:{SECRET}\n{SECRET[::-1]}".encode(), "line 2 is not version:secret"),
        (b"\xff" * 64, "not a text file"),
    ],
)
def test_a_weak_or_garbled_secret_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    """A secret that must not sign is refused with the reason, and is not shown."""
    path = tmp_path / "secret"
    path.write_bytes(content)
    with pytest.raises(StartError, match=reason) as refused:
        settings_of(tmp_path, f"--cookie-secret-file={path}")
    assert SECRET[:16] not in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_file_others_can_read_is_warned_of(tmp_path: Path, secret_file: Path) -> None:
    """A secret's file that others can read is used, and said aloud."""
    options = (f"--cookie-secret-file={secret_file}",)
    assert settings_of(tmp_path, *options).warnings == ()
    secret_file.chmod(0o644)
    (warning,) = settings_of(tmp_path, *options).warnings
    assert "chmod 600" in warning


def test_a_versioned_secret_without_its_predecessor_is_warned_of(
    tmp_path: Path, secret_file: Path
) -> None:
    """One version alone, and not 0, refuses cookies signed before; that is said aloud."""
    secret_file.write_text(f"1:{SECRET}\n")
    (warning,) = settings_of(tmp_path, f"--cookie-secret-file={secret_file}").warnings
    assert "are refused" in warning


@pytest.mark.parametrize(
    "production",
    [("--cookie-secret-file={secret}",), ("--trust-proxy",), ("--certfile=x", "--keyfile=x")],
)
def test_dev_in_the_environment_does_not_reach_production(
    production: tuple[str, ...], tmp_path: Path, secret_file: Path
) -> None:
    """A general variable does not turn Secure off where production is configured; --dev does."""
    options = [option.format(secret=secret_file) for option in production]
    with pytest.raises(StartError, match=r"DEV in the environment, with --|leave it out"):
        settings_of(tmp_path, *options, dev=False, environment={"DEV": "1"})
    assert settings_of(tmp_path, dev=False, environment={"DEV": "1"}).dev
    if "--certfile=x" not in options:
        assert settings_of(tmp_path, *options, environment={"DEV": "1"}).dev


def test_what_was_learnt_at_the_start_outlives_a_renewal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read again, the options say neither where the private memcached is nor how much it takes."""
    options = ["cookie_app", "--dev", f"--run-dir={tmp_path / 'run'}"]
    monkeypatch.setattr(sys, "argv", options)
    learnt = {"memcached": ("/a/socket",), "private_memcached": True, "store_room": 62 * 2**20}
    settings = replace(settings_of(tmp_path), **learnt)
    running = _Running(COMPOSITION, settings, None, [])
    assert running.renew()
    assert {name: getattr(running.settings, name) for name in learnt} == learnt
    assert running.settings.anonymous_room == 16 * 2**20
    assert running.settings.signed_in_room == 12 * 2**20
