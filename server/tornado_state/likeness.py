"""Whether a value that was written and read again is what it was, all the way down.

Rule 1: equal is not enough. A ``Counter`` equals the dict that it comes back as, and a field that
does not take part in comparing may have been lost.
Rule 2: a class that does not compare its fields is compared by them all the same.
An attribute that is no field of its class would be lost, but for what the class makes by itself.
Rule 3: of a moment its clock and its offset come back. A zone does not, and neither does ``fold``:
to refuse them would be to refuse an hour of the year.
"""

from __future__ import annotations

import datetime
import marshal
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from inspect import getattr_static
from typing import Any, NamedTuple

from msgspec import inspect

#: Where two values differ: the way there, and what came back.
Difference = tuple[str, object]

_PLAIN = frozenset({type(None), bool, int, float, str, bytes})

_PLAIN_TYPES = (
    *(inspect.NoneType, inspect.BoolType, inspect.IntType, inspect.FloatType, inspect.StrType),
    *(inspect.LiteralType, inspect.AnyType, inspect.UnionType, inspect.Metadata),
    *(inspect.ListType, inspect.TupleType, inspect.VarTupleType, inspect.TypedDictType),
)


def is_plain(kind: inspect.Type) -> bool:
    """Return whether no value of the type is equal to another builtin that is written alike."""
    if isinstance(kind, inspect.DictType):
        return isinstance(kind.key_type, inspect.StrType | inspect.AnyType)
    return isinstance(kind, _PLAIN_TYPES)


def is_plainly_alike(back: Any, value: Any) -> bool:
    """Return whether ``value`` is made of builtins and equal: quick, and False for anything else.

    For types that `is_plain`. What is of a class, enumerations as well, cannot be marshalled.
    """
    try:
        marshal.dumps(value)
    except ValueError:
        return False
    return bool(back == value)


def difference(back: Any, value: Any) -> Difference | None:
    """Return where ``value`` came ``back`` as something else, None where it did nowhere."""
    class_ = type(value)
    if type(back) is class_:
        if class_ not in _PLAIN:
            return _within(class_)(back, value)  # type: ignore[arg-type]  # a class is hashable
        same = back == value
    else:
        # A whole number is a float to type checkers.
        same = class_ is int and type(back) is float and back == value
    return None if same else ("", back)


@lru_cache(maxsize=1024)
def _within(class_: type) -> Callable[[Any, Any], Difference | None]:
    """Return what compares two values of ``class_``."""
    for base, compare in _COMPARE.items():
        if issubclass(class_, base):
            return compare
    fields = getattr(inspect.type_info(class_), "fields", ())
    return _by_fields([field.name for field in fields]) if fields else _as_a_whole


def _as_a_whole(back: Any, value: Any) -> Difference | None:
    return None if back == value else ("", back)


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


def _by_fields(names: list[str]) -> Callable[[Any, Any], Difference | None]:
    fields = frozenset(names)

    def compare(back: Any, value: Any) -> Difference | None:
        for name in names:
            if found := difference(getattr(back, name), getattr(value, name)):
                return f".{name}{found[0]}", found[1]
        more = getattr(value, "__dict__", fields)
        return None if fields.issuperset(more) else _beyond(fields, back, value)

    return compare


def _beyond(fields: frozenset[str], back: Any, value: Any) -> Difference | None:
    for name in vars(value):
        made_anew = name.startswith("_") or name in vars(back)
        if name not in fields and not made_anew and not _is_cached(type(value), name):
            return f".{name}", _Nothing()
    return None


def has_more(value: Any) -> bool:
    """Return whether ``value``, or one in it, has an attribute that is no field of its class.

    For values that can be written: one that is in itself would be looked at without end.
    """
    waiting = [value]
    for each in waiting:  # which grows meanwhile
        class_: type = type(each)
        fields, holding, members, is_silent = _parts(class_)
        if members is not None:
            waiting += members(each)
            continue
        attributes = getattr(each, "__dict__", None)
        if is_silent or (attributes and not fields.issuperset(attributes)):
            return True
        if holding:
            waiting += [getattr(each, name, None) for name in holding]
    return False


class _Parts(NamedTuple):
    """The names of a class's fields, and of those that may hold what has fields as well.

    ``members`` is for a collection: what gives what is in it. A class ``is_silent`` of whose fields
    some are not written: those of attrs with an underscore.
    """

    fields: frozenset[str] = frozenset()
    holding: tuple[str, ...] = ()
    members: Callable[[Any], Iterable[Any]] | None = None
    is_silent: bool = False


@lru_cache(maxsize=1024)
def _parts(class_: type) -> _Parts:
    if issubclass(class_, dict):
        return _Parts(members=class_.values)
    if issubclass(class_, list | tuple | set | frozenset):
        return _Parts(members=iter)
    fields = getattr(inspect.type_info(class_), "fields", ())
    holding = [f.name for f in fields if any(map(has_fields, types_within(f.type)))]
    names = frozenset(field.name for field in fields)
    is_silent = hasattr(class_, "__attrs_attrs__") and any(name.startswith("_") for name in names)
    return _Parts(names, tuple(holding), is_silent=is_silent)


def has_fields(kind: inspect.Type) -> bool:
    """Return whether values of the type may have attributes that are no fields of their class."""
    return isinstance(kind, inspect.StructType | inspect.DataclassType)


def types_within(info: inspect.Type) -> list[inspect.Type]:
    """Return a type and all that it is made of, each once."""
    found: list[inspect.Type] = []
    waiting: list[Any] = [info]
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, inspect.Type | inspect.Field):
            if id(part) in seen:
                continue
            seen.add(id(part))
            if isinstance(part, inspect.Type):
                found.append(part)
            waiting += [getattr(part, name) for name in part.__struct_fields__]
        elif isinstance(part, tuple):
            waiting += part
    return found


def _is_cached(class_: type, name: str) -> bool:
    return isinstance(getattr_static(class_, name, None), cached_property)


def _in_order(back: Any, value: Any) -> Difference | None:
    if _plainly_same(back, value):
        return None
    for index, (mine, its) in enumerate(zip(back, value, strict=True)):
        if found := difference(mine, its):
            return f"[{index}]{found[0]}", found[1]
    return None


def _by_key(back: Any, value: Any) -> Difference | None:
    # What is read has the order of what was written.
    if len(back) != len(value) or _in_order([*back], [*value]):
        return "", back
    if found := _in_order([*back.values()], [*value.values()]):
        return "[...]" + found[0].partition("]")[2], found[1]
    return None


def _plainly_same(back: Any, value: Any) -> bool:
    """Return whether it takes no look at each to say that two lists are the same."""
    types = [*map(type, value)]
    return _PLAIN.issuperset(types) and [*map(type, back)] == types and bool(back == value)


def _without_order(back: Any, value: Any) -> Difference | None:
    members = {member: member for member in back}
    same = back == value and not any(difference(members[each], each) for each in value)
    return None if same else ("", back)


def _moment(back: Any, value: Any) -> Difference | None:
    same = _clock(back) == _clock(value) and back.utcoffset() == value.utcoffset()
    return None if same else ("", back)


def _clock(moment: Any) -> Any:
    return moment.replace(tzinfo=None, fold=0)


_COMPARE: dict[type, Callable[[Any, Any], Difference | None]] = {
    list: _in_order,
    tuple: _in_order,
    dict: _by_key,
    set: _without_order,
    frozenset: _without_order,
    datetime.datetime: _moment,
    datetime.time: _moment,
}
