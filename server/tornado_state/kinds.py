"""A kind of state: its name, the type of its values, and what it needs of the place that keeps it.

Rule 1: a kind states *needs* (:mod:`.needs`), never a place. The place follows (:mod:`.placement`).
Rule 2: a kind assigned to a class attribute of a handler is declared there, and the attribute of an
instance is its value in the request at hand: ``self.visits`` is ``self.state[VISITS]``.
Rule 3: the shape of a value has a number. A value of an older shape is brought up by the kind's
migrations; one of a newer shape is left alone (`NotKnownHere`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar, Unpack, overload

from tornado.web import RequestHandler

from .exceptions import CompositionError, InvalidValue, UndeclaredKind
from .kind_options import KindOptions, Migration, check_options
from .needs import checked_needs
from .predecessors.adopted import Adopted, Moved
from .values import ValueType, field_of, from_json, may_have_field, name_of, to_json

if TYPE_CHECKING:
    # What is given as a type may be a union as well, or a Literal (PEP 747).
    from typing_extensions import TypeForm

T = TypeVar("T")
V = TypeVar("V")


class _HasState(Protocol):
    """An instance whose class attributes may be kinds: a `.StateHandler`."""

    @property
    def state(self) -> Any: ...


class Kind(Generic[T]):
    """A declared kind of state. Two declarations are two kinds, whatever their fields say.

    ===============  ===============================================================================
    ``name``         a letter, up to 31 of ``a-z0-9_``; key in records, part of a cookie's name
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

    # The type alone says what V is: one found from the default as well would be wider, a dict for a
    # TypedDict. Each comes twice, for checkers that do not know of TypeForm yet.
    @overload
    def __init__(
        self: Kind[V | None],
        name: str,
        type: type[V],
        *,
        default: None = None,
        **options: Unpack[KindOptions],
    ) -> None: ...

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
        default: object,
        **options: Unpack[KindOptions],
    ) -> None: ...

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
        check_options(self, migrations, adopts)
        self.migrations: Mapping[int, Migration] = dict(migrations or {})
        self.adopts = tuple(adopts)
        #: The key of its values in a record: a value of another version is another key.
        self.record_name = name if version == 1 else f"{name}@{version}"
        #: What its values are.
        self.values: ValueType[T] = ValueType(name, type, self.needs.size)
        if isinstance(identity, str) and not may_have_field(type, identity):
            raise CompositionError(f"{name}: values of {type!r} have no field {identity!r}")
        # A copy: what becomes of the given one must not become of everybody's.
        self._default: T = self._checked_default(default)

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
        handler: Any = instance
        state = handler.state if hasattr(owner, "state") else self._state_of(handler)
        value: T = state[self]
        return value

    def __set__(self, instance: _HasState, value: T) -> None:
        self._state_of(instance)[self] = value

    def __delete__(self, instance: _HasState) -> None:
        del self._state_of(instance)[self]

    def _state_of(self, handler: Any) -> Any:
        if not hasattr(type(handler), "state"):
            raise UndeclaredKind(self.name, f"{type(handler).__name__}, which is no StateHandler")
        return handler.state

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

    @property
    def default(self) -> T:
        """A copy of the default, as `initial`: to change it is nobody's business."""
        return self.initial()

    def initial(self) -> T:
        """Return a copy of the default, None without one."""
        return self.values.copy(self._default)

    def is_none(self, value: T) -> bool:
        """Return whether to have ``value`` is to have none."""
        return value is None and self._default is None

    def copy(self, value: T) -> T:
        """Return a value of one's own."""
        return self.values.copy(value)

    def brought_up(self, text: bytes, version: int) -> bytes | None:
        """Return a text of an older ``version`` in today's; None when there is no way.

        Raises `InvalidValue` when the migrations make no value of it, `TooLarge`.
        """
        steps = range(version, self.version)
        if any(step not in self.migrations for step in steps):
            return None
        value = from_json(text)
        for step in steps:
            try:
                value = self.migrations[step](value)
            except Exception as error:  # of whatever class: there is no way up from there
                why = f"the migration from version {step} raised {type(error).__name__}"
                raise InvalidValue(self.name, why) from error
        try:
            made = to_json(value)
        except ValueError as error:
            raise InvalidValue(self.name, f"the migrations make no value of it: {error}") from error
        return self.encode(self.decode(made))

    def person(self, value: T) -> str:
        """Return whom ``value``, of the identity kind, names; `InvalidValue` for nobody."""
        named: object = value
        if isinstance(self.identity, str):
            try:
                named = field_of(value, self.identity)
            except Exception as error:  # of whatever class: it may be worked out
                raise InvalidValue(self.name, f"it has no field {self.identity!r}") from error
        name = "" if isinstance(named, bool) else name_of(named)
        if not name:
            raise InvalidValue(self.name, "it names nobody")
        return name

    # Within

    def _checked_default(self, default: T) -> T:
        if default is None:
            return default
        try:
            default = self.values.copy(default)
            self.encode(default)
        except Exception as error:
            raise CompositionError(
                f"the default of {self.name} is no value of it: {error}"
            ) from error
        return default
