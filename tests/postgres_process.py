"""A real PostgreSQL of one's own, empty, on a port of 127.0.0.1."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from compare.store_process import ServerProcess

#: PostgreSQL refuses to run as root; its package brings a user.
_AS_ITS_USER = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")


class PostgresProcess(ServerProcess):
    """PostgreSQL with one superuser, ``postgres``, who needs no password."""

    name = "PostgreSQL"

    def __init__(self, *arguments: str) -> None:
        super().__init__(*arguments, tcp=True)
        self._data = self.folder / "data"

    @property
    def url(self) -> str:
        """Where accounts may be kept."""
        return f"postgresql://postgres@{self.address}/postgres"

    def command(self) -> Sequence[str]:
        """Return what starts it."""
        return [*_user(), _tool("postgres"), "-D", str(self._data), "-p", str(self.port), "-k", ""]

    def start(self) -> None:
        """Make its files, start it, and return once it accepts connections."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        making = [*_user(), _tool("initdb"), "-D", str(self._data), "-U", "postgres"]
        making += ["--auth=trust", "--no-sync", "--no-instructions"]
        subprocess.run(making, check=True, capture_output=True, cwd="/")
        super().start()


def _user() -> Sequence[str]:
    return _AS_ITS_USER if os.geteuid() == 0 else ()


def _tool(name: str) -> str:
    """Return where it is: Debian keeps PostgreSQL's programs off the path."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(installed[-1]) if installed else name
