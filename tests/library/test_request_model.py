"""Any programs of any requests, with any failures between, against a small model of what is kept.

`request_model` says what must be so. The handler here does step by step what a program says, and
tells the model; what the visitor's cookies lead to afterwards is looked up with an honest store.
``MODEL_EXAMPLES=5000`` tries that many, at random, instead of the same 150 each time.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from request_world import World

PLAIN = st.sampled_from(
    [
        *("assign", "change", "drop", "hold", "change_held", "note", "theme", "draft"),
        *("renew", "destroy", "commit", "count", "add", "reload"),
    ]
)
STEPS = st.one_of(
    st.tuples(PLAIN),
    st.tuples(PLAIN),
    st.tuples(st.just("sign_in"), st.sampled_from(["ann", "ben"])),
    st.tuples(st.just("other"), st.sampled_from(["count", "note", "items", "drop", "destroy"])),
    st.tuples(
        st.just("fault"),
        st.sampled_from(["load", "add", "cas", "cas", "delete", "touch"]),
        st.sampled_from(["before", "after"]),
    ),
    st.tuples(
        st.just("interrupt"),
        st.sampled_from(["commit", "count"]),
        st.sampled_from(["before", "after"]),
    ),
    st.tuples(
        st.just("during"),
        st.sampled_from(
            ["assign", "change", "drop", "note", "theme", "draft", "sign_in", "destroy"]
        ),
        st.sampled_from(["add", "cas"]),
    ),
)
REQUESTS = st.lists(
    st.tuples(
        st.lists(STEPS, max_size=7),
        st.sampled_from(["answer", "answer", "refuse", "fail", "raise"]),
    ),
    min_size=1,
    max_size=4,
)
EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))


@settings(
    max_examples=EXAMPLES or 150,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@example(
    [
        ([("assign",)], "answer"),
        (
            [
                *[("other", "destroy"), ("fault", "load", "before"), ("add",)],
                ("interrupt", "commit", "before"),
            ],
            "answer",
        ),
    ]
)
@example(
    [
        ([("assign",)], "answer"),
        (
            [
                *[("renew",), ("interrupt", "commit", "after")],
                *[("fault", "load", "before"), ("reload",)],
            ],
            "answer",
        ),
    ]
)
@example([([("draft",), ("sign_in", "ann"), ("during", "sign_in", "add"), ("reload",)], "answer")])
@example(
    [
        ([("assign",)], "answer"),
        (
            [
                *[("other", "count"), ("fault", "load", "before"), ("add",)],
                ("interrupt", "commit", "before"),
            ],
            "answer",
        ),
    ]
)
@example(
    [
        (
            [
                *[("draft",), ("assign",), ("during", "sign_in", "add"), ("count",)],
                *[("fault", "load", "before"), ("reload",)],
            ],
            "answer",
        )
    ]
)
@example(
    [
        ([("assign",), ("draft",)], "answer"),
        ([("sign_in", "ann"), ("other", "destroy"), ("count",)], "fail"),
    ]
)
@example([([("during", "destroy", "add"), ("draft",)], "answer")])
@example(
    [
        ([("assign",), ("draft",)], "answer"),
        ([("destroy",), ("count",)], "fail"),
    ]
)
@example(
    [
        ([("assign",)], "answer"),
        ([("fault", "cas", "after"), ("add",), ("during", "assign", "add")], "answer"),
    ]
)
@example(
    [
        ([("assign",)], "answer"),
        (
            [
                ("fault", "cas", "after"),
                ("add",),
                ("interrupt", "commit", "before"),
                ("sign_in", "ann"),
                ("fault", "cas", "after"),
            ],
            "answer",
        ),
    ]
)
@example(
    [
        ([("assign",)], "answer"),
        (
            [
                ("sign_in", "ann"),
                ("fault", "cas", "after"),
                ("interrupt", "commit", "before"),
                ("fault", "load", "before"),
            ],
            "fail",
        ),
    ]
)
@example(
    [
        ([("assign",)], "answer"),
        ([("fault", "cas", "after"), ("add",), ("sign_in", "ann")], "answer"),
    ]
)
@example(
    [
        ([("assign",), ("during", "draft", "add")], "answer"),
        ([("sign_in", "ann"), ("count",), ("reload",)], "answer"),
    ]
)
@example(
    [
        (
            [
                *[("assign",), ("during", "note", "add"), ("fault", "load", "before")],
                *[("reload",), ("assign",)],
            ],
            "answer",
        )
    ]
)
@example(
    [
        ([("sign_in", "ann"), ("draft",)], "answer"),
        ([("draft",), ("other", "destroy"), ("reload",), ("sign_in", "ben")], "answer"),
    ]
)
@example(
    [
        ([("assign",)], "answer"),
        (
            [
                *[("interrupt", "count", "after"), ("fault", "load", "before")],
                *[("reload",), ("assign",)],
            ],
            "answer",
        ),
    ]
)
@example(
    [
        ([("assign",)], "answer"),
        (
            [
                *[("other", "destroy"), ("fault", "load", "before")],
                *[("reload",), ("sign_in", "ann")],
            ],
            "answer",
        ),
    ]
)
@example(
    [
        (
            [
                *[("sign_in", "ann"), ("during", "draft", "add"), ("during", "destroy", "add")],
                ("interrupt", "commit", "after"),
            ],
            "fail",
        ),
        ([("sign_in", "ann")], "answer"),
    ]
)
@given(REQUESTS)
def test_whatever_requests_do_the_visitor_has_what_was_confirmed(requests: Any) -> None:
    """Below 500 all is kept, from 500 on only what was committed, and no ended ID comes back."""

    async def program() -> None:
        world = World()
        for steps, ending in requests:
            await world.request(steps, ending)
        await world.see_that_the_dead_are_dead()

    asyncio.run(program())
