"""``make bench``: what follows from figures, who is proved, and one small measurement."""

from __future__ import annotations

import json
import os
import re
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from bench_results import RESULTS
from jsonschema import Draft202012Validator
from weak_contender import WEAKNESSES, contender

from compare import bench
from compare.bench.__main__ import measured
from compare.bench.as_json import as_json
from compare.bench.cart import as_text, cart, lines_for, one_more
from compare.bench.contenders import APPS, CONTENDERS, READ, pinned_in, with_their_frameworks
from compare.bench.growing import copy_records
from compare.bench.grown import NODES, SESSIONS, Growth
from compare.bench.measuring import Plan
from compare.bench.page import as_page
from compare.bench.results import Sample
from compare.bench.store_weight import bytes_taken
from compare.bench.visitors import Disproved, begin, prove, prove_kept
from compare.load import NobodyAnswered, jar_of, tolerant_load
from compare.memcached_process import MemcachedProcess
from compare.peers.environments import FOLDER as PEERS

FOLDER = Path(bench.__file__).parent
SCHEMA = json.loads((FOLDER / "bench.schema.json").read_text())


def test_overheads_and_ratios_are_taken_within_a_round() -> None:
    """A round in which all is twice as slow changes neither."""
    overhead = RESULTS.overhead("ours_memcached", READ)
    ratio = RESULTS.of_overhead("ours_memcached", "express_memcached", READ)
    rate = RESULTS.of_bare_rate("ours_memcached", READ)
    assert overhead is not None
    assert ratio is not None
    assert rate is not None
    assert overhead.numbers == (20, 30)
    assert ratio.numbers == (20 / 80, 30 / 200)
    assert rate.numbers == pytest.approx((100 / 120, 200 / 230))


def test_what_was_not_measured_has_no_figures() -> None:
    """Neither a layer that was left out, nor the overhead of one whose framework was."""
    alone = replace(RESULTS, entries=tuple(e for e in RESULTS.entries if e.name != "express"))
    assert alone.overhead("express_memcached", READ) is None
    assert alone.of_overhead("ours_memcached", "express_memcached", READ) is None
    assert alone.of_rate("ours_memcached", "express_memcached", READ) is not None
    assert alone.overhead("fastify_redis", READ) is None


def test_ours_is_compared_on_the_same_kind_of_store() -> None:
    """Memcached beside memcached, a cookie beside a cookie; nothing beside what nobody else has."""
    pairs = {(each.mine.name, each.other.name) for each in RESULTS.comparisons()}
    assert pairs == {("ours_memcached", "express_memcached"), ("ours_cookie", "express_cookie")}


def test_growth_is_told_in_sentences() -> None:
    """What is at the end over what is at the beginning, in each tier, and what a session weighs."""
    of_sessions, of_state, of_nodes = (list(each.sentences()) for each in RESULTS.growth)
    assert of_sessions == [
        "Reading a server session, 1,000,000 sessions against 1,000: 0.95 (0.95 to 0.95, n = 2) of"
        " the requests a second, 1.05 (1.05 to 1.05, n = 2) of the processor time.",
        "Of 1,000,000 sessions of about 200 bytes each takes 390 bytes of memcached, its own"
        " overhead included.",
    ]
    assert any("Writing a server session, 64,000 bytes against 100" in each for each in of_state)
    assert any("Reading a signed cookie, 2,800 bytes" in each for each in of_state)
    assert of_nodes == []


def test_every_contender_can_be_made() -> None:
    """Its file is there, its framework is measured alone, and its versions are exact."""
    for each in CONTENDERS.values():
        assert (APPS / each.app).is_file()
        assert CONTENDERS[each.framework].is_bare
        assert each in with_their_frameworks([each.name])
        assert all(re.search(r" \d+(\.\d+)+$", version) for version in each.versions)


def test_what_peers_are_tried_with_is_what_is_measured() -> None:
    """A package that is pinned here and in compare/peers has one version."""
    ours = {**pinned_in("node"), **pinned_in("python")}
    for file in PEERS.glob("*/package.json"):
        for name, version in json.loads(file.read_text())["dependencies"].items():
            assert ours[name] == version
    for file in PEERS.glob("*/requirements.txt"):
        for name, _, version in (line.partition("==") for line in file.read_text().splitlines()):
            assert ours.get(name, version) == version


def test_every_cart_has_as_many_bytes() -> None:
    """Whoever's it is, and whatever was written: a session weighs the same in every round."""
    carts = [cart(0), cart(123_456), one_more(cart(8)), one_more(one_more(cart(8)))]
    assert len({len(as_text(each)) for each in carts}) == 1
    for size in (100, 1_000, 64_000):
        assert len(as_text(cart(0, lines_for(size)))) == pytest.approx(size, abs=60)


@pytest.mark.parametrize("weakness", WEAKNESSES)
def test_a_weak_contender_is_found_out(weakness: str) -> None:
    """What mixes up, forgets, adopts or refuses is not measured, and it is told why."""
    with contender(weakness) as url, pytest.raises(Disproved, match=WEAKNESSES[weakness]):
        _ = [prove(url) for _ in range(10)]  # where one answer in two fails, not all of ninety come


def test_a_right_contender_is_proved() -> None:
    """What does what all are to do is measured."""
    with contender() as url:
        prove(url)
        prove_kept(url, begin(url, 3))


def test_answers_that_are_no_2xx_are_counted() -> None:
    """They are errors and no request that was answered; of none but them there are no figures."""
    with contender("failing") as url:
        asked = {"url": f"{url}/cart", "pids": [os.getpid()], "connections": 2, "seconds": 1}
        with jar_of(["session=x"]) as jar:
            nothing = tolerant_load(jar=jar, **asked)
        with jar_of(_begun(url)) as jar:
            some = tolerant_load(jar=jar, **asked)
    assert (nothing.requests, nothing.errors > 0) == (0, True)
    assert (some.requests > 0, some.errors > 0) == (True, True)
    assert (nothing.lost, some.lost) == (0, 0)
    entry = replace(RESULTS.entries[0], samples=(Sample.of(nothing, READ, 64, 0),))
    assert entry.figures("microseconds", READ) is None
    assert entry.errors_of(READ, 64) == nothing.errors
    page = as_page(replace(RESULTS, entries=(entry,)))
    assert f'<td class="wrong">{nothing.errors:,}</td><td>0</td>' in page


def test_what_was_not_answered_at_all_is_told_apart() -> None:
    """A connection that is closed instead of answered is lost, and no refusal."""
    with contender("closing") as url, jar_of(_begun(url)) as jar:
        found = tolerant_load(f"{url}/cart", [os.getpid()], jar, connections=2, seconds=1)
    assert (found.requests > 0, found.lost > 0, found.errors) == (True, True, found.lost)
    entry = replace(RESULTS.entries[0], samples=(Sample.of(found, READ, 64, 0),))
    told = f"{found.errors:,}, {found.lost:,} of them lost"
    assert told in as_page(replace(RESULTS, entries=(entry,)))


def test_no_answer_is_told_apart_from_a_refusal() -> None:
    """Whoever was not answered at all in the time may have it tried for longer."""
    with socket.create_server(("127.0.0.1", 0)) as listener, jar_of([]) as jar:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(NobodyAnswered):
            tolerant_load(url, [os.getpid()], jar, connections=1, seconds=1)


def _begun(url: str) -> list[str]:
    while True:
        try:
            return begin(url, 1)
        except Disproved:
            continue


def test_copied_records_weigh_what_records_weigh(memcached: MemcachedProcess) -> None:
    """A million sessions are a few and copies of one: as many, as heavy, under other keys."""
    memcached.crowd_out(300, 1)
    one = bytes_taken(memcached)
    copy_records(memcached, 2_500)
    assert memcached.counters()["curr_items"] == 2_501
    assert bytes_taken(memcached) >= 2_501 * one


def test_connections_are_a_growth_as_well() -> None:
    """What was measured over several connections is told like the rest."""
    (entry,) = (each for each in RESULTS.entries if each.name == "ours_memcached")
    assert [x for x, _ in entry.grown().curve("server session", READ)] == [1, 64, 1024]
    assert {each.what for each in RESULTS.growth} == {SESSIONS, "state", NODES}
    assert Growth(SESSIONS).ratio("server session", READ) is None


def test_who_cannot_be_proved_is_left_out() -> None:
    """It has a reason and no figures, and the others are measured without it."""
    broken = replace(CONTENDERS["tornado"], app="tornado/none.py")
    (entry,) = measured([broken], Plan(rounds=1, sessions=1)).entries
    assert "it ended at once" in entry.left_out
    assert (entry.samples, entry.memory) == ((), 0)


def test_a_small_measurement() -> None:
    """This project's sessions on memcached beside Tornado alone: proved, loaded, weighed."""
    # Many more than connections: two writes of one session at a time are a conflict.
    plan = Plan(rounds=1, sessions=300, others=(), warm_up=0)
    found = measured(with_their_frameworks(["ours_memcached"]), plan)
    assert [(each.name, each.left_out, len(each.samples)) for each in found.entries] == [
        ("tornado", "", 1),
        ("ours_memcached", "", 2),
    ]
    overhead, ours = found.overhead("ours_memcached", READ), found.entry("ours_memcached")
    assert overhead is not None
    assert ours is not None
    assert overhead.n == 1
    assert ours.memory > 10 * 2**20
    assert ours.store_bytes is not None
    assert 300 < ours.store_bytes < 1_000
    assert list(Draft202012Validator(SCHEMA).iter_errors(json.loads(as_json(found)))) == []
