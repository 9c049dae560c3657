"""Logs: on standard error, one JSON object a line; lines for people in development.

Rule 1: a record's message says it all for people, its ``extra`` says it for programs: each one is a
field of the JSON object. An ``event`` among them is the name that stands for the message.
Rule 2: nothing here shows a session ID, a cookie, a password or what somebody searched for (ASVS
5.0 16.2.5): requests are logged by path alone, and what Tornado says of them loses its query, and
the values that it repeats of what it could not read.
Rule 3: no terminal obeys what is logged, and no viewer is deceived by it: whatever is no visible
character (control characters up to U+009F, bidi controls, halves of characters) is written out. In
JSON that is every character beyond ASCII, which programs read as it was (RFC 8259 7).
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

from tornado.web import RequestHandler

_access = logging.getLogger("server.access")

#: What every record has; the rest came as ``extra``.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

#: A request's target has no blank in it, and may have anything else.
_QUERY = re.compile(r"\?[^ \n]+")

#: What Tornado says before it repeats a header, a Cookie even, or an argument.
_REPEATED = re.compile(
    r"((?:Malformed HTTP message from \S+:|Invalid unicode in)[\w -]*).*", re.DOTALL
)


def configure_logs(*, dev: bool, access_log: bool) -> None:
    """Send INFO and above to standard error; without ``access_log``, of requests only failures."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LineFormatter() if dev else _JSONFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    _access.setLevel(logging.INFO if access_log else logging.ERROR)


def log_request(handler: RequestHandler) -> None:
    """Log an answered request: method, path, status and milliseconds."""
    status, request = handler.get_status(), handler.request
    level = logging.ERROR if status >= 500 else logging.INFO
    if _access.isEnabledFor(level):
        ms = round(1000 * request.request_time(), 1)
        fields = {"method": request.method, "path": request.path, "status": status, "ms": ms}
        told = (request.method, request.path, status, ms)
        _access.log(level, "%s %s %s %s ms", *told, extra={"event": "request", **fields})


def _message(record: logging.LogRecord) -> str:
    message = record.getMessage()
    if record.name.partition(".")[0] != "tornado":
        return message
    return _REPEATED.sub(r"\1…", _QUERY.sub("?…", message))


class _JSONFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return one line of JSON, with the traceback if there is one."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        fields = {"time": time, "level": record.levelname.lower(), "logger": record.name}
        told = extra if "event" in extra else {"message": _message(record), **extra}
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields | told, default=str)


class _LineFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return a line for people; a traceback follows on lines of its own."""
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        line = f"{time} {level}{_message(record)}"
        if record.exc_info:
            line += f"\n{self.formatException(record.exc_info)}"
        return _harmless(line)


def _harmless(text: str) -> str:
    """Return ``text`` with what is not visible written out; lines of tracebacks stay lines."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in "\n\t" else _visible(each) for each in text
    )


def _visible(character: str) -> str:
    return ascii(character)[1:-1]
