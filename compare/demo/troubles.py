"""What can go wrong with a visitor's applications, in plain sentences.

Processes can be killed by anybody. Whatever then fails is one of `TROUBLES`, and a sentence.
"""

from __future__ import annotations

import re
import subprocess

from ..browser import NoAnswer
from ..experiment import TROUBLE
from ..shop_visitor import Unexpected

#: An answer that is none or the wrong one, a process that ended, a socket that is gone.
TROUBLES = (*TROUBLE, OSError, AssertionError, subprocess.SubprocessError)

_ANSWERED = re.compile(r": (?P<request>\S+ \S+) answered (?P<status>\d+),")
_BY_STATUS = {
    "429": "The shop has had too many sign-ins just now. Wait a minute, and try again.",
    "503": "The shop could not reach its store just now. Try again.",
}


def plainly(error: BaseException) -> str:
    """Return one of `TROUBLES` as a sentence."""
    answered = _ANSWERED.search(str(error))
    if isinstance(error, Unexpected) and answered:
        told = "The shop answered {request} with {status}, which was not to be expected."
        return _BY_STATUS.get(answered["status"], told.format(**answered.groupdict()))
    if isinstance(error, NoAnswer):
        return f"The shop did not answer ({error}). Try again."
    if isinstance(error, TimeoutError):
        return f"This took too long: {error or 'no answer'}."
    return "The shop or its memcached has ended meanwhile. Try again."
