"""What a pickle says, where that is plain data, without executing it.

`pickle` is a program for a machine that can call anything. This is another machine for the same
programs, which has none of the instructions that import, call, or build an object: None, truth
values, numbers, text, bytes, lists, tuples, dicts and sets are all there is. The standard library's
`pickletools.genops` takes the program apart; it executes nothing either.

Rule: a value is in one place only. One that is shared, which a program of 100 bytes can make grow
to any size when it is written out, is refused, as is one that contains itself.
"""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable
from typing import Any

#: Instructions that push what they carry.
_ATOMS = frozenset(
    (
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING"),
        *("SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
    )
)
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_TUPLE": tuple,
    "EMPTY_SET": set,
}
#: Instructions that make something of all that was pushed since a mark.
_OF_MARKED: dict[str, Callable[[list[Any]], Any]] = {
    "LIST": list,
    "TUPLE": tuple,
    "FROZENSET": frozenset,
    "DICT": lambda items: dict(zip(items[::2], items[1::2], strict=True)),
}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
#: Instructions that say how to read on, which `genops` has done.
_SAY_NOTHING = frozenset(("PROTO", "FRAME", "STOP"))

_MARK = object()


def read_plain(pickled: bytes) -> Any:
    """Return the plain data that ``pickled`` says; `ValueError` for anything else."""
    try:
        return _Machine().run(pickled)
    except (IndexError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise ValueError(f"this is no pickle: {type(error).__name__}") from error


class _Machine:
    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self, pickled: bytes) -> Any:
        for instruction, carried, _ in pickletools.genops(pickled):
            name = instruction.name
            if name in _ATOMS:
                self._stack.append(carried)
            elif name in _CONSTANTS:
                self._stack.append(_CONSTANTS[name]())
            elif name in _OF_MARKED:
                self._stack.append(_OF_MARKED[name](self._marked()))
            elif name in _TUPLES:
                self._stack[-_TUPLES[name] :] = [tuple(self._stack[-_TUPLES[name] :])]
            elif name not in _SAY_NOTHING:
                self._do(name, carried)
        (value,) = self._stack
        return value

    def _do(self, name: str, carried: Any) -> None:
        match name:
            case "MARK":
                self._stack.append(_MARK)
            case "MEMOIZE":
                self._memo[len(self._memo)] = self._stack[-1]
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                self._memo[carried] = self._stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                self._stack.append(_shareable(self._memo[carried]))
            case "APPEND" | "APPENDS":
                self._add(name, list.extend)
            case "ADDITEMS":
                self._add(name, set.update)
            case "SETITEM" | "SETITEMS":
                items = self._marked() if name.endswith("S") else self._last(2)
                self._stack[-1].update(zip(items[::2], items[1::2], strict=True))
            case _:
                raise ValueError(f"a pickle that is more than plain data: {name}")

    def _add(self, name: str, add: Callable[[Any, list[Any]], None]) -> None:
        items = self._marked() if name.endswith("S") else self._last(1)
        add(self._stack[-1], items)

    def _marked(self) -> list[Any]:
        """Take what was pushed since the last mark."""
        at = len(self._stack) - 1
        while self._stack[at] is not _MARK:
            at -= 1
        items = self._stack[at + 1 :]
        del self._stack[at:]
        return items

    def _last(self, number: int) -> list[Any]:
        items = self._stack[-number:]
        del self._stack[-number:]
        return items


def _shareable(value: Any) -> Any:
    if isinstance(value, list | dict | tuple | set | frozenset):
        raise ValueError("a pickle in which a value is in several places")
    return value
