"""Load: wrk from a process of its own, and what the application spends on it.

Rule 1: where there are two processors, the application has the first to itself and whatever loads
it the others.
Rule 2: costs are processor time of the application's process over the requests that were answered.
A run with a single answer that is no 2xx, or a connection that failed, is `LoadFailed`.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from .processes import ProcessFailed

_SCRIPT = """
local cookies = {}
for line in io.lines("%s") do cookies[#cookies + 1] = line end
local at = 0
request = function()
    local headers = {["Accept"] = "application/json"}
    if #cookies > 0 then
        at = at %% #cookies + 1
        headers["Cookie"] = cookies[at]
    end
    return wrk.format("GET", nil, headers)
end
"""
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class LoadFailed(ProcessFailed):
    """The load did not run as it should; the text is the line of wrk's that tells it."""


@dataclass(frozen=True)
class Load:
    """What a load did: requests answered, processor time in µs a request, latency in ms."""

    requests: int
    per_second: float
    microseconds: float
    milliseconds: float


def pin(pid: int, *, alone: bool) -> None:
    """Keep a process on the first processor, or off it; do nothing where there is but one."""
    processors = os.cpu_count() or 1
    with _there():
        process = psutil.Process(pid)
        if processors < 2 or not hasattr(process, "cpu_affinity"):
            return
        for thread in process.threads():
            psutil.Process(thread.id).cpu_affinity([0] if alone else [*range(1, processors)])


def load(
    url: str, pid: int, cookies: Sequence[str] = (), *, connections: int = 64, seconds: int = 2
) -> Load:
    """Ask for ``url`` for some seconds, with each of the Cookie headers in turn."""
    with tempfile.TemporaryDirectory() as folder:
        jar, script = Path(folder, "cookies"), Path(folder, "script.lua")
        jar.write_text("".join(f"{header}\n" for header in cookies))
        script.write_text(_SCRIPT % jar)
        before = _processor_seconds(pid)
        said = _run(url, script, connections, seconds)
        spent = _processor_seconds(pid) - before
    requests = int(_found(r"(\d+) requests in", said)[1])
    latency = _found(r"50%\s+([\d.]+)(us|ms|s)", said)
    return Load(
        requests,
        requests / seconds,
        spent / requests * 1e6,
        float(latency[1]) * _MILLISECONDS[latency[2]],
    )


def _run(url: str, script: Path, connections: int, seconds: int) -> str:
    threads = f"-c{connections}", "-t1", f"-d{seconds}s", "--latency"
    command = ["wrk", *threads, "-s", str(script), url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        pin(process.pid, alone=False)
        try:
            said, _ = process.communicate(timeout=seconds + 30)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise LoadFailed("wrk did not end") from error
    wrong = re.search(r"(Non-2xx|Socket errors).*", said)
    if wrong or process.returncode:
        raise LoadFailed(f"wrk: {wrong[0]}" if wrong else f"wrk ended with {process.returncode}")
    return said


def _found(pattern: str, said: str) -> re.Match[str]:
    match = re.search(pattern, said)
    if match is None or match[1] == "0":
        raise LoadFailed("wrk counted no requests")
    return match


def _processor_seconds(pid: int) -> float:
    with _there():
        times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


@contextmanager
def _there() -> Iterator[None]:
    """Say of a process that is gone that the load did not run."""
    try:
        yield
    except psutil.Error as error:
        raise LoadFailed(f"a process is gone: {error}") from error
