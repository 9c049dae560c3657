"""A memcached of the application's own, for whoever has none running.

Rule 1: it listens on a Unix socket that only the application's user can open, on no network.
Rule 2: it ends with the application, however that ends. A small shell holds the other end of a pipe
from the application; when the pipe closes - it does at a crash and at SIGKILL, too - the shell ends
memcached and removes the socket. Worker processes inherit the pipe, so memcached outlives the
last of them.
Rule 3: Ctrl-C in the terminal does not reach it: what is in flight must still be committed.
Rule 4: should it end by itself, it is started again. Every session is gone then, which is a
definite answer; a memcached that stays away would be none.
"""

from __future__ import annotations

import logging
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..start_error import StartError

#: A Unix socket's path has 104 bytes on macOS and 108 on Linux, a NUL among them (unix(7)).
_LONGEST_PATH = 100

#: Seconds to wait for it to answer, and to end.
_PATIENCE = 10

#: Arguments: the socket, a folder to remove or "", and memcached's command line. `read` ends when
#: the last process that holds the other end of the pipe is gone.
_KEEPER = r"""
socket=$1 folder=$2
shift 2
keep() {
    trap 'kill -KILL $!; exit' TERM
    while :; do
        "$@" &
        wait $!
        echo "the private memcached ended; it is started again, and every session is gone" >&2
        sleep 1 & wait $!
    done
}
keep "$@" &
keeper=$!
while read -r _; do :; done
kill "$keeper"
wait "$keeper"
rm -f "$socket"
if [ -n "$folder" ]; then rmdir "$folder"; fi
"""

_log = logging.getLogger(__name__)


@contextmanager
def private_memcached(name: str, run_dir: Path) -> Iterator[str]:
    """Run a memcached for the application ``name`` within the block; the value is its address.

    Raises `StartError` when there is no memcached on the path, or it does not start.
    """
    memcached = shutil.which("memcached")
    if memcached is None:
        raise StartError(
            "memcached is not installed: apt install memcached, or brew install memcached"
            " (or say --memcached or --store=memory)"
        )
    address, folder = _socket_path(name, run_dir)
    command = [memcached, "-s", str(address), "-a", "0700", "-U", "0", *_user()]
    keeper = subprocess.Popen(  # noqa: S603 - a fixed script; paths are arguments, never parsed
        ["/bin/sh", "-c", _KEEPER, "memcached-keeper", str(address), str(folder or ""), *command],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _wait_until_ready(keeper, address)
        yield str(address)
    finally:
        _end(keeper)


def _user() -> list[str]:
    """memcached refuses to run as root unless it is told a user; the application's own it is."""
    return ["-u", pwd.getpwuid(0).pw_name] if os.geteuid() == 0 else []


def _socket_path(name: str, run_dir: Path) -> tuple[Path, Path | None]:
    """Return the socket's path, and the folder made for it when the run directory's is too long."""
    path = run_dir / f"memcached-{name}-{os.getpid()}.sock"
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        return path, None
    folder = Path(tempfile.mkdtemp(prefix="memcached-"))  # mode 700
    return folder / "sock", folder


def _wait_until_ready(keeper: subprocess.Popen[bytes], address: Path) -> None:
    give_up = time.monotonic() + _PATIENCE
    while not _answers(address):
        if time.monotonic() > give_up or keeper.poll() is not None:
            raise StartError(f"the private memcached did not start on {address}")
        time.sleep(0.01)  # nothing tells when it is ready, and no event loop runs yet


def _answers(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(address))
            connection.sendall(b"version\r\n")
            return connection.recv(64).startswith(b"VERSION ")
        except OSError:
            return False


def _end(keeper: subprocess.Popen[bytes]) -> None:
    assert keeper.stdin is not None
    keeper.stdin.close()
    try:
        keeper.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        _log.warning("the private memcached has not ended yet")
