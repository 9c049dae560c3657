"""What a request's body says: fields with values, from JSON or from a form.

Rule 1: JSON is one object in UTF-8; a form is ``application/x-www-form-urlencoded`` or
``multipart/form-data`` in UTF-8. Anything else is 415, and what cannot be read is 400.
Rule 2: a field given twice has no value anyone could know, so it is refused (422).
Rule 3: no work on a body grows faster than the body.
Rule 4: a form knows only text, so numbers and truth values may come as text there; in JSON not.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from tornado.httputil import HTTPFile, HTTPInputError, HTTPServerRequest, parse_body_arguments

from ..shop import InvalidFields, is_text
from .errors import Refused
from .negotiation import JSON, media_type

#: Nothing the shop takes comes near; it bounds the work spent on one request.
MAX_BODY = 65_536

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}")
_TRUTH = {"true": True, "on": True, "false": False, "off": False}


def read_fields(
    request: HTTPServerRequest, *, numbers: Collection[str] = (), truths: Collection[str] = ()
) -> dict[str, Any]:
    """Return the fields of the body, none for an empty one.

    ``numbers`` and ``truths`` name the fields which a form gives as text; what does not read as one
    stays text, for whoever checks the value to refuse.
    """
    content_type = request.headers.get("Content-Type", "")
    kind = media_type(content_type)
    if kind == JSON:
        fields = _json_fields(request.body)
    elif kind in _FORMS:
        fields = _form_fields(kind + content_type[len(kind) :], request.body)
        fields = {name: _converted(name, text, numbers, truths) for name, text in fields.items()}
    elif not request.body:
        return {}
    else:
        raise Refused(415, "unsupported_media_type", "Send JSON or a form.")
    unreadable = [name for name, value in fields.items() if isinstance(value, str)]
    _refuse(unreadable, fields)
    return fields


def require(fields: Mapping[str, Any], *names: str) -> list[Any]:
    """Return the values of ``names``; 400 that says which ones are missing."""
    missing = [name for name in names if name not in fields]
    if missing:
        listed = " and ".join(missing)
        verb = "is" if len(missing) == 1 else "are"
        raise Refused(400, "missing_field", f"{listed} {verb} missing.".capitalize())
    return [fields[name] for name in names]


def _refuse(names: list[str], fields: Mapping[str, Any]) -> None:
    wrong = {name: "Must be text in UTF-8." for name in names if not is_text(fields[name])}
    if wrong:
        raise InvalidFields(wrong)


def _json_fields(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        if isinstance(error, InvalidFields):
            raise
        raise Refused(400, "unreadable_body", "The body is not JSON in UTF-8.") from error
    if not isinstance(value, dict):
        raise Refused(400, "unreadable_body", "The body must be a JSON object.")
    return value


def _form_fields(content_type: str, body: bytes) -> dict[str, str]:
    arguments: dict[str, list[bytes]] = {}
    files: dict[str, list[HTTPFile]] = {}
    try:
        parse_body_arguments(content_type, body, arguments, files)
        pairs = [
            (name, value.decode("utf-8")) for name, values in arguments.items() for value in values
        ]
    except (HTTPInputError, UnicodeDecodeError) as error:
        raise Refused(400, "unreadable_body", "The form cannot be read.") from error
    return _once(pairs)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        given = Counter(name for name, _ in pairs)
        raise InvalidFields({n: "Given more than once." for n in fields if given[n] > 1})
    return fields


def _converted(
    name: str, text: str, numbers: Collection[str], truths: Collection[str]
) -> str | int | bool:
    if name in numbers and _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    return _TRUTH.get(text, text) if name in truths else text
