"""The demo with applications that start at once (see `warm_start`), else as a person has it.

Not a module to be run: whatever is forked would have it imported anew.
"""

from __future__ import annotations

import sys

from warm_start import WarmApp

from compare.demo.__main__ import main
from compare.targets import Targets


def run() -> None:
    """Do what ``python -m compare.demo`` does."""
    Targets.app_process = WarmApp
    sys.exit(main(sys.argv[1:]))
