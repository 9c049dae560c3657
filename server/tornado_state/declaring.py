"""What a handler's class declares: its kinds, and nothing that hides what is Tornado's or ours.

What cannot be is refused when the application is made, in a sentence that names both.
"""

from __future__ import annotations

from inspect import getattr_static, iscoroutinefunction
from itertools import chain
from typing import Any

from tornado.gen import is_coroutine_function
from tornado.websocket import WebSocketHandler

from .exceptions import CompositionError
from .kinds import Kind

_PACKAGES = ("tornado", __package__)

#: What a handler has only once it is made, or serves.
_SET_LATER = ("application", "request", "ui", "path_args", "path_kwargs")
_SET_ON_SOCKETS = ("ws_connection", "close_code", "close_reason", "open_args", "open_kwargs")


def declared_kinds(handler: type) -> dict[str, Kind[Any]]:
    """Return the kinds that a class declares, by attribute; the first in its order counts."""
    found: dict[str, Kind[Any]] = {}
    hidden: set[str] = set()
    for base in handler.__mro__:
        for name, value in vars(base).items():
            if isinstance(value, Kind) and name not in hidden:
                found[name] = value
        hidden.update(vars(base))
    return found


def check_attributes(handler: Any) -> None:
    """Look at what a handler's class declares by now; `CompositionError` for what cannot be.

    Kinds may have been assigned to it, or to a base, after the class was made.
    """
    handler.declared_kinds = declared_kinds(handler)
    if handler.declared_kinds and not isinstance(getattr_static(handler, "state"), property):
        raise CompositionError(
            f"{handler.__name__}.state hides the state of the handler: a base brings an attribute "
            "of that name"
        )
    taken = _taken(handler)
    for name in handler.declared_kinds:
        if name in taken:
            raise CompositionError(
                f"{handler.__name__}.{name}: Tornado's handlers have a {name!r} of their own; give "
                "the kind another attribute"
            )
    for base in handler.__mro__:
        for name, value in vars(base).items():
            if isinstance(value, Kind) and name not in handler.declared_kinds:
                raise CompositionError(
                    f"{handler.__name__}.{name} hides the kind {value.name} of {base.__name__}: "
                    "what is assigned to it would not be kept"
                )
    _check_hooks(handler)


def _taken(handler: type) -> set[str]:
    """Return the names of attributes that its bases of Tornado's and ours have, once it is made."""
    bases = [base for base in handler.__mro__ if base.__module__.partition(".")[0] in _PACKAGES]
    later = _SET_LATER + (_SET_ON_SOCKETS if issubclass(handler, WebSocketHandler) else ())
    return {*later, *chain.from_iterable(map(vars, bases))}


def _check_hooks(handler: Any) -> None:
    """Raise `CompositionError` for what would be called, or looked at, in vain."""
    for name in ("counts_as_use", "keeps_session_alive"):
        if not isinstance(getattr_static(handler, name, False), bool):
            raise CompositionError(f"{handler.__name__}.{name} is True or False, and no function")
    of_class = isinstance(getattr_static(handler, "kinds_for"), classmethod | staticmethod)
    if not of_class or _waits(handler.kinds_for):
        raise CompositionError(
            f"{handler.__name__}.kinds_for is a classmethod, and no coroutine: it is asked before "
            "there is a handler"
        )
    if _waits(handler.get_current_user):
        raise CompositionError(
            f"{handler.__name__}.get_current_user is a coroutine, for which Tornado does not wait: "
            "everybody would be signed in"
        )


def _waits(function: Any) -> bool:
    return is_coroutine_function(function) or iscoroutinefunction(function)
