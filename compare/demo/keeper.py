"""Ends what a demo has started when the demo is killed, which leaves it no time to do so itself.

Rule 1: a small process holds the other end of a pipe from the demo. The pipe closes when the demo
ends, however it does; then whatever of it still runs is ended, and its folders are removed.
Rule 2: a process is known by an argument that no other has: the path of a folder made for it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from ..app_process import ROOT


class Keeper:
    """The demo's end of the pipe."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "compare.demo.keeper"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C and a closed terminal are the demo's business
        )

    def keep(self, started: Iterable[tuple[str, Path]]) -> None:
        """Remember processes, each by an argument of its command, and the folder it has."""
        lines = "".join(f"{argument}\t{folder}\n" for argument, folder in started)
        pipe = self._process.stdin
        with suppress(OSError):  # without it, the demo goes on
            if pipe is not None:
                pipe.write(lines.encode())
                pipe.flush()

    def close(self) -> None:
        """Let it go."""
        with suppress(OSError):
            self._process.communicate()


def main() -> None:
    """Wait until the demo has ended, and end what it has left."""
    started = [line.rstrip("\n").split("\t") for line in sys.stdin]
    left = {argument: folder for argument, folder in started if Path(folder).exists()}
    for process in psutil.process_iter(["cmdline"]) if left else ():
        if left.keys() & set(process.info["cmdline"] or ()):
            with suppress(psutil.Error):
                process.kill()
    for folder in left.values():
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
