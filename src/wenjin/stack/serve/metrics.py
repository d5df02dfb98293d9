"""Figures for Prometheus at /metrics: what was asked and how it went, how long, and the engine's own counts.

Routes are named by their pattern, never by what a client wrote, so that nobody can make names without end.

Source   prometheus.io, "Metric and label naming"
Proof    tests/stack/serve/test_operate.py: the figures move as requests do, and its parser reads them
"""

import time
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wenjin.stack.infer.request import Stats
from wenjin.stack.serve.logs import log

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
GAUGES = {
    "running": "Texts that are being written",
    "waiting": "Texts that wait for a slot",
    "pages": "Pages of the cache",
    "pages_used": "Pages that texts under way hold",
    "pages_kept": "Pages that no text holds, kept for prompts that begin alike",
}
COUNTS = {
    "prompt_tokens": "Tokens of prompts",
    "prefix_hits": "Tokens of prompts that did not have to be read again",
    "tokens": "Tokens written",
    "finished": "Texts that came to their end",
    "cancelled": "Texts that were given up",
    "failed": "Texts that an error ended",
}


class Metrics:
    """`stats` tells the engine's counts. One registry each: two servers in one process do not mix."""

    def __init__(self, stats: Callable[[], Stats]) -> None:
        self.registry = CollectorRegistry()
        names = ["route", "method", "status"]
        self.requests = Counter("wenjin_requests", "Requests answered", names, registry=self.registry)
        self.seconds = Histogram(
            "wenjin_request_seconds",
            "From request to end of answer",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.first = Histogram(
            "wenjin_first_token_seconds", "From request to first token", buckets=SECONDS, registry=self.registry
        )
        self.refused = Counter("wenjin_refused", "Texts for which there was no room", registry=self.registry)
        self.registry.register(Engine(stats))

    def page(self) -> bytes:
        return generate_latest(self.registry)


class Engine(Collector):
    """Asks the engine when Prometheus asks us."""

    def __init__(self, stats: Callable[[], Stats]) -> None:
        self.stats = stats

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        now = self.stats()
        for name, about in GAUGES.items():
            yield GaugeMetricFamily(f"wenjin_engine_{name}", about, getattr(now, name))
        for name, about in COUNTS.items():
            yield CounterMetricFamily(f"wenjin_engine_{name}", about, getattr(now, name))


class Watch:
    """ASGI middleware around all others: counts each request, and writes a line of the log for it."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        begun, status = time.perf_counter(), 499  # as others count a client that left before its answer

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            return await self.app(scope, receive, seen)
        finally:
            spent = time.perf_counter() - begun
            route = getattr(scope.get("route"), "path", "-")
            method = scope["method"] if scope["method"] in ("GET", "POST") else "other"
            self.metrics.requests.labels(route, method, str(status)).inc()
            self.metrics.seconds.labels(route).observe(spent)
            log.info("%s %s %d %.3f s", scope["method"][:16], scope["path"][:200], status, spent)
