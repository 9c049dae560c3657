"""An application that ends by itself, because something it was told is wrong."""

from __future__ import annotations

import subprocess
import sys

from compare.app_process import ROOT, environment_with
from compare.waiting import PATIENCE

SECRET = "correct-horse-battery-staple-0123456789"


def run_app(module: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it, and return what it said."""
    return subprocess.run(
        [sys.executable, "-m", module, *options],
        cwd=ROOT,
        # Tornado leaves a socket open that it could not bind, and Python would warn of it.
        env=environment_with({"PYTHONWARNINGS": "", **environment}),
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )
