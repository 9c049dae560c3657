"""What somebody else owns, can write to, or leads to is not taken."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from server.accounts import Accounts
from server.accounts.errors import AccountsUnavailable
from server.cookie_secret import SecretRefused, read_cookie_secret
from server.ownership import NotTrusted, check_file, check_folder, read_trusted
from server.settings import read_settings
from server.start_error import StartError

NOBODY = 65_534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that only this user can write to."""
    made = tmp_path / "own"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
def secret(folder: Path) -> Path:
    """A good secret in it."""
    path = folder / "secret"
    path.touch(mode=0o600)
    path.write_text(secrets.token_urlsafe(32))
    return path


@pytest.fixture
def somebody_elses(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Path]:
    """Give a file to another user; who is not root, and may not, is another user himself."""

    def give(path: Path) -> Path:
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        else:
            monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
        return path

    return give


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_what_others_can_write_to_is_refused(mode: int, folder: Path, secret: Path) -> None:
    """A folder or a file; whoever can write there is not only its owner."""
    for path, check in ((secret, check_file), (secret, read_trusted), (folder, check_folder)):
        path.chmod(mode)
        with pytest.raises(NotTrusted) as refused:
            check(path)
        assert refused.value.strerror == "others can write to it: chmod go-w"
        path.chmod(0o700)
        check(path)


def test_what_stands_where_anybody_can_put_another_is_refused(tmp_path: Path) -> None:
    """A folder that all may write to is as good as its sticky bit."""
    shared = tmp_path / "shared"
    shared.mkdir()
    inside = shared / "own"
    inside.mkdir(mode=0o700)
    shared.chmod(0o777)
    with pytest.raises(NotTrusted) as refused:
        check_folder(inside)
    assert "anybody can put another" in str(refused.value.strerror)
    shared.chmod(0o1777)
    check_folder(inside)


def test_a_link_of_ones_own_is_followed(folder: Path, secret: Path) -> None:
    """As a file that a platform mounts for an application is often one."""
    link = folder / "link"
    link.symlink_to(secret)
    assert read_trusted(link) == secret.read_bytes()
    check_file(folder / "not there")


def test_only_a_file_is_read_and_only_so_much_of_it(folder: Path, secret: Path) -> None:
    """A pipe nobody writes to would be waited for; something endless would be kept."""
    pipe = folder / "pipe"
    os.mkfifo(pipe, 0o600)
    secret.write_bytes(b"x" * 65_537)
    for path, why in ((pipe, "not a file"), (folder, "not a file"), (secret, "larger than")):
        with pytest.raises(NotTrusted) as refused:
            read_trusted(path)
        assert why in str(refused.value.strerror)


Give = Callable[[Path], Path]


def others_folder(folder: Path, secret: Path, give: Give) -> None:
    read_settings("shop", 0, ["--dev", f"--run-dir={give(folder)}"], {})


def others_link(folder: Path, secret: Path, give: Give) -> None:
    link = folder.with_name("link")
    link.symlink_to(folder)
    read_settings("shop", 0, ["--dev", f"--run-dir={give(link)}"], {})


def others_secret(folder: Path, secret: Path, give: Give) -> None:
    read_cookie_secret(give(secret))


def others_link_to_a_secret(folder: Path, secret: Path, give: Give) -> None:
    link = folder / "link"
    link.symlink_to(secret)
    read_cookie_secret(give(link))


def others_key(folder: Path, secret: Path, give: Give) -> None:
    options = [f"--cookie-secret-file={secret}", f"--run-dir={folder}", f"--certfile={secret}"]
    key = folder / "key.pem"
    key.touch()
    read_settings("shop", 0, [*options, f"--keyfile={give(key)}"], {})


@pytest.mark.parametrize(
    "use", [others_folder, others_link, others_secret, others_link_to_a_secret, others_key]
)
def test_what_another_user_owns_is_refused(
    use: Callable[[Path, Path, Give], None], folder: Path, secret: Path, somebody_elses: Give
) -> None:
    """In one sentence, before anything is started."""
    with pytest.raises((StartError, SecretRefused), match="belongs to another user"):
        use(folder, secret, somebody_elses)


@pytest.mark.parametrize("end", ["", "-wal", "-journal", "-shm"])
def test_accounts_that_another_user_owns_are_refused(
    end: str, folder: Path, somebody_elses: Give
) -> None:
    """The file, and what SQLite finds beside it and takes for its own."""
    path = folder / "accounts.sqlite3"
    beside = Path(f"{path}{end}")
    beside.touch(mode=0o600)
    somebody_elses(beside)
    with pytest.raises(AccountsUnavailable, match="belongs to another user"):
        asyncio.run(opened_and_closed(path))


async def opened_and_closed(accounts: str | Path) -> None:
    await (await Accounts.open(accounts)).close()


@pytest.mark.parametrize("name", ["a?b", "a%41b", "a#b", "a b", "?mode=ro", "a&b=c;d"])
def test_a_path_is_a_path_whatever_is_in_it(name: str, folder: Path) -> None:
    """What would mean something in a URL is a character in a folder's name."""
    settings = read_settings("shop", 0, ["--dev", f"--run-dir={folder / name}"], {})
    asyncio.run(opened_and_closed(settings.accounts))
    assert [path.name for path in folder.iterdir() if path.is_dir()] == [name]
    made = {path.name for path in (folder / name).iterdir()}
    assert {"accounts-shop.sqlite3", "cookie-secret-shop"} <= made


@pytest.mark.parametrize(("mode", "told"), [(0o777, 1), (0o770, 0)])
def test_a_socket_that_everybody_can_write_to_is_told_of(
    mode: int, told: int, folder: Path
) -> None:
    """Whoever writes to the store can end sessions; one that is not there yet is no trouble."""
    path = folder / "memcached.sock"
    options = ["--dev", f"--run-dir={folder}", f"--memcached={path},127.0.0.1:11211"]
    assert not read_settings("shop", 0, options, {}).warnings
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(mode)
        warnings = read_settings("shop", 0, options, {}).warnings
    assert [text.partition(" takes")[0] for text in warnings] == [str(path)] * told
