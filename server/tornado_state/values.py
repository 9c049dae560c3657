"""Values of a type, as JSON text and back, by msgspec.

Rule 1: what a kind's type says comes back as that type. What would come back different - another
type, a tuple for a list, NaN, a key that is no text - is refused when it is assigned.
Rule 2: a refusal names the place inside the value: ``cart[2].quantity``.
Rule 3: two values are the same when their texts are. Sets have no order, so theirs is made up.
"""

from __future__ import annotations

import copy
import datetime
import decimal
import enum
import re
import uuid
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import inspect

from .exceptions import CompositionError, InvalidValue, TooLarge
from .likeness import difference, has_fields, has_more, is_plain, is_plainly_alike, types_within
from .recent import Recent

T = TypeVar("T")

#: What cannot change from within, so that it need not be looked at again once it was handed out.
_IMMUTABLE = (
    *(type(None), bool, int, float, str, bytes, decimal.Decimal, uuid.UUID, enum.Enum),
    *(datetime.date, datetime.time, datetime.timedelta),
)

#: What most values are that can: told without a look at all of those.
MUTABLE = frozenset({dict, list, set})

_ENCODER = msgspec.json.Encoder()
_IN_ORDER = msgspec.json.Encoder(order="deterministic")

#: What encoding and decoding raise: msgspec's own, and Python's for text that UTF-8 cannot carry,
#: for numbers beyond a type, signalling ones, and for nesting without end.
_REFUSALS = (msgspec.MsgspecError, TypeError, ValueError, ArithmeticError, RecursionError)


#: Texts of a kind that are known for having been written here, at least, and how long each may be.
_REMEMBERED = 1024
_LONGEST = 2048

#: How msgspec says where a value is not of its type, after " - at `".
_PLACE = re.compile(r"(key` in `)?\$(.*)`", re.DOTALL)


def is_immutable(value: object) -> bool:
    """Return whether ``value`` cannot change from within."""
    return type(value) not in MUTABLE and isinstance(value, _IMMUTABLE)


def to_json(value: object) -> bytes:
    """Return ``value`` as JSON text; `ValueError` for what has none."""
    try:
        return _ENCODER.encode(value)
    except _REFUSALS as error:
        raise ValueError(str(error)) from error


def from_json(text: bytes) -> Any:
    """Return what JSON ``text`` says; `ValueError` where it is none."""
    try:
        return msgspec.json.decode(text)
    except _REFUSALS as error:
        raise ValueError(str(error)) from error


def name_of(value: object) -> str:
    """Return what ``value`` says, in words that say it again for an equal one; "" for nothing."""
    if is_immutable(value):
        return "" if value is None or value == b"" else str(value)
    return _IN_ORDER.encode(value).decode() if value else ""


def field_of(value: object, name: str) -> object:
    """Return a field; `KeyError`, `AttributeError` or `TypeError` where there is none."""
    return value[name] if isinstance(value, Mapping) else getattr(value, name)


#: What has neither fields nor anything else by which somebody is named.
_WITHOUT_FIELDS = (
    *(inspect.NoneType, inspect.BoolType, inspect.IntType, inspect.FloatType, inspect.StrType),
    *(inspect.BytesType, inspect.ByteArrayType, inspect.CollectionType, inspect.TupleType),
)


def may_have_field(type_: Any, name: str) -> bool:
    """Return whether a value of ``type_`` may have the field; a class may compute it."""
    return _may_have(inspect.type_info(type_), name)


def _may_have(info: inspect.Type, name: str) -> bool:
    if isinstance(info, inspect.Metadata):
        return _may_have(info.type, name)
    if isinstance(info, inspect.UnionType):
        return any(_may_have(each, name) for each in info.types)
    if isinstance(info, _WITHOUT_FIELDS):
        return False
    fields = getattr(info, "fields", None)
    if fields is None or name in (field.name for field in fields):
        return True
    class_ = getattr(info, "cls", None)
    made = (name, "__getattr__", "__post_init__")
    return not isinstance(info, inspect.TypedDictType) and any(hasattr(class_, n) for n in made)


class ValueType(Generic[T]):
    """What the values of the kind ``name`` are, and how many bytes of JSON they may have.

    Raises `CompositionError` for a type whose values JSON cannot carry and bring back.
    """

    def __init__(self, name: str, type_: Any, size: int) -> None:
        self._name = name
        self._size = size
        try:
            info = inspect.type_info(type_)
            self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(type_)
        except (TypeError, ValueError, NameError, RecursionError) as error:
            raise CompositionError(f"{name}: values of {type_!r} cannot be kept: {error}") from None
        kinds = types_within(info)
        if foreign := [kind.cls for kind in kinds if isinstance(kind, inspect.CustomType)]:
            raise CompositionError(f"{name}: values of {foreign[0]!r} cannot be kept")
        self._is_plain = all(map(is_plain, kinds))
        #: Whether there is but one way to write a value; a whole number is a float as well.
        self._is_exact = self._is_plain and not any(isinstance(k, inspect.FloatType) for k in kinds)
        #: Texts that were written here.
        self._own: Recent[bytes, bool] = Recent(_REMEMBERED)
        self._has_classes = any(map(has_fields, kinds))
        self._has_sets = any(
            isinstance(kind, inspect.SetType | inspect.FrozenSetType) for kind in kinds
        )

    def encode(self, value: T) -> bytes:
        """Return ``value`` as JSON text.

        Raises `InvalidValue` for one that is not of the type, `TooLarge` for one beyond the size.
        """
        try:
            text = _ENCODER.encode(value)
        except _REFUSALS as error:
            raise self._refusal(error) from error
        return self.checked(value, text)

    def checked(self, value: T, text: bytes) -> bytes:
        """Return the ``text`` that ``value`` is written as; raises as `encode` does."""
        try:
            back = self._decoder.decode(text)
            alike = self._is_plain and is_plainly_alike(back, value)
            different = None if alike else difference(back, value)
        except Exception as error:  # of whatever class: a value's own may look at its fields
            raise self._refusal(error) from error
        if different is not None:
            path, found = different
            why = f"it would come back different, as {_short(found)}"
            raise InvalidValue(self._name, why, path)
        if len(text) > self._size:
            raise TooLarge(self._name, len(text), self._size)
        if alike and self._is_exact and len(text) <= _LONGEST:
            self._own.put(text, True)
        return text

    def has_more(self, value: T) -> bool:
        """Return whether ``value``, or one in it, may have attributes that no text says."""
        return self._has_classes and has_more(value)

    def written(self, value: T) -> bytes | None:
        """Return how ``value`` is written, whether or not it may be; None for what cannot be."""
        try:
            return _ENCODER.encode(value)
        except _REFUSALS:
            return None

    def decode(self, text: bytes) -> T:
        """Return the value; `InvalidValue` for text that is not one of the type."""
        try:
            return self._decoder.decode(text)
        except Exception as error:  # as above
            raise self._refusal(error) from error

    def is_same(self, text: bytes, other: bytes) -> bool:
        """Return whether two texts are the same value, however they came to be written."""
        if text == other:
            return True
        encoder = _IN_ORDER if self._has_sets else _ENCODER
        return encoder.encode(self.decode(text)) == encoder.encode(self.decode(other))

    def differs(self, value: T, text: bytes) -> bool:
        """Return whether ``value`` is not what another text says; False if `is_same` must tell."""
        if self._own[text]:
            return True
        try:
            return self._is_plain and self._decoder.decode(text) != value
        except _REFUSALS:
            return False

    def copy(self, value: T) -> T:
        """Return a value of one's own."""
        return value if is_immutable(value) else copy.deepcopy(value)

    def _refusal(self, error: Exception) -> InvalidValue:
        text = str(error)
        # The last one: before it, what was refused may stand, whatever that says.
        why, _, place = text.rpartition(" - at `")
        found = _PLACE.fullmatch(place)
        if found is None or not why:
            return InvalidValue(self._name, text or type(error).__name__)
        is_key, path = found.groups()
        return InvalidValue(self._name, f"a key: {why}" if is_key else why, path)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
