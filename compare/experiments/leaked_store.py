"""Leaked store: the attacker has a copy of the whole memcached, and the cookie secret as well.

That it signs nobody in is asked for; that nothing in it can be read is better practice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from .. import demands
from ..decoding import decodings, decodings_of_bytes
from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Figures, Outcome

if TYPE_CHECKING:
    from ..targets import Target

EMPTY, USELESS = "nothing in it", "opaque and useless"
READABLE, SIGNS_IN = "readable", "it signs in"
_NOTE = "canary-in-the-cart"
#: As short as a session ID may be, and how many jars are tried.
_AN_ID, _MOST_JARS = 16, 250
_LONGEST = 3_999


def run(lab: Lab) -> Outcome:
    """Dump memcached; look for canaries, and present each key and value as a session ID."""
    target = lab.target()
    person = lab.person(target)
    others = target.memcached.records().keys()
    victim = lab.signed_in(target, person)
    lab.fill_cart(target, victim, _NOTE)
    records = target.memcached.records()
    if not records:
        return Outcome(EMPTY, None, "Nothing is kept in the store, so nothing can leak from it.")
    thief = lab.visitor(target, "thief")
    theirs = {key: value for key, value in records.items() if key not in others}
    jars = list(_presentable(target, theirs, victim.jar))[:_MOST_JARS]
    for jar in jars:
        thief.jar = jar
        if who := thief.who():
            return Outcome(SIGNS_IN, False, f"Something out of the store signs in as {who}.")
    canaries = {person.email, _NOTE} - {person.username}  # a name may be a word of anything
    if any(canary in text for text in _read(records) for canary in canaries):
        told = "Who has the store reads what is in it, and cannot sign in with it."
        remark = "Records could be sealed with what only the visitor has."
        return Outcome(READABLE, False, told, remarks=(remark,))
    return Outcome(
        USELESS,
        True,
        f"{len(records)} records, and nothing to read; {len(jars)} tries with what is the victim's "
        "in them as session IDs: no sign-in.",
        figures=(
            Figures("records dumped", "records", (len(records),)),
            Figures("tries", "requests", (len(jars),)),
        ),
    )


def _read(records: Mapping[str, bytes]) -> Iterator[str]:
    for key, value in records.items():
        yield from decodings(key)
        yield from decodings_of_bytes(value)


def _presentable(
    target: Target, records: Mapping[str, bytes], jar: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    for key, value in records.items():
        # Whoever has an account knows how long the values of cookies are.
        for name, known in jar.items():
            for text in (key, _clean(value)):
                if len(known) >= _AN_ID and len(text) >= len(known):
                    yield {name: text[-len(known) :]}
        for text in {key, key.rpartition(":")[2], value.hex()[:86], _clean(value)}:
            if text:
                yield target.forged_session(text)
                yield target.unsigned_session(text)


def _clean(value: bytes) -> str:
    """Return as much of ``value`` as a cookie may carry."""
    text = "".join(chr(byte) for byte in value if 0x21 <= byte < 0x7F and chr(byte) not in '";,\\')
    return text[:_LONGEST]


EXPERIMENT = Experiment(
    name="leaked-store",
    title="Leaked store",
    question="What does a copy of the store give to whoever has it?",
    clause="CVE-2019-16782",
    run=run,
    expected={COOKIE: EMPTY, SESSION: USELESS},
    kept=frozenset({EMPTY, USELESS, READABLE}),
    most_requests=320,
    demand=demands.LEAKED_STORE,
    needs=("store",),
)
