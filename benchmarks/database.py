"""100,000 jobs with 3 million epochs against 100 jobs: what clients read, and what the service itself asks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks.filling import COMMON_TAG, OLD_DATASET, OLD_TAG, Filled, fill
from benchmarks.pairs import milliseconds, paired
from benchmarks.rows import Row
from benchmarks.servers import postgresql, redis_server, running_api
from benchmarks.service import Getter
from benchmarks.statements import statements
from cnnservice.settings import Settings

MANY, FEW = 100_000, 100
# How many jobs are older than the cursor of a page deep down, and how many have their own pages asked for in turn.
_DEEP, _PAGES = 55, 50
_LISTS = {
    "the newest": "",
    "deep down": "?cursor={deep}",
    "of a status": "?status=succeeded",
    "of a status, deep down": "?status=succeeded&cursor={deep}",
    "of a status that the 3 oldest have": "?status=cancelled",
    "of a tag": f"?tag={COMMON_TAG}",
    "of a tag, deep down": f"?tag={COMMON_TAG}&cursor={{deep}}",
    "of a tag that the 3 oldest have": f"?tag={OLD_TAG}",
    "of a data set": "?dataset=mnist",
    "of a data set, deep down": "?dataset=mnist&cursor={deep}",
    "of a data set that the 3 oldest have": f"?dataset={OLD_DATASET}",
    "of a data set and a status, where there is none": f"?dataset={OLD_DATASET}&status=succeeded",
    "of a tag that all have and a status that 3 have": f"?tag={COMMON_TAG}&status=cancelled",
}
# All that have the status are looked through.
_LINEAR = {"of a tag that 3 have and a status that nearly all have, none both": f"?tag={OLD_TAG}&status=succeeded"}


def rows() -> Iterator[Row]:
    """On SQLite and on PostgreSQL, which have all of it in memory."""
    for name, two_databases in (("SQLite", _two_files), ("PostgreSQL", _two_servers)):
        with two_databases() as urls:
            many, few = (fill(url, jobs) for url, jobs in zip(urls, (MANY, FEW), strict=True))
            with _two_apis(urls) as (ours, theirs):
                for what, paths, at_most in _pages():
                    asked = _asking(ours, paths(many)), _asking(theirs, paths(few))
                    yield _row(f"{name}: `GET /v1/{what}", *asked, repeat=20, at_most=at_most)
            for what, statement in statements():
                yield _row(f"{name}: {what}", statement(many), statement(few), repeat=4, at_most=2)


def _row(what: str, ours: Callable[[], Any], theirs: Callable[[], Any], *, repeat: int, at_most: float | None) -> Row:
    times = paired(ours, theirs, pairs=9, our_repeat=repeat, their_repeat=repeat)
    return Row(
        what,
        milliseconds(times.our_seconds),
        f"among {FEW} jobs: {milliseconds(times.their_seconds)}",
        1 / times.times_faster,
        "times as long",
        at_most=at_most,
    )


def _pages() -> Iterator[tuple[str, Callable[[Filled], list[str]], float | None]]:
    for at_most, lists in ((2, _LISTS), (None, _LINEAR)):
        for what, query in lists.items():
            yield f"jobs`, {what}", partial(_list_of, query), at_most
    for resource in ("jobs", "models"):
        yield f"{resource}/{{id}}`", partial(_each_of, resource), 2


def _list_of(query: str, filled: Filled) -> list[str]:
    return [f"/v1/jobs{query.format(deep=filled.ids[_DEEP])}"]


def _each_of(resource: str, filled: Filled) -> list[str]:
    """Pages of jobs of all ages, but for the oldest, whose data set is none that is known."""
    return [f"/v1/{resource}/{job_id}" for job_id in filled.trained[:: len(filled.trained) // _PAGES]]


def _asking(getter: Getter, paths: list[str]) -> Callable[[], Any]:
    ring = cycle(paths)
    return lambda: getter.get(next(ring))


@contextmanager
def _two_files() -> Iterator[list[str]]:
    with tempfile.TemporaryDirectory(prefix="cnnservice-sqlite-") as folder:
        yield [f"sqlite:///{folder}/{name}.db" for name in ("many", "few")]


@contextmanager
def _two_servers() -> Iterator[list[str]]:
    # With room for what filling it writes to the log.
    with postgresql(max_wal_size="8GB") as many, postgresql() as few:
        yield [many, few]


@contextmanager
def _two_apis(urls: list[str]) -> Iterator[list[Getter]]:
    with ExitStack() as end:
        getters = []
        for url in urls:
            folder = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="cnnservice-bench-")))
            settings = Settings(data_dir=folder, database_url=url, redis_url=end.enter_context(redis_server()))
            getters.append(Getter(end.enter_context(running_api(settings)).port))
        yield getters
