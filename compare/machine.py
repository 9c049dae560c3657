"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path


def machine() -> dict[str, str]:
    """Return what a reader has to know to compare figures: processor, system, versions.

    ``load`` is how many processes wanted to run, on the average of the last minute (getloadavg(3)).
    """
    return {
        "processor": _processor(),
        "processors": str(os.cpu_count() or 1),
        "load": f"{os.getloadavg()[0]:.2f}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "tornado": version("tornado"),
        "memcached": _memcached(),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name" and value.strip():
                return value.strip()
    return platform.processor() or platform.machine()


def _memcached() -> str:
    try:
        command = ["memcached", "-V"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        return "none"
    return said.split()[-1]
