"""All numbers of the service for one scrape: this process's, those that all count together, and what there is now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

import redis.asyncio
from prometheus_client import REGISTRY, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool

from api.look import Look
from cnnservice import jobs, sweeps
from cnnservice.broker import INSPECT_QUEUE, TRAIN_QUEUES, WORKER_SECONDS, worker_key
from cnnservice.database.engine import Database
from cnnservice.inspection import WAITING, expiry
from cnnservice.settings import Settings
from cnnservice.telemetry.census import Census, Queue, take_census
from cnnservice.telemetry.counts import BEYOND, KEY, SUM, total
from cnnservice.telemetry.families import FAMILIES, Family

# Prometheus gives up after ten by default.
_PATIENCE_SECONDS = 2.0


@dataclass(frozen=True)
class _Broker:
    """What Redis knows: live workers by queue, requests to inspect workers, and what all have counted."""

    workers: dict[str, int]
    inspect: Queue
    counted: dict[bytes, bytes]


class Numbers:
    """Asks database and broker side by side; what does not answer is absent, and `cnnservice_up` says so."""

    def __init__(self, settings: Settings, database: Database, client: redis.asyncio.Redis) -> None:
        self._settings, self._redis = settings, client
        self._database = Look(lambda: run_in_threadpool(take_census, database))
        self._broker = Look(self._ask_broker)

    async def text(self) -> bytes:
        """As Prometheus reads it."""
        census, broker = await asyncio.gather(
            self._database.within(_PATIENCE_SECONDS), self._broker.within(_PATIENCE_SECONDS)
        )
        return await run_in_threadpool(generate_latest, _Scrape(census, broker))

    async def _ask_broker(self) -> _Broker:
        now, queues = time.time(), (*TRAIN_QUEUES, INSPECT_QUEUE)
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.llen(WAITING)
            pipeline.lindex(WAITING, 0)
            pipeline.hgetall(KEY)
            for queue in queues:
                pipeline.zcount(worker_key(queue), now - WORKER_SECONDS, "+inf")
            depth, first, counted, *alive = await pipeline.execute()
        oldest = None if first is None else expiry(first) - self._settings.inspect_timeout_seconds
        return _Broker(dict(zip(queues, alive, strict=True)), Queue(depth, oldest), counted)


@dataclass(frozen=True)
class _Scrape(Collector):
    census: Census | None
    broker: _Broker | None

    def collect(self) -> Iterator[Metric]:
        """prometheus_client's."""
        up = {"database": self.census is not None, "broker": self.broker is not None}
        yield _gauge("cnnservice_up", "Whether a part that the numbers come from answers", "part", up)
        queues = dict[str, Queue]()
        if self.census is not None:
            queues |= self.census.queues
            for name, help_text, statuses, found in (
                ("cnnservice_jobs", "Jobs there are", jobs.Status, self.census.jobs),
                ("cnnservice_sweeps", "Sweeps there are", sweeps.Status, self.census.sweeps),
            ):
                yield _gauge(name, help_text, "status", {each: found.get(each, 0) for each in get_args(statuses)})
        if self.broker is not None:
            queues |= {INSPECT_QUEUE: self.broker.inspect}
            yield _gauge("cnnservice_workers", "Live workers", "queue", self.broker.workers)
            yield from (_counted(family, self.broker.counted) for family in FAMILIES)
        if queues:
            yield _gauge("cnnservice_queue_depth", "What waits", "queue", {n: each.depth for n, each in queues.items()})
            yield _gauge("cnnservice_queue_age_seconds", "How long the oldest has waited", "queue", _ages(queues))
        yield from REGISTRY.collect()


def _ages(queues: dict[str, Queue]) -> dict[str, float]:
    now = time.time()
    return {name: 0.0 if each.oldest is None else max(now - each.oldest, 0.0) for name, each in queues.items()}


def _gauge(name: str, help_text: str, label: str, values: dict[str, Any]) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for value, amount in values.items():
        family.add_metric([value], amount)
    return family


def _counted(family: Family, counted: dict[bytes, bytes]) -> Metric:
    labels = [family.label] if family.label else []
    if not family.buckets:
        counter = CounterMetricFamily(family.name, family.help, labels=labels)
        for value in family.values:
            counter.add_metric([value] if labels else [], total(counted, family, value))
        return counter
    histogram = HistogramMetricFamily(family.name, family.help, labels=labels)
    for value in family.values:
        below, buckets = 0.0, list[tuple[str, float]]()
        for bound in (*map(str, family.buckets), BEYOND):
            below += total(counted, family, value, bound)
            buckets.append((bound, below))
        histogram.add_metric([value] if labels else [], buckets, sum_value=total(counted, family, value, SUM))
    return histogram
