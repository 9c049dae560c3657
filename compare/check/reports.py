"""The reports of a run, written anew after each verdict: one that is cut off has what it had.

Rule: nothing secret is in any of them, and nothing of an answer that a terminal or a browser obeys.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

from .as_json import Fingerprint, as_json
from .as_junit import as_junit
from .as_sarif import as_sarif
from .described_target import DescribedTarget
from .side_by_side import as_page
from .trial import Checked

#: The options that name a file, and what is written there.
FORMATS = {
    "report": "everything as JSON, also a baseline for later runs",
    "sarif": "SARIF 2.1.0, for code hosting sites",
    "junit": "JUnit's XML, for continuous integration",
    "html": "a page to read and to send around",
}


class Reports:
    """The files that were asked for, about ``target``, described in ``file``."""

    def __init__(
        self,
        options: argparse.Namespace,
        target: DescribedTarget,
        known: Collection[Fingerprint],
    ) -> None:
        self._paths: dict[str, Path] = {
            name: path for name in FORMATS if (path := getattr(options, name))
        }
        self._file: Path = options.file
        self._target = target
        self._known = known
        self._started_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def write(self, checked: Sequence[Checked], ended: str = "") -> None:
        """Write every one of them; ``ended`` says why there will be no more."""
        for kind, path in self._paths.items():
            text = self._text(kind, checked, ended)
            part = path.with_name(f".{path.name}.part")
            part.write_text(text, encoding="utf-8")
            part.replace(path)

    def _text(self, kind: str, checked: Sequence[Checked], ended: str) -> str:
        name = self._target.description.name
        match kind:
            case "sarif":
                return as_sarif(_relative(self._file), checked, self._known, ended)
            case "junit":
                return as_junit(name, checked, self._known, ended)
            case "html":
                return as_page({name: checked}, self._started_at, ended)
            case _:
                return as_json(name, self._target.sent, checked, ended)


def _relative(file: Path) -> str:
    """Return a file's place as seen from where the command was given, never one of the machine."""
    path = os.path.relpath(file)
    return file.name if path.startswith("..") else Path(path).as_posix()
