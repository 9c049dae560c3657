"""A kind of state: its name, the type of its values, and what it needs of the place that keeps it.

Rule 1: a kind states *needs* (:mod:`.needs`), never a place. The place follows (:mod:`.placement`).
Rule 2: a kind assigned to a class attribute of a handler is declared there, and the attribute of an
instance is its value in the request at hand. ``self.visits`` and ``self.state[VISITS]`` are one
thing.
Rule 3: the shape of a value has a number. A value of an older shape is brought up by the kind's
migrations; one of a newer shape is left alone (`NotKnownHere`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Literal,
    Protocol,
    TypeVar,
    Unpack,
    overload,
)

from tornado.web import RequestHandler

from .exceptions import CompositionError, InvalidValue
from .kind_options import KindOptions, Migration
from .needs import checked_needs, is_whole
from .predecessors.adopted import Adopted, Moved
from .values import ValueType, from_json, to_json

if TYPE_CHECKING:
    # What is given as a type may be a union as well, or a Literal (PEP 747).
    from typing_extensions import TypeForm

T = TypeVar("T")
V = TypeVar("V")

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


class _HasState(Protocol):
    """An instance whose class attributes may be kinds: a `.StateHandler`."""

    @property
    def state(self) -> Any: ...


class Kind(Generic[T]):
    """A declared kind of state. Two declarations are two kinds, whatever their fields say.

    ===============  ===============================================================================
    ``name``         1 to 32 characters of ``a-z0-9_``; the key in records, part of a cookie's name
    ``type``         what a value must be; see :mod:`.values`
    ``default``      what is read where nothing is kept; a copy of it, so a change inside counts
    ``on_conflict``  what happens when two requests changed it at once: ``"refuse"`` answers 409,
                     ``"last_write"`` lets the later one stand
    ``inherited``    kept when a visitor signs in; what an attacker could plant and profit from
                     must not be (ASVS 5.0 7.2.4)
    ``identity``     True if the value names who is signed in, or the name of the field that does
    ``version``      of the shape of its values; ``migrations`` maps a version to what makes the
                     next one of a value
    ``adopts``       where a value may still be that was kept before: see `.predecessors`
    ===============  ===============================================================================

    The other arguments are the fields of `Needs`. Raises `CompositionError` for anything wrong.
    """

    @overload
    def __init__(
        self: Kind[V | None],
        name: str,
        type: TypeForm[V],
        *,
        default: None = None,
        **options: Unpack[KindOptions],
    ) -> None: ...

    @overload
    def __init__(
        self: Kind[V],
        name: str,
        type: type[V],
        *,
        default: V,
        **options: Unpack[KindOptions],
    ) -> None: ...

    # A union, a Literal; whether the default is one of them is seen when the kind is made.
    @overload
    def __init__(
        self: Kind[V],
        name: str,
        type: TypeForm[V],
        *,
        default: object,
        **options: Unpack[KindOptions],
    ) -> None: ...

    def __init__(
        self,
        name: str,
        type: Any,
        *,
        default: Any = None,
        on_conflict: Literal["refuse", "last_write"] = "refuse",
        inherited: bool = False,
        identity: bool | str = False,
        version: int = 1,
        migrations: Mapping[int, Migration] | None = None,
        adopts: Sequence[Adopted | Moved] = (),
        **needs: Any,
    ) -> None:
        self.name = name
        self.type = type
        self.needs = checked_needs(name, needs)
        self.on_conflict = on_conflict
        self.inherited = inherited
        self.identity = identity
        self.version = version
        self.migrations: Mapping[int, Migration] = dict(migrations or {})
        self.adopts = tuple(adopts)
        self._check()
        #: The key of its values in a record: a value of another version is another key.
        self.record_name = name if version == 1 else f"{name}@{version}"
        #: What its values are.
        self.values: ValueType[T] = ValueType(name, type, self.needs.size)
        self.default: T = default
        if default is not None:
            self._encode_default()

    def __repr__(self) -> str:
        return f"<Kind {self.name}>"

    # As a class attribute of a handler

    @overload
    def __get__(self, instance: None, owner: Any) -> Kind[T]: ...

    @overload
    def __get__(self, instance: _HasState, owner: Any) -> T: ...

    @overload
    def __get__(self, instance: object, owner: Any) -> Kind[T]: ...

    def __get__(self, instance: Any, owner: Any) -> Kind[T] | T:
        if not isinstance(instance, RequestHandler):
            return self
        value: T = instance.state[self]  # type: ignore[attr-defined]
        return value

    def __set__(self, instance: _HasState, value: T) -> None:
        instance.state[self] = value

    def __delete__(self, instance: _HasState) -> None:
        del instance.state[self]

    # Its values

    def encode(self, value: T) -> bytes:
        """Return ``value`` as JSON text; `InvalidValue` or `TooLarge` for one that is refused."""
        return self.values.encode(value)

    def written(self, value: T) -> bytes | None:
        """Return how ``value`` is written, whether or not it may be; None for what cannot be."""
        return self.values.written(value)

    def decode(self, text: bytes) -> T:
        """Return the value that a text of today's version says; `InvalidValue` for none."""
        return self.values.decode(text)

    def is_same(self, text: bytes, other: bytes) -> bool:
        """Return whether two texts of today's version say the same value."""
        return self.values.is_same(text, other)

    def initial(self) -> T:
        """Return a copy of the default, None without one."""
        return self.values.copy(self.default)

    def copy(self, value: T) -> T:
        """Return a value of one's own."""
        return self.values.copy(value)

    def brought_up(self, text: bytes, version: int) -> bytes | None:
        """Return a text of an older ``version`` in today's; None when there is no way.

        Raises `InvalidValue` when what the migrations make is no value.
        """
        if any(step not in self.migrations for step in range(version, self.version)):
            return None
        value = from_json(text)
        for step in range(version, self.version):
            value = self.migrations[step](value)
        return self.encode(self.decode(to_json(value)))

    def person(self, value: T) -> str:
        """Return whom ``value``, of the identity kind, names; `InvalidValue` for nobody."""
        named: object = value
        if isinstance(self.identity, str):
            try:
                named = _field(value, self.identity)
            except (KeyError, AttributeError, TypeError) as error:
                raise InvalidValue(self.name, f"it has no field {self.identity!r}") from error
        if named is None or isinstance(named, bool) or str(named) == "":
            raise InvalidValue(self.name, "it names nobody")
        return str(named)

    # Within

    def _check(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise CompositionError(f"a kind's name is 1 to 32 of a-z, 0-9 and _, not {self.name!r}")
        if self.on_conflict not in ("refuse", "last_write"):
            raise CompositionError(
                f"{self.name}: on_conflict is 'refuse' or 'last_write', not {self.on_conflict!r}"
            )
        if not isinstance(self.identity, bool | str) or self.identity == "":
            raise CompositionError(f"{self.name}: identity is True or the name of a field")
        self._check_flags(inherited=self.inherited)
        if not is_whole(self.version) or self.version < 1:
            raise CompositionError(f"{self.name}: version is a whole number from 1 on")
        if wrong := [v for v in self.migrations if not is_whole(v) or not 0 < v < self.version]:
            raise CompositionError(
                f"{self.name}: a migration leads from an older version than {self.version}, "
                f"not from {wrong[0]!r}"
            )

        if not all(isinstance(each, Adopted | Moved) for each in self.adopts):
            raise CompositionError(f"{self.name}: adopts has what tornado_state.predecessors has")

    def _check_flags(self, **flags: object) -> None:
        for flag, value in flags.items():
            if not isinstance(value, bool):
                raise CompositionError(f"{self.name}: {flag} is True or False, not {value!r}")

    def _encode_default(self) -> None:
        try:
            self.encode(self.default)
        except Exception as error:
            raise CompositionError(
                f"the default of {self.name} is no value of it: {error}"
            ) from error


def _field(value: object, name: str) -> object:
    if isinstance(value, Mapping):
        return value[name]
    return getattr(value, name)
