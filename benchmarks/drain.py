"""2, 4 and 8 light workers drain a queue on PostgreSQL and Redis: nothing is done twice, and no time lost to locks."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.draining import Drained, drain
from benchmarks.light_worker import EPOCH_SECONDS
from benchmarks.pairs import milliseconds
from benchmarks.rows import Row
from benchmarks.servers import postgresql, redis_server, running_api
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.settings import Settings

WORKERS = (2, 4, 8)
JOBS, EPOCHS = 32, 8
_HEARTBEAT_SECONDS = 0.5
# Of two cores that run 8 workers, an API, PostgreSQL and Redis, and are not theirs alone.
_EFFICIENCY = 0.75
_STATEMENTS = ("claim", "note", "commit", "heartbeat", "end")


def rows() -> Iterator[Row]:
    """Each number of workers has a queue of its own, one after the other on the same servers."""
    rates = {}
    with ExitStack() as end:
        folder = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="cnnservice-bench-")))
        settings = Settings(
            data_dir=folder,
            database_url=end.enter_context(postgresql()),
            redis_url=end.enter_context(redis_server()),
            heartbeat_seconds=_HEARTBEAT_SECONDS,
        )
        upgrade(Database(settings.resolved_database_url))
        service = end.enter_context(running_api(settings))
        for workers in WORKERS:
            drained = drain(service, settings, workers=workers, job_count=JOBS, epochs=EPOCHS)
            rates[workers] = JOBS / drained.seconds
            yield from _rows(workers, drained)
    fewest, most = WORKERS[0], WORKERS[-1]
    yield Row(
        f"{most} light workers against {fewest}",
        f"{rates[most]:.3g} jobs/s",
        f"{rates[fewest]:.3g} jobs/s",
        rates[most] / rates[fewest],
        at_least=_EFFICIENCY * most / fewest,
        limit=f"{most / fewest:g} times",
    )


def _rows(workers: int, drained: Drained) -> Iterator[Row]:
    ideal = JOBS * EPOCHS * EPOCH_SECONDS / workers
    yield Row(
        f"{workers} light workers drain {JOBS} jobs of {EPOCHS} epochs of {milliseconds(EPOCH_SECONDS)}",
        f"{drained.seconds:.3g} s",
        "the epochs alone",
        ideal / drained.seconds,
        "of the speed",
        at_least=_EFFICIENCY,
        limit=f"{ideal:.3g} s",
    )
    yield Row("jobs not done whole and once", f"{drained.undone} of {JOBS}", "", drained.undone, "jobs", at_most=0)
    locked = drained.waits.pop("Lock", 0.0)
    others = ", ".join(f"{kind} {milliseconds(seconds)}" for kind, seconds in sorted(drained.waits.items()))
    available = drained.seconds * workers
    yield Row(
        "waiting for locks",
        milliseconds(locked),
        f"for other things: {others}",
        100 * locked / available,
        "% of the workers' time",
        at_most=1,
    )
    parts = {"database": _STATEMENTS, "store": ("store",), "events": ("event",)}
    for part, names in parts.items():
        seconds = sum(sum(drained.calls[name]) for name in names)
        yield Row(
            f"in calls of the {part}",
            f"{milliseconds(seconds / JOBS)} a job",
            ", ".join(f"{name} {_spread(drained.calls[name])}" for name in names),
            100 * seconds / available,
            "% of the workers' time",
        )


def _spread(seconds: list[float]) -> str:
    """Median and 99th percentile."""
    cuts = statistics.quantiles(seconds, n=100)
    return f"{milliseconds(cuts[49])} / {milliseconds(cuts[98])}"
