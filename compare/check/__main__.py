"""``python -m compare.check``, and ``python -m session_check.check``: the same as `main`."""

from __future__ import annotations

import sys

from .main import entry

if __name__ == "__main__":
    sys.exit(entry())
