"""An application that ends by itself, because something it was told is wrong."""

from __future__ import annotations

import subprocess

from warm_start import run_warm

from compare.app_process import environment_with

SECRET = "correct-horse-battery-staple-0123456789"


def run_app(module: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it, and return what it said."""
    # Tornado leaves a socket open that it could not bind, and Python would warn of it.
    env = environment_with({"PYTHONWARNINGS": "", **environment})
    return run_warm("-m", module, *options, env=env)
