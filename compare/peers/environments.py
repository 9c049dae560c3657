"""What a peer needs, in an environment of its own, made when it is first needed.

A Python peer has a ``requirements.txt`` and gets a virtual environment, a Node one has a
``package.json`` and gets its ``node_modules``; both in ``build/peers``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from ..app_process import ROOT
from ..check.description import Unusable

FOLDER = Path(__file__).parent
BUILT = ROOT / "build" / "peers"


def prepare(peer: str) -> None:
    """Install what ``peer`` is pinned to unless it is there; `Unusable` says what went wrong."""
    install(FOLDER / peer, BUILT / peer)


def install(folder: Path, built: Path) -> None:
    """Install what a folder's file names into ``built`` unless it is there; see `prepare`."""
    pinned = next(folder.glob("requirements.txt"), folder / "package.json")
    stamp = built / pinned.name
    if stamp.exists() and stamp.read_bytes() == pinned.read_bytes():
        return
    shutil.rmtree(built, ignore_errors=True)
    built.mkdir(parents=True)
    print(f"installing what {folder.name} needs ...", file=sys.stderr, flush=True)
    if pinned.name == "package.json":
        shutil.copy(pinned, built / "package.json.part")
        (built / "package.json.part").rename(stamp)
        _run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"], built, stamp)
    else:
        _run([sys.executable, "-m", "venv", str(built)], built, stamp)
        install = [str(built / "bin" / "python"), "-m", "pip", "install", "-qq"]
        _run([*install, "--disable-pip-version-check", "-r", str(pinned)], built, stamp)
        shutil.copy(pinned, stamp)


def _run(command: list[str], built: Path, stamp: Path) -> None:
    try:
        done = subprocess.run(command, cwd=built, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        stamp.unlink(missing_ok=True)
        raise Unusable(f"please install {command[0]}") from error
    if done.returncode:
        stamp.unlink(missing_ok=True)
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise Unusable(f"{' '.join(command[:3])}: {''.join(last)}")
