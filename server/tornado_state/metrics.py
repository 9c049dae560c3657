"""What happened to sessions, counted for Prometheus: a handler to mount, ``("/metrics", …)``.

Needs ``tornado-state[metrics]``. It counts what this process has seen; each of several processes is
asked by itself. Mount it where only the one who collects can reach it.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from tornado.web import RequestHandler

from .application import StateApplication
from .events import EVENTS, Events
from .exceptions import CompositionError


class MetricsHandler(RequestHandler):
    """Answers with ``tornado_state_events_total``, by event (:mod:`.events`).

    Raises `CompositionError` where the application is no `StateApplication`.
    """

    def get(self) -> None:
        """Answer in the format that is asked for."""
        if not isinstance(self.application, StateApplication):
            raise CompositionError(f"a {type(self.application).__name__} counts nothing of state")
        encode, content_type = choose_encoder(self.request.headers.get("Accept", ""))
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_OfEvents(self.application.state_events))
        self.set_header("Content-Type", content_type)
        self.set_header("Cache-Control", "no-store")
        self.write(encode(registry))


class _OfEvents(Collector):
    def __init__(self, events: Events) -> None:
        self._events = events

    def collect(self) -> Iterator[Metric]:
        """Yield the counts as of now."""
        family = CounterMetricFamily(
            "tornado_state_events", "What happened to sessions", labels=["event"]
        )
        for event in EVENTS:
            family.add_metric([event], self._events.counts[event])
        yield family
