"""Load: wrk from a process of its own, and what the application spends on it.

Rule 1: where there are two processors, the application has the first to itself and whatever loads
it the others.
Rule 2: costs are processor time of the application's processes over the requests that were
answered with 2xx.
Rule 3: an answer that is no 2xx, a connection that failed and a request without an answer are
errors. They are counted; `load` does not take a run that has one, and says so as `LoadFailed`.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from .processes import ProcessFailed

_SCRIPT = """
local cookies, at, method = {}, 0, "GET"
init = function(args)
    for line in io.lines(args[1]) do cookies[#cookies + 1] = line end
    method, at = args[2], tonumber(args[3])
end
request = function()
    local headers = {["Accept"] = "application/json"}
    if #cookies > 0 then
        at = at % #cookies + 1
        headers["Cookie"] = cookies[at]
    end
    return wrk.format(method, nil, headers)
end
done = function(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '\\n{"completed": %d, "duration": %d, "status": %d, "lost": %d, "p50": %d, "p99": %d}\\n',
        summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout,
        latency:percentile(50), latency:percentile(99)))
end
"""


class LoadFailed(ProcessFailed):
    """The load did not run as it should; the text tells why."""


class NobodyAnswered(LoadFailed):
    """Not one answer came in the time, of whatever status."""


@dataclass(frozen=True)
class Load:
    """What a load did: requests answered, processor time in µs for each, latency in ms.

    ``milliseconds`` is the median of the latency, ``milliseconds_99`` what 99 of 100 answers did
    not exceed. ``errors`` is how many requests were not answered with 2xx, and ``lost`` how many of
    them not at all: a connection failed, or nothing came within two seconds.
    """

    requests: int
    per_second: float
    microseconds: float
    milliseconds: float
    milliseconds_99: float
    errors: int
    lost: int


def pin(pid: int, *, alone: bool) -> None:
    """Keep a process and its children on the first processor, or off it.

    Does nothing where there is but one.
    """
    processors = os.cpu_count() or 1
    with _there():
        for process in _family(pid):
            if processors < 2 or not hasattr(process, "cpu_affinity"):
                return
            for thread in process.threads():
                psutil.Process(thread.id).cpu_affinity([0] if alone else [*range(1, processors)])


def load(
    url: str, pid: int, cookies: Sequence[str] = (), *, connections: int = 64, seconds: int = 2
) -> Load:
    """Ask for ``url`` for some seconds, with each of the Cookie headers in turn."""
    with jar_of(cookies) as jar:
        found = tolerant_load(url, [pid], jar, connections=connections, seconds=seconds)
    if found.errors:
        raise LoadFailed(f"wrk: {found.errors:,} of its requests were not answered with 2xx")
    return found


def tolerant_load(
    url: str,
    pids: Sequence[int],
    jar: Path,
    *,
    method: str = "GET",
    connections: int,
    seconds: int,
    start: int = 0,
) -> Load:
    """Ask for ``url`` for some seconds, whatever it answers, and count what went wrong.

    ``jar`` has a Cookie header a line; they are used in turn, from number ``start`` on. ``pids``
    are the application's processes.
    """
    before = processor_seconds(pids)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT)
        script.flush()
        of_script = "-s", script.name, url, "--", str(jar), method, str(start)
        said = _run(["wrk", f"-c{connections}", "-t1", f"-d{seconds}s", *of_script], seconds)
    requests = said["completed"] - said["status"]
    if not said["completed"]:
        raise NobodyAnswered(f"no request was answered in {seconds} s")
    return Load(
        requests,
        requests / (said["duration"] / 1e6),
        (processor_seconds(pids) - before) / max(1, requests) * 1e6,
        said["p50"] / 1e3,
        said["p99"] / 1e3,
        said["status"] + said["lost"],
        said["lost"],
    )


@contextmanager
def jar_of(cookies: Sequence[str]) -> Iterator[Path]:
    """Have a file with a Cookie header a line, for `tolerant_load`."""
    with tempfile.TemporaryDirectory() as folder:
        jar = Path(folder, "cookies")
        jar.write_text("".join(f"{header}\n" for header in cookies))
        yield jar


def processor_seconds(pids: Sequence[int]) -> float:
    """Return the processor time that processes and those of their children that live have had."""
    with _there():
        return sum(_spent(process) for pid in pids for process in _family(pid))


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _spent(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _run(command: Sequence[str], seconds: int) -> dict[str, Any]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        pin(process.pid, alone=False)
        try:
            said, _ = process.communicate(timeout=seconds + 30)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise LoadFailed("wrk did not end") from error
    last = said.rstrip().rpartition("\n")[2]
    if process.returncode or not last.startswith("{"):
        raise LoadFailed(f"wrk ended with {process.returncode}: {last}")
    counted: dict[str, Any] = json.loads(last)
    return counted


@contextmanager
def _there() -> Iterator[None]:
    """Say of a process that is gone that the load did not run."""
    try:
        yield
    except psutil.Error as error:
        raise LoadFailed(f"a process is gone: {error}") from error
