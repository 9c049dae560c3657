"""What a sign-in rests on: the smallest sets of what a visitor holds that bring it about.

Rule: a cookie counts if nothing is shown without it, or if it can bring back what others carried.
So of a jar in which either of two is enough, both are found; of one in which two are needed
together, the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .shop_visitor import ShopVisitor, Unexpected

Held = Mapping[str, str]
#: More sets than this are looked for in no jar.
_MOST = 4


def carriers(held: Held, shows: Callable[[Held], bool]) -> list[dict[str, str]]:
    """Return the smallest parts of ``held`` that each ``shows``; `Unexpected` if nothing does."""
    if not shows(held):
        raise Unexpected("what was signed in is not any more, with nothing changed")
    everywhere = {name for name in held if not shows(_without(held, name))}
    found: list[dict[str, str]] = []
    rest = dict(held)
    while len(found) < _MOST:
        least = _least(rest, everywhere, shows)
        found.append(least)
        rest = {name: text for name, text in rest.items() if name not in least.keys() - everywhere}
        if len(least) == len(everywhere) or not shows(rest):
            break
    return found


def signs_in(visitor: ShopVisitor) -> Callable[[Held], bool]:
    """Return what tells whether somebody is signed in who holds no more than what it is given."""

    def shows(held: Held) -> bool:
        other = visitor.copy(f"{visitor.name} with less")
        other.held = dict(held)
        return other.who() is not None

    return shows


def _least(held: Held, everywhere: set[str], shows: Callable[[Held], bool]) -> dict[str, str]:
    least = dict(held)
    for name in held:
        if name not in everywhere and shows(_without(least, name)):
            del least[name]
    return least


def _without(held: Held, name: str) -> dict[str, str]:
    return {each: text for each, text in held.items() if each != name}
